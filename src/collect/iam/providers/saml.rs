//! SAML providers.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_saml_provider::GetSamlProviderOutput;
use aws_sdk_iam::types::{AssertionEncryptionModeType, SamlPrivateKey, SamlProviderListEntry};

use super::super::{NONE, pairs};
use super::{SPEC, told};
use crate::collect::shape::{list, map, set_tags, text, time};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "iam:ListSAMLProviders";
pub(super) const READ: &str = "iam:GetSAMLProvider";

const DETAILS: &[&str] = &["AssertionEncryptionMode", "PrivateKeyList", "SamlMetadataDocument", "Tags"];

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::SAMLProvider",
    asked: &[("Name", LIST), ("", READ)],
    reads: &["AssertionEncryptionMode", "Name", "PrivateKeyList", "SamlMetadataDocument", "Tags"],
    on_demand: DETAILS,
    calls: 1,
};

/// Not paged: one answer holds them all.
pub(super) async fn collect(cx: &Cx, iam: &Client) -> Out {
    let mut out = Out::default();
    match cx.ask(LIST, &[TYPE.name], &[], iam.list_saml_providers().send()).await {
        Answer::Is(answer) => {
            let readings = answer.saml_provider_list().iter().map(|p| read(cx.clone(), iam.clone(), p.clone()));
            out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
            out.listed(TYPE.name, &Ok(()));
        }
        Answer::Absent => out.listed(TYPE.name, &Ok(())),
        Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
    }
    out
}

async fn read(cx: Cx, iam: Client, provider: SamlProviderListEntry) -> Option<Resource> {
    let arn = provider.arn().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    r.set("Name", text(arn.rsplit('/').next()));
    r.set_attribute("ValidUntil", time(provider.valid_until()));
    let call = iam.get_saml_provider().saml_provider_arn(arn).send();
    told(r, DETAILS, cx.ask_for((TYPE.name, arn, DETAILS), READ, &[NONE], call).await, details)
}

fn details(r: &mut Resource, provider: &GetSamlProviderOutput) {
    let mode = provider.assertion_encryption_mode().map(AssertionEncryptionModeType::as_str);
    r.set("AssertionEncryptionMode", text(mode));
    r.set("SamlMetadataDocument", text(provider.saml_metadata_document()));
    let mut keys: Vec<_> = provider.private_key_list().iter().collect();
    keys.sort_by_key(|key| key.key_id());
    r.set("PrivateKeyList", list(keys.into_iter().map(key)));
    set_tags(r, pairs(provider.tags()));
    r.set_attribute("SamlProviderUUID", text(provider.saml_provider_uuid()));
}

/// The names of the keys; the keys themselves are never readable.
fn key(key: &SamlPrivateKey) -> Kind {
    map([("KeyId", text(key.key_id())), ("Timestamp", time(key.timestamp()))])
}
