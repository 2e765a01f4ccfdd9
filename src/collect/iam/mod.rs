//! IAM: who exists in the account and what they may do.

mod access_keys;
pub mod account;
pub mod credential_report;
mod details;
mod document;
mod embedded;
pub mod mfa_devices;
mod policies;
mod profiles;
pub mod providers;
mod roles;
pub mod server_certificates;
mod users;

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{AttachedPolicy, PolicyDetail, Tag};

use super::shape::{list, map, set, text};
use super::{Collector, Cx, Out, Reach, Spec};
use crate::model::Kind;

static SPEC: Spec = Spec {
    name: "iam",
    reach: Reach::Global,
    listings: 3,
    types: &[
        roles::TYPE,
        users::TYPE,
        access_keys::TYPE,
        users::GROUP,
        policies::MANAGED,
        policies::INLINE,
        embedded::ROLE,
        embedded::USER,
        embedded::GROUP,
        profiles::TYPE,
    ],
    actions: &[
        details::LIST,
        roles::LIST,
        users::LOGIN_PROFILE,
        users::MFA_DEVICES,
        access_keys::LIST,
        access_keys::LAST_USED,
        profiles::LIST,
    ],
};

/// The largest page that IAM's listings give.
const PAGE: i32 = 1000;

/// What IAM answers for something that does not exist.
const NONE: &str = "NoSuchEntity";

/// Reads users, groups, roles and their policies.
pub struct Iam;

#[async_trait]
impl Collector for Iam {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let iam = Client::new(&cx.config);
        let (details, sessions, profiles) =
            tokio::join!(details::read(cx, &iam), roles::sessions(cx, &iam), profiles::collect(cx, &iam));
        out.merge(profiles);
        out.merge(roles::collect(cx, &details, &sessions));
        out.merge(users::groups(cx, &details));
        out.merge(policies::managed(cx, &details));
        out.merge(policies::inline(cx, &details));
        out.merge(embedded::collect(cx, &details));
        out.merge(users::collect(cx, &iam, &details).await);
    }
}

/// Inline policies as the `Policies` property, sorted by name.
fn inline_policies(policies: &[PolicyDetail]) -> Kind {
    let mut policies: Vec<&PolicyDetail> = policies.iter().collect();
    policies.sort_by_key(|policy| policy.policy_name());
    list(policies.into_iter().map(|policy| {
        map([
            ("PolicyName", text(policy.policy_name())),
            ("PolicyDocument", document::read(details::LIST, policy.policy_document())),
        ])
    }))
}

fn attached(policies: &[AttachedPolicy]) -> Kind {
    set(policies.iter().filter_map(AttachedPolicy::policy_arn))
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    tags.iter().map(|tag| (Some(tag.key()), Some(tag.value())))
}

/// Whether a path is one of those that only AWS services create roles under.
fn is_service_path(path: Option<&str>) -> bool {
    path.is_some_and(|path| path.starts_with("/aws-service-role/") || path.starts_with("/aws-reserved/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{collected, cx, refused};
    use crate::model::GLOBAL;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Iam, GLOBAL).await.resources, []);
        assert_eq!(refused(&account::Account, GLOBAL).await.resources.len(), 2, "the account is always there");
    }

    #[tokio::test]
    async fn the_account_is_read_page_by_page_and_its_users_one_by_one() {
        let cx = cx(GLOBAL, |asked| {
            let action = asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            let found = match action {
                "GetAccountAuthorizationDetails" if !asked.contains("Marker=") => {
                    "<UserDetailList><member><UserName>ann</UserName></member></UserDetailList>
                     <IsTruncated>true</IsTruncated><Marker>more</Marker>"
                }
                "GetAccountAuthorizationDetails" => {
                    "<RoleDetailList><member><RoleName>app</RoleName></member></RoleDetailList>"
                }
                "ListAccessKeys" => {
                    "<AccessKeyMetadata><member><AccessKeyId>key-1</AccessKeyId></member></AccessKeyMetadata>"
                }
                "GetLoginProfile" => {
                    return (404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".into());
                }
                _ => "",
            };
            (200, format!("<{action}Response><{action}Result>{found}</{action}Result></{action}Response>"))
        });
        let out = collected(&Iam, &cx).await;
        let mut ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["ann", "app", "key-1"]);
        assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
        assert_eq!(cx.calls.made().into_keys().collect::<Vec<_>>(), sorted(SPEC.actions), "each action is needed");
    }

    fn sorted(actions: &[&'static str]) -> Vec<&'static str> {
        let mut actions = actions.to_vec();
        actions.sort_unstable();
        actions
    }
}
