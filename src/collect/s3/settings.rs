//! Bucket settings as properties.

use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
use aws_sdk_s3::types::{
    BucketVersioningStatus, PublicAccessBlockConfiguration, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use crate::collect::shape::{flag, list, map, text};
use crate::model::Kind;

pub(super) fn encryption(found: Option<&ServerSideEncryptionConfiguration>) -> Kind {
    let rules = found.map_or(&[][..], ServerSideEncryptionConfiguration::rules);
    map([("ServerSideEncryptionConfiguration", list(rules.iter().map(encryption_rule)))])
}

fn encryption_rule(rule: &ServerSideEncryptionRule) -> Kind {
    let by_default = rule.apply_server_side_encryption_by_default().map_or(Kind::Null, |default| {
        map([
            ("SSEAlgorithm", text(Some(default.sse_algorithm().as_str()))),
            ("KMSMasterKeyID", text(default.kms_master_key_id())),
        ])
    });
    let blocked = rule.blocked_encryption_types().map_or(Kind::Null, |blocked| {
        map([("EncryptionType", list(blocked.encryption_type().iter().map(|kind| text(Some(kind.as_str())))))])
    });
    map([
        ("ServerSideEncryptionByDefault", by_default),
        ("BucketKeyEnabled", flag(rule.bucket_key_enabled())),
        ("BlockedEncryptionTypes", blocked),
    ])
}

/// A bucket whose versioning was never switched has no status: absent, as in a template that does not mention it.
pub(super) fn versioning(found: &GetBucketVersioningOutput) -> Kind {
    map([("Status", text(found.status().map(BucketVersioningStatus::as_str)))])
}

pub(super) fn access_block(found: Option<&PublicAccessBlockConfiguration>) -> Kind {
    found.map_or(Kind::Null, |found| {
        map([
            ("BlockPublicAcls", flag(found.block_public_acls())),
            ("IgnorePublicAcls", flag(found.ignore_public_acls())),
            ("BlockPublicPolicy", flag(found.block_public_policy())),
            ("RestrictPublicBuckets", flag(found.restrict_public_buckets())),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use aws_sdk_s3::types::{ServerSideEncryption, ServerSideEncryptionByDefault};
    use serde_json::json;

    #[test]
    fn encryption_reads_as_cloudformation_would_declare_it() {
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .kms_master_key_id("arn:aws:kms:eu-west-1:123456789012:key/1")
            .build()
            .unwrap();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(true)
            .build();
        let found = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
        assert_eq!(
            to_json(&Value::live(encryption(Some(&found)))),
            json!({"ServerSideEncryptionConfiguration": [{
                "ServerSideEncryptionByDefault":
                    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:123456789012:key/1"},
                "BucketKeyEnabled": true,
            }]})
        );
        assert_eq!(encryption(None), Kind::Null);
    }

    #[test]
    fn versioning_is_absent_until_it_is_switched() {
        assert_eq!(versioning(&GetBucketVersioningOutput::builder().build()), Kind::Null);
        let suspended = GetBucketVersioningOutput::builder().status(BucketVersioningStatus::Suspended).build();
        assert_eq!(to_json(&Value::live(versioning(&suspended))), json!({"Status": "Suspended"}));
    }
}
