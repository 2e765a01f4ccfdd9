//! What protects the objects of a bucket: encryption, versions, object lock.

use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DefaultRetention, EventHoldDuration, MfaDeleteStatus, ObjectLockConfiguration,
    ObjectLockEnabled, ObjectLockRetentionMode, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use super::setting::{Bucket, Gone, Told};
use super::settings::{ENCRYPTION, OBJECT_LOCK, VERSIONING};
use crate::collect::shape::{flag, list, map, number, text};
use crate::model::Kind;

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let (s3, name) = (&bucket.s3, &bucket.name);
    let encryption = bucket.read(&ENCRYPTION, s3.get_bucket_encryption().bucket(name).send(), |found| {
        [encryption(found.server_side_encryption_configuration())]
    });
    let versioning = bucket.read(&VERSIONING, s3.get_bucket_versioning().bucket(name).send(), |found| {
        [versioning(&found), text(found.mfa_delete().map(MfaDeleteStatus::as_str))]
    });
    let object_lock = bucket.read(&OBJECT_LOCK, s3.get_object_lock_configuration().bucket(name).send(), |found| {
        object_lock(found.object_lock_configuration())
    });
    // A bucket without a configuration has no object lock.
    Ok(vec![encryption.await?, versioning.await?, object_lock.await?.or([Kind::Bool(false), Kind::Null])])
}

fn encryption(found: Option<&ServerSideEncryptionConfiguration>) -> Kind {
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
fn versioning(found: &GetBucketVersioningOutput) -> Kind {
    map([("Status", text(found.status().map(BucketVersioningStatus::as_str)))])
}

/// Whether objects can be locked, and how new ones are.
fn object_lock(found: Option<&ObjectLockConfiguration>) -> [Kind; 2] {
    let enabled = found.and_then(ObjectLockConfiguration::object_lock_enabled);
    let retention = found.and_then(ObjectLockConfiguration::rule).and_then(|rule| rule.default_retention());
    let rule = map([("DefaultRetention", retention.map_or(Kind::Null, default_retention))]);
    let configuration = map([("ObjectLockEnabled", text(enabled.map(ObjectLockEnabled::as_str))), ("Rule", rule)]);
    [Kind::Bool(enabled == Some(&ObjectLockEnabled::Enabled)), configuration]
}

fn default_retention(retention: &DefaultRetention) -> Kind {
    let hold = |hold: &EventHoldDuration| map([("Days", number(hold.days())), ("Years", number(hold.years()))]);
    map([
        ("Mode", text(retention.mode().map(ObjectLockRetentionMode::as_str))),
        ("Days", number(retention.days())),
        ("Years", number(retention.years())),
        ("DefaultEventHold", retention.default_event_hold().map_or(Kind::Null, hold)),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{absent, bucket, read_as};
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn protection_reads_as_cloudformation_would_declare_it() {
        let bucket = bucket(|asked| match asked {
            encryption if encryption.contains("?encryption") => (
                200,
                "<ServerSideEncryptionConfiguration><Rule>
                    <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>
                        <KMSMasterKeyID>arn:aws:kms:eu-west-1:123456789012:key/1</KMSMasterKeyID>
                    </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>
                    <BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>
                </Rule></ServerSideEncryptionConfiguration>"
                    .into(),
            ),
            versioning if versioning.contains("?versioning") => (
                200,
                "<VersioningConfiguration><Status>Suspended</Status><MfaDelete>Disabled</MfaDelete>
                </VersioningConfiguration>"
                    .into(),
            ),
            _ => (
                200,
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>
                    <Mode>GOVERNANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
                    .into(),
            ),
        });
        let (properties, facts) = read_as(read(&bucket).await);
        let rule = json!({
            "ServerSideEncryptionByDefault":
                {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:123456789012:key/1"},
            "BucketKeyEnabled": true,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        });
        assert_eq!(
            properties,
            json!({
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
                "VersioningConfiguration": {"Status": "Suspended"},
                "ObjectLockEnabled": true,
                "ObjectLockConfiguration": {
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}},
                },
            })
        );
        assert_eq!(facts, json!({"MfaDelete": "Disabled"}));
    }

    #[tokio::test]
    async fn versioning_that_was_never_switched_is_absent_and_so_is_object_lock() {
        let bucket = bucket(|asked| match asked {
            encryption if encryption.contains("?encryption") => {
                absent("ServerSideEncryptionConfigurationNotFoundError")
            }
            versioning if versioning.contains("?versioning") => (200, "<VersioningConfiguration/>".into()),
            _ => absent("ObjectLockConfigurationNotFoundError"),
        });
        let (properties, _) = read_as(read(&bucket).await);
        assert_eq!(
            properties,
            json!({
                "BucketEncryption": null,
                "VersioningConfiguration": null,
                "ObjectLockEnabled": false,
                "ObjectLockConfiguration": null,
            })
        );
    }
}
