//! Copies of objects in other buckets.

use aws_sdk_s3::types::{
    DeleteMarkerReplicationStatus, Destination, EncryptionConfiguration, Metrics, ReplicationConfiguration,
    ReplicationRule, ReplicationRuleAndOperator, ReplicationRuleFilter, ReplicationTime, ReplicationTimeValue,
    SourceSelectionCriteria, StorageClass,
};

use super::setting::{Bucket, Gone, Told, tag_filter, tag_filters};
use super::settings::REPLICATION;
use crate::collect::shape::{list, map, number, text};
use crate::model::Kind;

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let request = bucket.s3.get_bucket_replication().bucket(&bucket.name);
    let replication = bucket.read(&REPLICATION, request.send(), |found| {
        [found.replication_configuration().map_or(Kind::Null, replication)]
    });
    Ok(vec![replication.await?])
}

fn replication(found: &ReplicationConfiguration) -> Kind {
    map([("Role", text(Some(found.role()))), ("Rules", list(found.rules().iter().map(rule)))])
}

fn rule(rule: &ReplicationRule) -> Kind {
    let markers = rule.delete_marker_replication().and_then(|markers| markers.status());
    map([
        ("Id", text(rule.id())),
        ("Status", text(Some(rule.status().as_str()))),
        ("Priority", number(rule.priority())),
        ("Prefix", text(prefix(rule))),
        ("Filter", rule.filter().map_or(Kind::Null, filter)),
        ("SourceSelectionCriteria", rule.source_selection_criteria().map_or(Kind::Null, criteria)),
        ("DeleteMarkerReplication", status(markers.map(DeleteMarkerReplicationStatus::as_str))),
        ("Destination", rule.destination().map_or(Kind::Null, destination)),
    ])
}

#[expect(deprecated, reason = "rules of the first version say it so, and templates may")]
fn prefix(rule: &ReplicationRule) -> Option<&str> {
    rule.prefix()
}

fn filter(filter: &ReplicationRuleFilter) -> Kind {
    let all = |and: &ReplicationRuleAndOperator| {
        map([("Prefix", text(and.prefix())), ("TagFilters", tag_filters(and.tags()))])
    };
    map([
        ("Prefix", text(filter.prefix())),
        ("TagFilter", filter.tag().map_or(Kind::Null, tag_filter)),
        ("And", filter.and().map_or(Kind::Null, all)),
    ])
}

fn criteria(of: &SourceSelectionCriteria) -> Kind {
    map([
        ("SseKmsEncryptedObjects", status(of.sse_kms_encrypted_objects().map(|objects| objects.status().as_str()))),
        ("ReplicaModifications", status(of.replica_modifications().map(|changes| changes.status().as_str()))),
    ])
}

fn destination(to: &Destination) -> Kind {
    let key = to.encryption_configuration().and_then(EncryptionConfiguration::replica_kms_key_id);
    let owner = to.access_control_translation().map(|translation| translation.owner().as_str());
    let time =
        |time: &ReplicationTime| map([("Status", text(Some(time.status().as_str()))), ("Time", minutes(time.time()))]);
    let metrics = |metrics: &Metrics| {
        map([("Status", text(Some(metrics.status().as_str()))), ("EventThreshold", minutes(metrics.event_threshold()))])
    };
    map([
        ("Bucket", text(Some(to.bucket()))),
        ("Account", text(to.account())),
        ("StorageClass", text(to.storage_class().map(StorageClass::as_str))),
        ("AccessControlTranslation", map([("Owner", text(owner))])),
        ("EncryptionConfiguration", map([("ReplicaKmsKeyID", text(key))])),
        ("ReplicationTime", to.replication_time().map_or(Kind::Null, time)),
        ("Metrics", to.metrics().map_or(Kind::Null, metrics)),
    ])
}

fn status(status: Option<&str>) -> Kind {
    map([("Status", text(status))])
}

fn minutes(value: Option<&ReplicationTimeValue>) -> Kind {
    map([("Minutes", number(value.and_then(ReplicationTimeValue::minutes)))])
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{absent, bucket, read_as};
    use super::*;
    use serde_json::json;

    const RULES: &str = "<ReplicationConfiguration><Role>arn:role</Role>
        <Rule><ID>both</ID><Status>Enabled</Status><Priority>1</Priority>
            <Filter><And><Prefix>a/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>
            <SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects>
                <ReplicaModifications><Status>Disabled</Status></ReplicaModifications></SourceSelectionCriteria>
            <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>
            <Destination><Bucket>arn:aws:s3:::copy</Bucket><Account>210987654321</Account><StorageClass>GLACIER</StorageClass>
                <AccessControlTranslation><Owner>Destination</Owner></AccessControlTranslation>
                <EncryptionConfiguration><ReplicaKmsKeyID>arn:key</ReplicaKmsKeyID></EncryptionConfiguration>
                <ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime>
                <Metrics><Status>Enabled</Status><EventThreshold><Minutes>15</Minutes></EventThreshold></Metrics>
            </Destination></Rule>
        <Rule><ID>tag</ID><Status>Disabled</Status><Priority>2</Priority>
            <Filter><Tag><Key>k</Key><Value></Value></Tag></Filter>
            <Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination></Rule>
        <Rule><ID>old</ID><Prefix>old/</Prefix><Status>Enabled</Status>
            <Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination></Rule>
        </ReplicationConfiguration>";

    #[tokio::test]
    async fn replication_reads_as_cloudformation_would_declare_it() {
        let bucket = bucket(|asked| {
            assert!(asked.contains("?replication"), "{asked}");
            (200, RULES.into())
        });
        let both = json!({
            "Id": "both",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"And": {"Prefix": "a/", "TagFilters": [{"Key": "k", "Value": "v"}]}},
            "SourceSelectionCriteria":
                {"SseKmsEncryptedObjects": {"Status": "Enabled"}, "ReplicaModifications": {"Status": "Disabled"}},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {
                "Bucket": "arn:aws:s3:::copy",
                "Account": "210987654321",
                "StorageClass": "GLACIER",
                "AccessControlTranslation": {"Owner": "Destination"},
                "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:key"},
                "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            },
        });
        let copy = json!({"Bucket": "arn:aws:s3:::copy"});
        let tag = json!({
            "Id": "tag",
            "Status": "Disabled",
            "Priority": 2,
            "Filter": {"TagFilter": {"Key": "k", "Value": ""}},
            "Destination": copy,
        });
        let old = json!({"Id": "old", "Status": "Enabled", "Prefix": "old/", "Destination": copy});
        let whole = json!({"ReplicationConfiguration": {"Role": "arn:role", "Rules": [both, tag, old]}});
        assert_eq!(read_as(read(&bucket).await).0, whole);
    }

    #[tokio::test]
    async fn a_bucket_that_is_not_copied_has_no_replication() {
        let bucket = bucket(|_| absent("ReplicationConfigurationNotFoundError"));
        assert_eq!(read_as(read(&bucket).await).0, json!({"ReplicationConfiguration": null}));
    }
}
