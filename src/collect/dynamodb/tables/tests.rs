//! Tables and global tables, on answers as the API reference documents them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::json;

use super::super::{DynamoDb, global};
use super::*;
use crate::collect::Wanted;
use crate::collect::testing::{claimed, collected, cx, properties};
use crate::model::to_json;

fn described() -> Json {
    json!({"Table": {
        "TableName": "orders", "TableStatus": "ACTIVE", "TableId": "t-1", "CreationDateTime": 1.6e9, "ItemCount": 7,
        "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "OnDemandThroughput": {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-time", "IndexStatus": "ACTIVE", "ItemCount": 7, "IndexArn": "arn:…",
            "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        }],
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:us-east-1:1:key/k"},
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
        "LatestStreamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/1",
        "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
        "DeletionProtectionEnabled": true,
        "Replicas": [{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE", "KMSMasterKeyId": "arn:aws:kms:eu-west-1:1:key/e"}],
        "VectorIndexes": [{
            "IndexName": "like", "IndexStatus": "ACTIVE", "Dimensions": 3, "DistanceFunction": "COSINE",
            "VectorAttribute": {"AttributeName": "v"}, "Projection": {"ProjectionType": "ALL"},
        }],
    }})
}

fn answer(asked: &str) -> (u16, String) {
    let operation = asked.split("DynamoDB_20120810.").nth(1).unwrap().split(' ').next().unwrap();
    let answer = match operation {
        "ListTables" if asked.contains("ExclusiveStartTableName") => json!({"TableNames": ["orders"]}),
        "ListTables" => json!({"TableNames": ["gone"], "LastEvaluatedTableName": "gone"}),
        _ if asked.contains("\"gone\"") => {
            return (400, r#"{"__type": "com.amazonaws.dynamodb#ResourceNotFoundException"}"#.into());
        }
        "DescribeTable" => described(),
        "DescribeContinuousBackups" => json!({"ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 7},
        }}),
        "DescribeTimeToLive" => {
            json!({"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}})
        }
        "ListContributorInsights" => json!({"ContributorInsightsSummaries": [
            {"TableName": "orders", "ContributorInsightsStatus": "DISABLED"},
            {"TableName": "orders", "IndexName": "by-time", "ContributorInsightsStatus": "ENABLED",
             "ContributorInsightsMode": "THROTTLED_KEYS"},
        ]}),
        "DescribeKinesisStreamingDestination" => json!({"TableName": "orders", "KinesisDataStreamDestinations": [
            {"StreamArn": "arn:aws:kinesis:us-east-1:1:stream/old", "DestinationStatus": "DISABLED"},
            {"StreamArn": "arn:aws:kinesis:us-east-1:1:stream/s", "DestinationStatus": "ACTIVE",
             "ApproximateCreationDateTimePrecision": "MILLISECOND"},
        ]}),
        "GetResourcePolicy" if asked.contains("/stream/") => {
            return (400, r#"{"__type": "com.amazonaws.dynamodb#PolicyNotFoundException"}"#.into());
        }
        "GetResourcePolicy" => json!({"Policy": "{\"Version\": \"2012-10-17\"}", "RevisionId": "1"}),
        "ListTagsOfResource" if asked.contains("NextToken") => json!({"Tags": [{"Key": "team", "Value": "core"}]}),
        "ListTagsOfResource" => json!({"Tags": [{"Key": "aws:x", "Value": "1"}], "NextToken": "more"}),
        other => panic!("{other}"),
    };
    (200, answer.to_string())
}

fn of<'a>(out: &'a Out, kind: &str) -> &'a Resource {
    out.resources.iter().find(|r| &*r.kind == kind).unwrap()
}

#[tokio::test]
async fn a_table_reads_as_cloudformation_would_declare_it_and_a_vanished_one_is_dropped() {
    let out = collected(&DynamoDb, &cx("us-east-1", answer)).await;
    assert_eq!(out.resources.len(), 2, "a table, and the global table that it is a replica of: {out:?}");
    assert!(out.listed.values().all(Result::is_ok));
    let table = of(&out, TYPE.name);
    assert_eq!(properties(table), claimed(&SPEC, table));
    let expected = json!({
        "TableName": "orders",
        "AttributeDefinitions": [
            {"AttributeName": "at", "AttributeType": "N"}, {"AttributeName": "id", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000},
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-time",
            "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
            "ContributorInsightsSpecification": {"Enabled": true, "Mode": "THROTTLED_KEYS"},
        }],
        "SSESpecification": {"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:us-east-1:1:key/k"},
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY", "Tags": "unknown (not collected)"},
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "DeletionProtectionEnabled": true,
        "VectorIndexes": [{
            "IndexName": "like", "Dimensions": 3, "DistanceFunction": "COSINE", "VectorAttribute": {"AttributeName": "v"},
            "Projection": {"ProjectionType": "ALL"},
        }],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7},
        "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "expires"},
        "ContributorInsightsSpecification": {"Enabled": false},
        "KinesisStreamSpecification": {
            "StreamArn": "arn:aws:kinesis:us-east-1:1:stream/s", "ApproximateCreationDateTimePrecision": "MILLISECOND",
        },
        "ResourcePolicy": {"PolicyDocument": {"Version": "2012-10-17"}},
        "Tags": [{"Key": "team", "Value": "core"}],
        "ProvisionedThroughput": null,
        "LocalSecondaryIndexes": null,
    });
    assert_eq!(to_json(&table.properties), expected);
    assert_eq!(table.attribute("aws:x").as_str(), Some("1"));
    assert_eq!(table.attribute("TableStatus").as_str(), Some("ACTIVE"));
}

#[tokio::test]
async fn a_global_table_knows_its_own_replica_and_not_the_others_settings() {
    let out = collected(&DynamoDb, &cx("us-east-1", answer)).await;
    let table = of(&out, global::TYPE.name);
    assert_eq!(properties(table), claimed(&SPEC, table));
    assert_eq!(table.address.physical_id.as_deref(), Some("orders"));
    assert_eq!(table.get("Replicas.0.Region").as_str(), Some("eu-west-1"));
    assert_eq!(table.get("Replicas.0.SSESpecification.KMSMasterKeyId").as_str(), Some("arn:aws:kms:eu-west-1:1:key/e"));
    assert_eq!(table.get("Replicas.0.DeletionProtectionEnabled").why_unknown(), Some(Unknown::NotCollected));
    assert_eq!(table.get("Replicas.1.Region").as_str(), Some("us-east-1"));
    assert_eq!(table.get("Replicas.1.DeletionProtectionEnabled").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
    assert_eq!(table.get("Replicas.1.Tags.0.Value").as_str(), Some("core"));
    assert!(table.get("Replicas.1.ReadProvisionedThroughputSettings").is_absent(), "it is on demand");
    assert_eq!(table.get("WriteProvisionedThroughputSettings").why_unknown(), Some(Unknown::NotCollected));
}

#[tokio::test]
async fn what_nobody_asks_for_costs_one_call_per_table() {
    let mut cx = cx("us-east-1", answer);
    cx.wanted = Arc::default();
    let out = collected(&DynamoDb, &cx).await;
    let table = of(&out, TYPE.name);
    for property in TYPE.on_demand {
        assert_eq!(table.get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
    }
    let index = table.get("GlobalSecondaryIndexes.0.ContributorInsightsSpecification");
    assert_eq!(index.why_unknown(), Some(Unknown::NotCollected));
    assert_eq!(table.get("TableClass").as_str(), Some("STANDARD_INFREQUENT_ACCESS"));
    let made: Vec<_> = cx.calls.made().into_keys().collect();
    assert_eq!(made, [DESCRIBE, LIST]);
}

#[tokio::test]
async fn a_declared_global_table_has_the_settings_of_its_replica_read() {
    let mut cx = cx("us-east-1", |asked| {
        if asked.contains("DescribeTable ") {
            (200, described().to_string().replace("\"Replicas\"", "\"Others\""))
        } else {
            answer(asked)
        }
    });
    let properties = BTreeSet::from([Arc::from("Replicas")]);
    let declared = HashMap::from([(global::TYPE.name.into(), HashMap::from([("orders".into(), properties)]))]);
    cx.wanted = Arc::new(Wanted { declared, ..Wanted::default() });
    let out = collected(&DynamoDb, &cx).await;
    let replicas = of(&out, global::TYPE.name).get("Replicas");
    assert_eq!(replicas.get("0.Region").as_str(), Some("us-east-1"));
    let recovery = replicas.get("0.PointInTimeRecoverySpecification.RecoveryPeriodInDays");
    assert_eq!(recovery.value().and_then(crate::model::Value::as_int), Some(7));
    assert_eq!(replicas.get("0.Tags.0.Key").as_str(), Some("team"));
}

#[tokio::test]
async fn a_table_that_may_not_be_described_keeps_its_name_and_what_other_calls_tell() {
    let out = collected(
        &DynamoDb,
        &cx("us-east-1", |asked| {
            let denied = asked.contains("DescribeTable ") || asked.contains("GetResourcePolicy");
            if denied { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
        }),
    )
    .await;
    let table = of(&out, TYPE.name);
    for property in TYPE.told_by(DESCRIBE) {
        assert_eq!(table.get(property).why_unknown(), Some(Unknown::Denied { action: DESCRIBE.into() }), "{property}");
    }
    assert_eq!(table.get("ResourcePolicy").why_unknown(), Some(Unknown::Denied { action: details::POLICY.into() }));
    assert_eq!(table.get("TimeToLiveSpecification.AttributeName").as_str(), Some("expires"));
    assert_eq!(table.address.arn.as_deref(), Some("arn:aws:dynamodb:us-east-1:123456789012:table/orders"));
}
