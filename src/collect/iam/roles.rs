//! Roles.

use std::collections::BTreeMap;

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::list_roles::ListRolesOutput;
use aws_sdk_iam::types::{Role, RoleDetail};

use super::details::{self, Details};
use super::{PAGE, SPEC, attached, document, inline_policies, is_service_path, pairs};
use crate::collect::shape::{number, set_tags, text, time, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST: &str = "iam:ListRoles";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::Role",
    asked: &[("MaxSessionDuration", "iam:ListRoles"), ("Description", "iam:ListRoles"), ("", super::details::LIST)],
    reads: &[
        "AssumeRolePolicyDocument",
        "Description",
        "ManagedPolicyArns",
        "MaxSessionDuration",
        "Path",
        "PermissionsBoundary",
        "Policies",
        "RoleName",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

/// What only the plain listing of roles tells.
pub(super) struct Sessions {
    roles: BTreeMap<String, (Kind, Kind)>,
    end: Result<(), Unknown>,
}

/// Reads descriptions and session durations: the detailed listing leaves them out.
pub(super) async fn sessions(cx: &Cx, iam: &Client) -> Sessions {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| iam.list_roles().max_items(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    let known =
        |role: &Role| (role.role_name().to_owned(), (text(role.description()), number(role.max_session_duration())));
    let roles = pages.pages.iter().flat_map(ListRolesOutput::roles).map(known).collect();
    Sessions { roles, end: pages.end }
}

impl Sessions {
    /// Description and session duration of a role.
    fn of(&self, role: &str) -> (Kind, Kind) {
        self.roles.get(role).cloned().unwrap_or_else(|| {
            // A whole listing without the role: it was made after the listing.
            let why = self.end.clone().err().unwrap_or(Unknown::NotCollected);
            (Kind::Unknown(why.clone()), Kind::Unknown(why))
        })
    }
}

pub(super) fn collect(cx: &Cx, details: &Details, sessions: &Sessions) -> Out {
    let mut out = Out::default();
    for role in details.roles() {
        out.push(resource(cx, role, sessions));
    }
    out.listed(TYPE.name, &details.end);
    out
}

fn resource(cx: &Cx, role: &RoleDetail, sessions: &Sessions) -> Resource {
    let name = role.role_name().unwrap_or_default();
    let (description, duration) = sessions.of(name);
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let mut r = cx.resource(&SPEC, TYPE.name, name, role.arn().unwrap_or_default());
    r.set("RoleName", text(Some(name)));
    r.set("Path", text(role.path()));
    r.set("Description", description);
    r.set("MaxSessionDuration", duration);
    r.set("AssumeRolePolicyDocument", document::read(details::LIST, role.assume_role_policy_document()));
    r.set("Policies", inline_policies(role.role_policy_list()));
    r.set("ManagedPolicyArns", attached(role.attached_managed_policies()));
    r.set("PermissionsBoundary", text(boundary));
    set_tags(&mut r, pairs(role.tags()));
    r.set_attribute("RoleId", text(role.role_id()));
    let used = role.role_last_used();
    r.set_attribute("LastUsedDate", time(used.and_then(|used| used.last_used_date())));
    r.set_attribute("ServiceLinked", Kind::Bool(is_service_path(role.path())));
    if is_service_path(role.path()) {
        r.provenance = Provenance::Service;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::GLOBAL;
    use aws_sdk_iam::types::{AttachedPermissionsBoundary, PolicyDetail, Tag};

    fn role() -> aws_sdk_iam::types::builders::RoleDetailBuilder {
        RoleDetail::builder().role_name("app").path("/").arn("arn:aws:iam::123456789012:role/app")
    }

    fn known() -> Sessions {
        let app = (Kind::Null, Kind::Int(3600));
        Sessions { roles: BTreeMap::from([("app".to_owned(), app)]), end: Ok(()) }
    }

    #[test]
    fn a_role_reads_as_cloudformation_would_declare_it() {
        let inline = |name: &str| PolicyDetail::builder().policy_name(name).policy_document("%7B%7D").build();
        let detail = role()
            .assume_role_policy_document("%7B%22Statement%22%3A%5B%5D%7D")
            .role_policy_list(inline("b"))
            .role_policy_list(inline("a"))
            .permissions_boundary(AttachedPermissionsBoundary::builder().permissions_boundary_arn("arn:b").build())
            .tags(Tag::builder().key("Owner").value("ops").build().unwrap())
            .build();
        let r = resource(&offline(GLOBAL), &detail, &known());
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.address.physical_id.as_deref(), Some("app"));
        assert_eq!(r.get("Policies.0.PolicyName").as_str(), Some("a"), "sorted by name");
        assert_eq!(r.get("PermissionsBoundary").as_str(), Some("arn:b"));
        assert_eq!(r.get("MaxSessionDuration").value().map(|v| &v.kind), Some(&Kind::Int(3600)));
        assert_eq!(r.tag("Owner").as_deref(), Some("ops"));
        assert_eq!(r.provenance, Provenance::Unmanaged);
    }

    #[test]
    fn without_the_plain_listing_its_two_properties_are_unknown_and_no_others() {
        let denied = Unknown::Denied { action: LIST.into() };
        let sessions = Sessions { roles: BTreeMap::new(), end: Err(denied.clone()) };
        let r = resource(&offline(GLOBAL), &role().assume_role_policy_document("%7B%7D").build(), &sessions);
        let unknown: Vec<&str> = properties(&r).into_iter().filter(|p| r.get(p).why_unknown().is_some()).collect();
        assert_eq!(unknown, ["Description", "MaxSessionDuration"]);
        assert_eq!(r.get("MaxSessionDuration").why_unknown(), Some(denied));
    }

    #[test]
    fn service_linked_roles_belong_to_their_service() {
        let detail = role().path("/aws-service-role/autoscaling.amazonaws.com/").build();
        let r = resource(&offline(GLOBAL), &detail, &known());
        assert_eq!(r.provenance, Provenance::Service);
        assert_eq!(r.attribute("ServiceLinked").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
    }
}
