//! What a region does by default with new volumes and new instances.

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    HttpTokensEnforcedState, HttpTokensState, InstanceMetadataDefaultsResponse, InstanceMetadataEndpointState,
    InstanceMetadataTagsState, ManagedBy,
};

use super::shape::Fill;
use crate::collect::shape::set_unknown;
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::types::{EBS_DEFAULTS, IMDS_DEFAULTS};
use crate::model::{Kind, Resource};

const METADATA_OPTIONS: &[&str] =
    &["HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit", "InstanceMetadataTags", "HttpTokensEnforced"];

static SPEC: Spec = Spec {
    name: "ec2/account",
    reach: Reach::Regional,
    listings: 2,
    types: &[
        TypeSpec {
            name: EBS_DEFAULTS,
            asked: &[("", "ec2:GetEbsEncryptionByDefault")],
            reads: &["EbsEncryptionByDefault"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: IMDS_DEFAULTS,
            asked: &[("", "ec2:GetInstanceMetadataDefaults")],
            reads: METADATA_OPTIONS,
            ..TypeSpec::LISTED
        },
    ],
    actions: &["ec2:GetEbsEncryptionByDefault", "ec2:GetInstanceMetadataDefaults"],
};

/// Collects the defaults of a region. Both always exist; where they cannot be read, their properties are unknown.
pub struct Account;

#[async_trait]
impl Collector for Account {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let encryption = client.get_ebs_encryption_by_default().send();
        let metadata = client.get_instance_metadata_defaults().send();
        let (encryption, metadata) = tokio::join!(
            cx.ask("ec2:GetEbsEncryptionByDefault", &[EBS_DEFAULTS], &[], encryption),
            cx.ask("ec2:GetInstanceMetadataDefaults", &[IMDS_DEFAULTS], &[], metadata),
        );
        out.listed(EBS_DEFAULTS, &Ok(()));
        out.push(ebs(cx, encryption.map(|answer| answer.ebs_encryption_by_default())));
        out.listed(IMDS_DEFAULTS, &Ok(()));
        out.push(imds(cx, metadata.map(|answer| answer.account_level().cloned())));
    }
}

fn ebs(cx: &Cx, encrypted: Answer<Option<bool>>) -> Resource {
    let mut r = cx.resource(&SPEC, EBS_DEFAULTS, "ebs-encryption-by-default", "");
    r.property("EbsEncryptionByDefault", encrypted.into_kind(|on| on.map_or(Kind::Null, Kind::Bool)));
    r
}

/// What nobody set is absent: then the image, or EC2's own default, decides.
fn imds(cx: &Cx, answer: Answer<Option<InstanceMetadataDefaultsResponse>>) -> Resource {
    let mut r = cx.resource(&SPEC, IMDS_DEFAULTS, "instance-metadata-defaults", "");
    match answer {
        Answer::Is(Some(level)) => {
            r.property("HttpTokens", level.http_tokens().map(HttpTokensState::as_str));
            r.property("HttpEndpoint", level.http_endpoint().map(InstanceMetadataEndpointState::as_str));
            r.property("HttpPutResponseHopLimit", level.http_put_response_hop_limit());
            r.property("InstanceMetadataTags", level.instance_metadata_tags().map(InstanceMetadataTagsState::as_str));
            r.property("HttpTokensEnforced", level.http_tokens_enforced().map(HttpTokensEnforcedState::as_str));
            r.fact("ManagedBy", level.managed_by().map(ManagedBy::as_str));
        }
        Answer::Is(None) | Answer::Absent => {}
        Answer::Unknown(why) => {
            set_unknown(&mut r, METADATA_OPTIONS, &why);
        }
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use crate::model::{Unknown, Value};

    #[test]
    fn a_default_that_cannot_be_read_is_unknown_and_one_that_is_not_set_is_absent() {
        let why = Unknown::Denied { action: "ec2:GetInstanceMetadataDefaults".into() };
        let refused = imds(&offline("eu-west-1"), Answer::Unknown(why.clone()));
        assert_eq!(refused.get("HttpTokens").why_unknown(), Some(why));
        assert!(imds(&offline("eu-west-1"), Answer::Is(None)).get("HttpTokens").is_absent());

        let set = InstanceMetadataDefaultsResponse::builder().http_tokens(HttpTokensState::Required).build();
        assert_eq!(imds(&offline("eu-west-1"), Answer::Is(Some(set))).get("HttpTokens").as_str(), Some("required"));
    }

    #[test]
    fn default_encryption_is_a_truth_value() {
        let r = ebs(&offline("eu-west-1"), Answer::Is(Some(false)));
        assert_eq!(r.get("EbsEncryptionByDefault").value().and_then(Value::as_bool), Some(false));
    }
}
