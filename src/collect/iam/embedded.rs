//! Inline policies as `AWS::IAM::RolePolicy`, `UserPolicy` and `GroupPolicy` declare them: one policy on one principal.
//!
//! IAM knows an inline policy only as a part of its principal. A template can have put it there in three ways: as an element of `Policies`, as an
//! `AWS::IAM::Policy`, or as one of these. Only a template tells, so a policy is one of these where a stack says so, and then it is no
//! `AWS::IAM::Policy`: nothing is found twice.

use super::details::{self, Details};
use super::policies::{Principal, principals};
use super::{SPEC, document};
use crate::collect::shape::text;
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const ROLE: TypeSpec = TypeSpec {
    name: "AWS::IAM::RolePolicy",
    asked: &[("", details::LIST)],
    reads: &["PolicyDocument", "PolicyName", "RoleName"],
    ..TypeSpec::LISTED
};

pub(super) const USER: TypeSpec = TypeSpec {
    name: "AWS::IAM::UserPolicy",
    asked: &[("", details::LIST)],
    reads: &["PolicyDocument", "PolicyName", "UserName"],
    ..TypeSpec::LISTED
};

pub(super) const GROUP: TypeSpec = TypeSpec {
    name: "AWS::IAM::GroupPolicy",
    asked: &[("", details::LIST)],
    reads: &["GroupName", "PolicyDocument", "PolicyName"],
    ..TypeSpec::LISTED
};

/// The type of a policy on this principal, its id, the property that names the principal, and its name.
struct Embedded<'a> {
    kind: &'static str,
    id: String,
    property: &'static str,
    name: &'a str,
}

impl<'a> Embedded<'a> {
    fn new(principal: &Principal<'a>, policy: &str) -> Self {
        let (kind, property, name) = match *principal {
            Principal::Role { name, .. } => (ROLE.name, "RoleName", name),
            Principal::User(name) => (USER.name, "UserName", name),
            Principal::Group(name) => (GROUP.name, "GroupName", name),
        };
        Self { kind, id: format!("{policy}|{name}"), property, name }
    }
}

/// Whether a stack put the policy on the principal as one of these types.
pub(super) fn is_declared(cx: &Cx, principal: &Principal<'_>, policy: &str) -> bool {
    let embedded = Embedded::new(principal, policy);
    cx.wanted.declares(embedded.kind, &embedded.id)
}

pub(super) fn collect(cx: &Cx, details: &Details) -> Out {
    let mut out = Out::default();
    for (principal, policies, _) in principals(details) {
        for policy in policies {
            let name = policy.policy_name().unwrap_or_default();
            if cx.wanted.all || is_declared(cx, &principal, name) {
                out.push(resource(cx, &Embedded::new(&principal, name), name, policy.policy_document()));
            }
        }
    }
    for kind in [ROLE.name, USER.name, GROUP.name] {
        out.listed(kind, &details.end);
    }
    out
}

fn resource(cx: &Cx, embedded: &Embedded<'_>, policy: &str, document: Option<&str>) -> Resource {
    let mut r = cx.resource(&SPEC, embedded.kind, &embedded.id, "");
    r.set("PolicyName", text(Some(policy)));
    r.set(embedded.property, text(Some(embedded.name)));
    r.set("PolicyDocument", document::read(details::LIST, document));
    r
}

#[cfg(test)]
mod tests {
    use super::super::policies;
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::collect::{Pages, Wanted};
    use crate::model::GLOBAL;
    use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput as Page;
    use aws_sdk_iam::types::{GroupDetail, PolicyDetail, RoleDetail, UserDetail};
    use std::collections::{BTreeSet, HashMap};

    fn details() -> Details {
        let policy = |name: &str| PolicyDetail::builder().policy_name(name).policy_document("%7B%7D").build();
        let role = |name: &str| RoleDetail::builder().role_name(name).role_policy_list(policy("logs"));
        let page = Page::builder()
            .role_detail_list(role("app").build())
            .role_detail_list(role("web").build())
            .user_detail_list(UserDetail::builder().user_name("ann").user_policy_list(policy("own")).build())
            .group_detail_list(GroupDetail::builder().group_name("ops").group_policy_list(policy("all")).build());
        Details::of(Pages { pages: vec![page.build()], end: Ok(()) })
    }

    #[test]
    fn each_kind_of_principal_has_its_type() {
        let out = collect(&offline(GLOBAL), &details());
        for r in &out.resources {
            assert_eq!(properties(r), claimed(&SPEC, r));
        }
        let ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["logs|app", "logs|web", "own|ann", "all|ops"]);
    }

    #[test]
    fn a_policy_is_one_of_these_only_where_a_stack_says_so_and_then_it_is_nothing_else() {
        let mut cx = offline(GLOBAL);
        let declared = HashMap::from([(ROLE.name.into(), HashMap::from([("logs|app".into(), BTreeSet::new())]))]);
        cx.wanted = Wanted { declared, ..Wanted::default() }.into();
        let out = collect(&cx, &details());
        let [policy] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!((&*policy.kind, policy.address.physical_id.as_deref()), (ROLE.name, Some("logs|app")));
        let rest = policies::inline(&cx, &details());
        let of_roles: Vec<_> =
            rest.resources.iter().filter_map(|r| r.get("Roles.0").as_str().map(str::to_owned)).collect();
        assert_eq!(of_roles, ["web"]);
        assert_eq!(rest.resources.len(), 3, "those of the user and the group are there");
    }
}
