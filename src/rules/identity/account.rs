//! Rules about the account: its root user, its users, its passwords. Judged on what AWS observes only.

use crate::model::{Field, Items, Read, Resource, Unknown, Value};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A password or an access key can be phished, guessed or found in a repository. A second factor makes it worthless to the finder.
    ///
    /// Judged are the users who can sign in: with a console password, or (`include_access_key_users`) with an active access
    /// key. Users who can do neither are left out.
    ///
    /// ## Fix
    /// Give the user a device, or better: let people sign in through IAM Identity Center and delete the user.
    ///
    /// ```sh
    /// aws iam enable-mfa-device --user-name ana --serial-number arn:aws:iam::123456789012:mfa/ana \
    ///   --authentication-code1 123456 --authentication-code2 789012
    /// ```
    "iam-user-mfa-enabled" => {
        title: "Every IAM user who can sign in has an MFA device.",
        category: Account,
        severity: Critical,
        scope: Account,
        types: ["AWS::IAM::User"],
        reads: ["AWS::IAM::User.LoginProfile", "AWS::IAM::User.MfaDevices", "AWS::IAM::User.AccessKeys"],
        params: {
            include_access_key_users: Preset::Bool(true) => "judge users without a password who have an active access key too",
        },
        equivalents: [
            "aws-config/iam-user-mfa-enabled",
            "aws-config/mfa-enabled-for-iam-console-access",
            "security-hub/IAM.19",
            "security-hub/IAM.5",
            "prowler/iam_user_mfa_enabled_console_access",
            "cis-5.0/1.9",
            "pci-4.0/8.4.1",
            "pci-4.0/8.4.2",
            "pci-4.0/8.4.3",
            "pci-3.2.1/8.3.1",
        ],
        check: user_mfa,
    }

    /// ## Why
    /// The root user can do everything, and no policy holds it back. Whoever has its password has the account.
    ///
    /// An account whose root password was removed (centrally managed root access) has nothing to protect and is left out.
    ///
    /// ## Fix
    /// Sign in as root and add a device under *Security credentials*, a hardware key where you can; or take the root credentials of
    /// member accounts away.
    ///
    /// ```sh
    /// aws iam enable-organizations-root-credentials-management
    /// ```
    "root-account-mfa-enabled" => {
        title: "The account's root user has an MFA device.",
        category: Account,
        severity: Critical,
        scope: Account,
        types: ["Driftline::IAM::AccountSummary"],
        equivalents: [
            "aws-config/root-account-mfa-enabled",
            "security-hub/IAM.9",
            "prowler/iam_root_mfa_enabled",
            "cis-5.0/1.4",
            "pci-4.0/8.4.1",
            "pci-4.0/8.4.2",
            "pci-4.0/8.4.3",
            "pci-3.2.1/8.3.1",
        ],
        check: |r, _| root_mfa(r),
    }

    /// ## Why
    /// IAM's default is eight characters, never expiring, and nothing remembered: short and old passwords are the ones that leak.
    ///
    /// An account that has set no policy fails. The defaults here are those of the CIS benchmark and of PCI DSS; each can be
    /// set.
    ///
    /// ## Fix
    /// ```sh
    /// aws iam update-account-password-policy --minimum-password-length 14 --password-reuse-prevention 24 --max-password-age 90 \
    ///   --require-symbols --require-numbers --require-uppercase-characters --require-lowercase-characters
    /// ```
    "iam-password-policy" => {
        title: "The account has a strong password policy for IAM users.",
        category: Account,
        severity: Medium,
        scope: Account,
        types: ["Driftline::IAM::PasswordPolicy"],
        params: {
            min_length: Preset::Int(14) => "shortest password that may be allowed",
            reuse_prevention: Preset::Int(24) => "how many earlier passwords must be refused",
            max_age_days: Preset::Int(90) => "days after which a password must expire, at the latest",
        },
        equivalents: [
            "aws-config/iam-password-policy",
            "security-hub/IAM.7",
            "security-hub/IAM.10",
            "security-hub/IAM.15",
            "security-hub/IAM.16",
            "security-hub/IAM.17",
            "prowler/iam_password_policy_minimum_length_14",
            "prowler/iam_password_policy_reuse_24",
            "prowler/iam_password_policy_expires_passwords_within_90_days_or_less",
            "prowler/iam_password_policy_uppercase",
            "prowler/iam_password_policy_lowercase",
            "prowler/iam_password_policy_number",
            "prowler/iam_password_policy_symbol",
            "checkov/CKV_AWS_9",
            "checkov/CKV_AWS_10",
            "checkov/CKV_AWS_13",
            "cis-5.0/1.7",
            "cis-5.0/1.8",
            "pci-4.0/8.3.6",
            "pci-4.0/8.6.3",
            "pci-3.2.1/8.1.4",
            "pci-3.2.1/8.2.3",
            "pci-3.2.1/8.2.4",
            "pci-3.2.1/8.2.5",
        ],
        check: |r, cx| Some(password_policy(r, cx)),
    }
}

