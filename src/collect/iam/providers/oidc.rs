//! `OpenID` Connect providers.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
use aws_sdk_iam::types::OpenIdConnectProviderListEntry;

use super::super::{NONE, pairs};
use super::{SPEC, told};
use crate::collect::shape::{set, set_tags, text};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::Resource;

pub(super) const LIST: &str = "iam:ListOpenIDConnectProviders";
pub(super) const READ: &str = "iam:GetOpenIDConnectProvider";

const DETAILS: &[&str] = &["ClientIdList", "ThumbprintList", "Tags"];

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::OIDCProvider",
    asked: &[("Url", LIST), ("", READ)],
    reads: &["ClientIdList", "Tags", "ThumbprintList", "Url"],
    on_demand: DETAILS,
    calls: 1,
};

/// Not paged: one answer holds them all.
pub(super) async fn collect(cx: &Cx, iam: &Client) -> Out {
    let mut out = Out::default();
    match cx.ask(LIST, &[TYPE.name], &[], iam.list_open_id_connect_providers().send()).await {
        Answer::Is(answer) => {
            let arns = answer.open_id_connect_provider_list().iter().filter_map(OpenIdConnectProviderListEntry::arn);
            let readings = arns.map(|arn| read(cx.clone(), iam.clone(), arn.to_owned()));
            out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
            out.listed(TYPE.name, &Ok(()));
        }
        Answer::Absent => out.listed(TYPE.name, &Ok(())),
        Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
    }
    out
}

async fn read(cx: Cx, iam: Client, arn: String) -> Option<Resource> {
    let mut r = cx.resource(&SPEC, TYPE.name, &arn, &arn);
    // A template names the scheme, which is always this one; IAM leaves it out.
    let url = arn.split_once("oidc-provider/").map(|(_, host)| format!("https://{host}"));
    r.set("Url", text(url.as_deref()));
    let call = iam.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send();
    told(r, DETAILS, cx.ask_for((TYPE.name, &arn, DETAILS), READ, &[NONE], call).await, details)
}

fn details(r: &mut Resource, provider: &GetOpenIdConnectProviderOutput) {
    r.set("ClientIdList", set(provider.client_id_list().iter().map(String::as_str)));
    r.set("ThumbprintList", set(provider.thumbprint_list().iter().map(String::as_str)));
    set_tags(r, pairs(provider.tags()));
}
