//! Instance profiles.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::list_instance_profiles::ListInstanceProfilesOutput;
use aws_sdk_iam::types::{InstanceProfile, Role};

use super::{PAGE, SPEC};
use crate::collect::shape::{set, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const LIST: &str = "iam:ListInstanceProfiles";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::InstanceProfile",
    asked: &[("", "iam:ListInstanceProfiles")],
    reads: &["InstanceProfileName", "Path", "Roles"],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, iam: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| iam.list_instance_profiles().max_items(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    for profile in pages.pages.iter().flat_map(ListInstanceProfilesOutput::instance_profiles) {
        out.push(resource(cx, profile));
    }
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(cx: &Cx, profile: &InstanceProfile) -> Resource {
    let name = profile.instance_profile_name();
    let mut r = cx.resource(&SPEC, TYPE.name, name, profile.arn());
    r.set("InstanceProfileName", text(Some(name)));
    r.set("Path", text(Some(profile.path())));
    r.set("Roles", set(profile.roles().iter().map(Role::role_name)));
    r
}
