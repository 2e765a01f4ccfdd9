//! Policies as resources of their own: customer-managed ones, and inline ones as `AWS::IAM::Policy` declares them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{AttachedPolicy, ManagedPolicyDetail, PolicyDetail};

use super::details::{self, Details};
use super::{SPEC, document, embedded, is_service_path};
use crate::collect::shape::{number, set, text, time};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const MANAGED: TypeSpec = TypeSpec {
    name: "AWS::IAM::ManagedPolicy",
    asked: &[("", super::details::LIST)],
    reads: &["Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Users"],
    ..TypeSpec::LISTED
};

pub(super) const INLINE: TypeSpec = TypeSpec {
    name: "AWS::IAM::Policy",
    asked: &[("", super::details::LIST)],
    reads: &["Groups", "PolicyDocument", "PolicyName", "Roles", "Users"],
    ..TypeSpec::LISTED
};

/// Whom a policy applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Principals<'a> {
    roles: BTreeSet<&'a str>,
    users: BTreeSet<&'a str>,
    groups: BTreeSet<&'a str>,
    /// A role among them is not a service's own.
    ours: bool,
}

/// One principal of the listing, whatever its kind.
pub(super) enum Principal<'a> {
    Role { name: &'a str, service: bool },
    User(&'a str),
    Group(&'a str),
}

impl<'a> Principals<'a> {
    fn add(&mut self, principal: &Principal<'a>) {
        match *principal {
            Principal::Role { name, service } => {
                self.roles.insert(name);
                self.ours |= !service;
            }
            Principal::User(name) => {
                self.users.insert(name);
                self.ours = true;
            }
            Principal::Group(name) => {
                self.groups.insert(name);
                self.ours = true;
            }
        }
    }

    /// Sets the three properties. In a listing that broke off, nobody knows whom else the policy applies to.
    fn set_on(&self, r: &mut Resource, end: &Result<(), Unknown>) {
        for (name, members) in [("Roles", &self.roles), ("Users", &self.users), ("Groups", &self.groups)] {
            let known = |()| set(members.iter().copied());
            r.set(name, end.clone().map_or_else(Kind::Unknown, known));
        }
    }

    /// The first of them, to tell policies of one name apart.
    fn first(&self) -> Option<String> {
        let of = |kind: &str, names: &BTreeSet<&str>| names.first().map(|name| format!("{kind}/{name}"));
        of("role", &self.roles).or_else(|| of("user", &self.users)).or_else(|| of("group", &self.groups))
    }
}

/// Every principal with its inline and its attached policies.
pub(super) fn principals(
    details: &Details,
) -> impl Iterator<Item = (Principal<'_>, &[PolicyDetail], &[AttachedPolicy])> {
    let roles = details.roles().filter_map(|role| {
        let principal = Principal::Role { name: role.role_name()?, service: is_service_path(role.path()) };
        Some((principal, role.role_policy_list(), role.attached_managed_policies()))
    });
    let users = details.users().filter_map(|user| {
        Some((Principal::User(user.user_name()?), user.user_policy_list(), user.attached_managed_policies()))
    });
    let groups = details.groups().filter_map(|group| {
        Some((Principal::Group(group.group_name()?), group.group_policy_list(), group.attached_managed_policies()))
    });
    roles.chain(users).chain(groups)
}

pub(super) fn managed(cx: &Cx, details: &Details) -> Out {
    let mut attached: BTreeMap<&str, Principals<'_>> = BTreeMap::new();
    for (principal, _, policies) in principals(details) {
        for arn in policies.iter().filter_map(AttachedPolicy::policy_arn) {
            attached.entry(arn).or_default().add(&principal);
        }
    }
    let mut out = Out::default();
    for policy in details.policies() {
        let arn = policy.arn().unwrap_or_default();
        let mut r = cx.resource(&SPEC, MANAGED.name, arn, arn);
        // An ARN always ends with the name.
        r.set("ManagedPolicyName", text(arn.rsplit('/').next()));
        r.set("Path", text(policy.path()));
        r.set("Description", text(policy.description()));
        r.set("PolicyDocument", document::read(details::LIST, default_version(policy)));
        r.set_attribute("DefaultVersionId", text(policy.default_version_id()));
        r.set_attribute("AttachmentCount", number(policy.attachment_count()));
        r.set_attribute("PermissionsBoundaryUsageCount", number(policy.permissions_boundary_usage_count()));
        r.set_attribute("CreateDate", time(policy.create_date()));
        r.set_attribute("UpdateDate", time(policy.update_date()));
        attached.remove(arn).unwrap_or_default().set_on(&mut r, &details.end);
        out.push(r);
    }
    out.listed(MANAGED.name, &details.end);
    out
}

fn default_version(policy: &ManagedPolicyDetail) -> Option<&str> {
    policy.policy_version_list().iter().find(|version| version.is_default_version())?.document()
}

/// Inline policies, without those that a stack declares as a type of their own (see [`embedded`]). One `AWS::IAM::Policy` puts the same name and document on all its principals, so that is what makes
/// one resource here. IAM keeps no identity for it: its name is its physical id, and where different documents share a
/// name, the first principal is added to tell them apart.
pub(super) fn inline(cx: &Cx, details: &Details) -> Out {
    let mut policies: BTreeMap<(&str, Option<&str>), Principals<'_>> = BTreeMap::new();
    for (principal, inline, _) in principals(details) {
        for policy in inline {
            let name = policy.policy_name().unwrap_or_default();
            if embedded::is_declared(cx, &principal, name) {
                continue;
            }
            let key = (name, policy.policy_document());
            policies.entry(key).or_default().add(&principal);
        }
    }
    let mut namesakes: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in policies.keys() {
        *namesakes.entry(name).or_default() += 1;
    }
    let mut out = Out::default();
    for ((name, document), principals) in policies {
        let id = match principals.first() {
            Some(first) if namesakes.get(name).is_some_and(|&n| n > 1) => format!("{name}|{first}"),
            _ => name.to_owned(),
        };
        let mut r = cx.resource(&SPEC, INLINE.name, &id, "");
        r.set("PolicyName", text(Some(name)));
        r.set("PolicyDocument", document::read(details::LIST, document));
        principals.set_on(&mut r, &details.end);
        r.set_attribute("ServiceLinked", Kind::Bool(!principals.ours));
        if !principals.ours {
            r.provenance = Provenance::Service;
        }
        out.push(r);
    }
    out.listed(INLINE.name, &details.end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Pages;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::GLOBAL;
    use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput as Page;
    use aws_sdk_iam::operation::get_account_authorization_details::builders::GetAccountAuthorizationDetailsOutputBuilder;
    use aws_sdk_iam::types::{PolicyVersion, RoleDetail, UserDetail};

    fn details(page: GetAccountAuthorizationDetailsOutputBuilder, end: Result<(), Unknown>) -> Details {
        Details::of(Pages { pages: vec![page.build()], end })
    }

    fn role(name: &str, policy: &str, document: &str) -> RoleDetail {
        let policy = PolicyDetail::builder().policy_name(policy).policy_document(document).build();
        RoleDetail::builder().role_name(name).path("/").role_policy_list(policy).build()
    }

    fn texts(r: &Resource, property: &str) -> String {
        r.get(property).value().map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn the_same_inline_policy_on_two_roles_is_one_resource() {
        let page =
            Page::builder().role_detail_list(role("b", "logs", "%7B%7D")).role_detail_list(role("a", "logs", "%7B%7D"));
        let out = inline(&offline(GLOBAL), &details(page, Ok(())));
        let [policy] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(policy), claimed(&SPEC, policy));
        assert_eq!(policy.address.physical_id.as_deref(), Some("logs"));
        assert_eq!(texts(policy, "Roles"), r#"["a","b"]"#);
        assert!(policy.get("Users").is_absent());
    }

    #[test]
    fn different_documents_of_one_name_are_told_apart() {
        let page = Page::builder().role_detail_list(role("a", "root", "%7B%7D")).role_detail_list(role(
            "b",
            "root",
            "%7B%22Statement%22%3A%5B%5D%7D",
        ));
        let out = inline(&offline(GLOBAL), &details(page, Ok(())));
        let mut ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["root|role/a", "root|role/b"]);
    }

    #[test]
    fn a_managed_policy_is_its_default_version_and_knows_whom_it_is_attached_to() {
        let arn = "arn:aws:iam::123456789012:policy/p";
        let version =
            |document: &str, default| PolicyVersion::builder().document(document).is_default_version(default).build();
        let policy = ManagedPolicyDetail::builder()
            .arn(arn)
            .policy_version_list(version("%7B%22Sid%22%3A%22old%22%7D", false))
            .policy_version_list(version("%7B%22Sid%22%3A%22new%22%7D", true))
            .build();
        let user = UserDetail::builder()
            .user_name("ann")
            .attached_managed_policies(AttachedPolicy::builder().policy_arn(arn).build())
            .build();
        let page = || Page::builder().policies(policy.clone()).user_detail_list(user.clone());

        let out = managed(&offline(GLOBAL), &details(page(), Ok(())));
        let r = &out.resources[0];
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.physical_id.as_deref(), Some(arn));
        assert_eq!(r.get("ManagedPolicyName").as_str(), Some("p"));
        assert_eq!(texts(r, "PolicyDocument"), r#"{"Sid":"new"}"#);
        assert_eq!(texts(r, "Users"), r#"["ann"]"#);

        let denied = Unknown::Throttled { action: details::LIST.into() };
        let out = managed(&offline(GLOBAL), &details(page(), Err(denied.clone())));
        assert_eq!(out.resources[0].get("Users").why_unknown(), Some(denied), "the listing broke off");
    }
}