fn user_mfa(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "an MFA device";
    let devices = fact(r, "MfaDevices");
    let verdict = match devices.items() {
        Items::Are(list) if !list.is_empty() => Verdict::Pass,
        Items::Unknown => check::unknown(&devices, expected),
        _ => check::fail(&devices, expected),
    };
    match can_sign_in(r, cx.params.bool("include_access_key_users")) {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => Some(Verdict::Pass),
        Err(open) => Some(open),
    }
}

/// Whether a user has a password or, if keys count, an active access key; else the verdict on what could not be read.
pub(super) fn can_sign_in(r: &Resource, keys_count: bool) -> Result<bool, Verdict> {
    let mut open = None;
    let mut unread = |read: &Read<'_>| {
        open.get_or_insert_with(|| check::unknown(read, "a user who can sign in"));
    };
    let password = r.get("LoginProfile");
    match password.why_unknown() {
        None if !password.is_absent() => return Ok(true),
        None => {}
        Some(_) => unread(&password),
    }
    let keys = fact(r, "AccessKeys");
    match keys.items() {
        Items::Unknown if keys_count => unread(&keys),
        Items::Are(list) if keys_count => {
            for status in list.iter().map(|key| key.get("Status")) {
                match status.as_str() {
                    Some("Active") => return Ok(true),
                    None if status.why_unknown().is_some() => unread(&status),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    open.map_or(Ok(false), Err)
}

/// A fact that every observed user has: one that is not there was not collected.
fn fact<'a>(r: &'a Resource, name: &str) -> Read<'a> {
    let read = r.attribute(name);
    if read.is_absent() {
        let field = Field::Unknown { why: Unknown::NotCollected, at: read.at() };
        return Read::new(r, read.path, field);
    }
    read
}

fn root_mfa(r: &Resource) -> Option<Verdict> {
    let mfa = check::is_true(&r.get("AccountMFAEnabled"));
    let password = r.get("AccountPasswordPresent");
    match (password.why_unknown(), password.value().and_then(Value::as_bool)) {
        _ if mfa.is_pass() => Some(mfa),
        (Some(why), _) => Some(unknown(&password, "a root user without a password", &why)),
        (None, Some(false)) => None,
        // Accounts that are old or not in an organisation do not say: they have one.
        (None, _) => Some(mfa),
    }
}

fn password_policy(r: &Resource, cx: &Context<'_>) -> Verdict {
    let exists = check::require(&r.get("Exists"), "a password policy", Value::as_bool);
    if !exists.is_pass() {
        return exists;
    }
    let max_age = cx.params.int("max_age_days");
    let age = check::require(&r.get("MaxPasswordAge"), &format!("at most {max_age}"), |v| {
        v.as_int().map(|days| (1..=max_age).contains(&days))
    });
    let required = ["RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireNumbers", "RequireSymbols"];
    Verdict::all(required.iter().map(|name| check::is_true(&r.get(name))))
        .and(check::at_least(&r.get("MinimumPasswordLength"), cx.params.int("min_length")))
        .and(check::at_least(&r.get("PasswordReusePrevention"), cx.params.int("reuse_prevention")))
        .and(age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Estate, Kind, World, from_json};
    use crate::rules::{ParamValue, Params, find};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn judge(rule: &str, resource: &Resource, params: &[(&str, ParamValue)]) -> &'static str {
        let rule = find(rule).unwrap();
        let mut set = Params::defaults(rule.params);
        for (name, value) in params {
            set.set(rule, name, value.clone()).unwrap();
        }
        (rule.check)(resource, &Context { estate: &Estate::default(), params: &set }).map_or("n/a", |v| v.word())
    }

    fn observed(kind: &str, reads: &'static [&'static str], properties: &Json) -> Resource {
        let mut r = Resource::new(kind, Address::default(), World::Open { reads }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    fn user(properties: &Json, devices: &Json, keys: &Json) -> Resource {
        let mut r = observed("AWS::IAM::User", &["LoginProfile"], properties);
        r.attributes = from_json(&json!({"MfaDevices": devices, "AccessKeys": keys}));
        r
    }

    #[test]
    fn users_who_can_sign_in_need_a_device() {
        let (rule, console, nothing) = ("iam-user-mfa-enabled", json!({"LoginProfile": {}}), json!({}));
        let (none, key, old) = (json!([]), json!([{"Status": "Active"}]), json!([{"Status": "Inactive"}]));
        assert_eq!(judge(rule, &user(&console, &json!(["arn:aws:iam::1:mfa/a"]), &none), &[]), "pass");
        assert_eq!(judge(rule, &user(&console, &none, &none), &[]), "fail");
        assert_eq!(judge(rule, &user(&nothing, &none, &key), &[]), "fail");
        assert_eq!(judge(rule, &user(&nothing, &none, &old), &[]), "n/a");
        let consoles_only = [("include_access_key_users", ParamValue::Bool(false))];
        assert_eq!(judge(rule, &user(&nothing, &none, &key), &consoles_only), "n/a");
    }

    #[test]
    fn a_user_is_not_passed_over_because_nobody_could_look() {
        let mut hidden = user(&json!({}), &json!([]), &json!([]));
        hidden.set("LoginProfile", Kind::Unknown(Unknown::Denied { action: "iam:GetLoginProfile".into() }));
        assert_eq!(judge("iam-user-mfa-enabled", &hidden, &[]), "unknown");
        let bare = observed("AWS::IAM::User", &["LoginProfile"], &json!({"LoginProfile": {}}));
        assert_eq!(judge("iam-user-mfa-enabled", &bare, &[]), "unknown");
    }

    #[test]
    fn a_root_user_without_a_password_needs_no_device() {
        let reads: &[&str] = &["AccountMFAEnabled", "AccountPasswordPresent"];
        for (properties, expected) in [
            (json!({"AccountMFAEnabled": 1, "AccountPasswordPresent": 1}), "pass"),
            (json!({"AccountMFAEnabled": 0, "AccountPasswordPresent": 1}), "fail"),
            (json!({"AccountMFAEnabled": 0}), "fail"),
            (json!({"AccountMFAEnabled": 0, "AccountPasswordPresent": 0}), "n/a"),
        ] {
            let account = observed("Driftline::IAM::AccountSummary", reads, &properties);
            assert_eq!(judge("root-account-mfa-enabled", &account, &[]), expected, "{properties}");
        }
        let denied = observed("Driftline::IAM::AccountSummary", &[], &json!({}));
        assert_eq!(judge("root-account-mfa-enabled", &denied, &[]), "unknown");
    }
}
