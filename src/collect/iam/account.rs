//! The account as a whole: its summary and its password policy. Neither has a type in a template.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_account_summary::GetAccountSummaryOutput;
use aws_sdk_iam::types::{PasswordPolicy, SummaryKeyType};

use super::NONE;
use crate::collect::shape::{flag, number, set_unknown};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::types::{ACCOUNT, PASSWORD_POLICY};
use crate::model::{Kind, Resource, Unknown};

const READ_SUMMARY: &str = "iam:GetAccountSummary";
const READ_POLICY: &str = "iam:GetAccountPasswordPolicy";

/// Numbers of the summary; `Account…` are 1 or 0 and speak of the root user.
const SUMMARY: TypeSpec = TypeSpec {
    name: ACCOUNT,
    asked: &[("", READ_SUMMARY)],
    reads: &[
        "AccountAccessKeysPresent",
        "AccountMFAEnabled",
        "AccountPasswordPresent",
        "AccountSigningCertificatesPresent",
        "Groups",
        "MFADevices",
        "MFADevicesInUse",
        "Policies",
        "Roles",
        "Users",
    ],
    ..TypeSpec::LISTED
};

/// `Exists` says whether the account has a policy of its own; without one there is nothing else.
const POLICY: TypeSpec = TypeSpec {
    name: PASSWORD_POLICY,
    asked: &[("", READ_POLICY)],
    reads: &[
        "AllowUsersToChangePassword",
        "Exists",
        "ExpirePasswords",
        "HardExpiry",
        "MaxPasswordAge",
        "MinimumPasswordLength",
        "PasswordReusePrevention",
        "RequireLowercaseCharacters",
        "RequireNumbers",
        "RequireSymbols",
        "RequireUppercaseCharacters",
    ],
    ..TypeSpec::LISTED
};

static SPEC: Spec = Spec {
    name: "iam/account",
    reach: Reach::Global,
    listings: 2,
    types: &[SUMMARY, POLICY],
    actions: &[READ_SUMMARY, READ_POLICY],
};

/// Reads what IAM knows about the account itself.
pub struct Account;

#[async_trait]
impl Collector for Account {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let iam = Client::new(&cx.config);
        let (summarised, policed) = tokio::join!(
            cx.ask(READ_SUMMARY, &[ACCOUNT], &[], iam.get_account_summary().send()),
            cx.ask(READ_POLICY, &[PASSWORD_POLICY], &[NONE], iam.get_account_password_policy().send()),
        );
        out.push(summary(cx, summarised));
        out.push(password_policy(cx, policed.map(|found| found.password_policy)));
        out.listed(ACCOUNT, &Ok(()));
        out.listed(PASSWORD_POLICY, &Ok(()));
    }
}

/// The one entry that an answer may leave out; it is younger than the others. Absent, it says nothing either way.
const YOUNG: &str = "AccountPasswordPresent";

/// An entry that the answer leaves out is unknown, never zero: AWS names them all, zeros included.
fn summary(cx: &Cx, answer: Answer<GetAccountSummaryOutput>) -> Resource {
    let unanswered = || Unknown::Failed { action: READ_SUMMARY.into(), code: "MissingInAnswer".into() };
    let (map, why) = match answer {
        Answer::Is(found) => (found.summary_map, unanswered()),
        Answer::Absent => (None, unanswered()),
        Answer::Unknown(why) => (None, why),
    };
    let mut r = cx.resource(&SPEC, ACCOUNT, "account-summary", "");
    for &name in SUMMARY.reads {
        let entry = map.as_ref().and_then(|map| map.get(&SummaryKeyType::from(name)));
        r.set(
            name,
            match entry {
                Some(&n) => Kind::Int(n.into()),
                None if name == YOUNG && map.is_some() => Kind::Null,
                None => Kind::Unknown(why.clone()),
            },
        );
    }
    r
}

fn password_policy(cx: &Cx, answer: Answer<Option<PasswordPolicy>>) -> Resource {
    let mut r = cx.resource(&SPEC, PASSWORD_POLICY, "account-password-policy", "");
    let policy = match answer {
        Answer::Is(policy) => policy,
        Answer::Absent => None,
        Answer::Unknown(why) => {
            set_unknown(&mut r, POLICY.reads, &why);
            return r;
        }
    };
    r.set("Exists", Kind::Bool(policy.is_some()));
    for (name, kind) in policy.iter().flat_map(requirements) {
        r.set(name, kind);
    }
    r
}

fn requirements(policy: &PasswordPolicy) -> [(&'static str, Kind); 10] {
    [
        ("MinimumPasswordLength", number(policy.minimum_password_length())),
        ("RequireSymbols", Kind::Bool(policy.require_symbols())),
        ("RequireNumbers", Kind::Bool(policy.require_numbers())),
        ("RequireUppercaseCharacters", Kind::Bool(policy.require_uppercase_characters())),
        ("RequireLowercaseCharacters", Kind::Bool(policy.require_lowercase_characters())),
        ("AllowUsersToChangePassword", Kind::Bool(policy.allow_users_to_change_password())),
        ("ExpirePasswords", Kind::Bool(policy.expire_passwords())),
        ("MaxPasswordAge", number(policy.max_password_age())),
        ("PasswordReusePrevention", number(policy.password_reuse_prevention())),
        ("HardExpiry", flag(policy.hard_expiry())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::GLOBAL;

    #[test]
    fn an_account_without_a_password_policy_says_so() {
        let r = password_policy(&offline(GLOBAL), Answer::Absent);
        assert_eq!(r.get("Exists").value().map(|v| &v.kind), Some(&Kind::Bool(false)));
        assert!(r.get("MinimumPasswordLength").is_absent());
    }

    #[test]
    fn a_password_policy_is_read_whole() {
        let policy = PasswordPolicy::builder().minimum_password_length(14).require_symbols(true).build();
        let r = password_policy(&offline(GLOBAL), Answer::Is(Some(policy)));
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.get("MinimumPasswordLength").value().map(|v| &v.kind), Some(&Kind::Int(14)));
        assert_eq!(r.get("RequireNumbers").value().map(|v| &v.kind), Some(&Kind::Bool(false)));
        assert!(r.get("PasswordReusePrevention").is_absent(), "reuse is not prevented");
    }

    #[test]
    fn a_denied_call_leaves_everything_unknown_but_the_account_exists() {
        let denied = Unknown::Denied { action: READ_POLICY.into() };
        let r = password_policy(&offline(GLOBAL), Answer::Unknown(denied.clone()));
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.get("Exists").why_unknown(), Some(denied));
    }

    #[test]
    fn a_number_that_the_summary_leaves_out_is_unknown_not_zero() {
        let answer = GetAccountSummaryOutput::builder().summary_map(SummaryKeyType::AccountMfaEnabled, 0).build();
        let r = summary(&offline(GLOBAL), Answer::Is(answer));
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.get("AccountMFAEnabled").value().map(|v| &v.kind), Some(&Kind::Int(0)));
        let why = r.get("AccountAccessKeysPresent").why_unknown().map(|why| why.to_string());
        assert_eq!(why.as_deref(), Some("iam:GetAccountSummary failed: MissingInAnswer"));
        assert!(r.get("AccountPasswordPresent").is_absent());
    }
}
