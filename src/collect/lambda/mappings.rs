//! What feeds a function with events: queues, streams, topics of a broker.

use aws_sdk_lambda::Client;
use serde_json::Value as Json;

use super::details::TAGS;
use super::{NONE, SPEC};
use crate::collect::json::{at, items, kind, pick, set, text};
use crate::collect::shape::{map, set_tags, token};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "lambda:ListEventSourceMappings";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Lambda::EventSourceMapping",
    asked: &[("Tags", TAGS), ("", LIST)],
    reads: &[
        "AmazonManagedKafkaEventSourceConfig",
        "BatchSize",
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "DocumentDBEventSourceConfig",
        "Enabled",
        "EventSourceArn",
        "FilterCriteria",
        "FunctionName",
        "FunctionResponseTypes",
        "KmsKeyArn",
        "LoggingConfig",
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "MetricsConfig",
        "ParallelizationFactor",
        "ProvisionedPollerConfig",
        "Queues",
        "ScalingConfig",
        "SelfManagedEventSource",
        "SelfManagedKafkaEventSourceConfig",
        "SourceAccessConfigurations",
        "StartingPosition",
        "StartingPositionTimestamp",
        "Tags",
        "Topics",
        "TumblingWindowInSeconds",
    ],
    on_demand: &["Tags"],
    calls: 1,
};

/// What the answer calls as the schema does, or nearly so. A function is named by its ARN, which may end with an alias.
const SAME: &[(&str, &str)] = &[
    ("AmazonManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig"),
    ("BatchSize", "BatchSize"),
    ("BisectBatchOnFunctionError", "BisectBatchOnFunctionError"),
    ("DestinationConfig", "DestinationConfig"),
    ("DocumentDBEventSourceConfig", "DocumentDBEventSourceConfig"),
    ("EventSourceArn", "EventSourceArn"),
    ("FunctionArn", "FunctionName"),
    ("KMSKeyArn", "KmsKeyArn"),
    ("LoggingConfig", "LoggingConfig"),
    ("MaximumBatchingWindowInSeconds", "MaximumBatchingWindowInSeconds"),
    ("MaximumRecordAgeInSeconds", "MaximumRecordAgeInSeconds"),
    ("MaximumRetryAttempts", "MaximumRetryAttempts"),
    ("ParallelizationFactor", "ParallelizationFactor"),
    ("ProvisionedPollerConfig", "ProvisionedPollerConfig"),
    ("ScalingConfig", "ScalingConfig"),
    ("SelfManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"),
    ("StartingPosition", "StartingPosition"),
    ("StartingPositionTimestamp", "StartingPositionTimestamp"),
    ("TumblingWindowInSeconds", "TumblingWindowInSeconds"),
];

const SETS: &[&str] = &["FunctionResponseTypes", "Queues", "SourceAccessConfigurations", "Topics"];

/// The largest page that the listing gives.
const PAGE: i32 = 100;

pub(super) async fn collect(cx: &Cx, lambda: &Client) -> Out {
    let listing = cx
        .pages_json(
            LIST,
            &[TYPE.name],
            |start| lambda.list_event_source_mappings().max_items(PAGE).set_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    let mappings: Vec<&Json> = listing.pages.iter().flat_map(|page| items(page, "EventSourceMappings")).collect();
    let ids = |m: &&Json| (text(m, "UUID").to_owned(), text(m, "EventSourceMappingArn").to_owned());
    let ids: Vec<_> = mappings.iter().map(ids).collect();
    let mut tagged =
        cx.tags_of(TYPE.name, "lambda:event-source-mapping", &ids, |cx, arn| tags(cx, lambda.clone(), arn)).await;
    let mut out = Out::default();
    for (mapping, (id, arn)) in mappings.into_iter().zip(&ids) {
        let tags = tagged.remove(arn).unwrap_or(Answer::Unknown(Unknown::NotCollected));
        out.push(resource(cx, (id, arn), mapping, tags));
    }
    out.listed(TYPE.name, &listing.end);
    out
}

async fn tags(cx: Cx, lambda: Client, arn: String) -> Answer<Tags> {
    let answer = cx.ask(TAGS, &[TYPE.name], &[NONE], lambda.list_tags().resource(arn).send()).await;
    answer.map(|found| found.tags.into_iter().flatten().collect())
}

fn resource(cx: &Cx, (id, arn): (&str, &str), mapping: &Json, tags: Answer<Tags>) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, id, arn);
    for (name, kind) in pick(mapping, SAME) {
        r.set(name, kind);
    }
    for name in SETS {
        r.set(name, set(at(mapping, name)));
    }
    r.set("Enabled", enabled(text(mapping, "State")));
    r.set("FilterCriteria", map([("Filters", set(at(mapping, "FilterCriteria.Filters")))]));
    r.set("MetricsConfig", map([("Metrics", set(at(mapping, "MetricsConfig.Metrics")))]));
    let servers = set(at(mapping, "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"));
    r.set("SelfManagedEventSource", map([("Endpoints", map([("KafkaBootstrapServers", servers)]))]));
    match tags {
        Answer::Is(tags) => set_tags(&mut r, tags.iter().map(|(k, v)| (Some(k.as_str()), Some(v.as_str())))),
        Answer::Absent => r.set("Tags", Kind::Null),
        Answer::Unknown(why) => r.set("Tags", Kind::Unknown(why)),
    }
    r.set_attribute("State", kind(at(mapping, "State")));
    r.set_attribute("StateTransitionReason", kind(at(mapping, "StateTransitionReason")));
    r
}

/// Whether a mapping is enabled. A state on the way to another (`Creating`, `Updating`, `Deleting`) does not say.
fn enabled(state: &str) -> Kind {
    match state {
        "Enabled" | "Enabling" => Kind::Bool(true),
        "Disabled" | "Disabling" => Kind::Bool(false),
        other => Kind::Unknown(Unknown::Failed { action: LIST.into(), code: other.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, offline, properties};
    use crate::model::to_json;
    use serde_json::json;

    #[test]
    fn a_mapping_reads_as_cloudformation_would_declare_it() {
        let mapping = json!({
            "UUID": "u-1", "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_700_000_000, "BatchSize": 50,
            "MaximumBatchingWindowInSeconds": 5, "ParallelizationFactor": 2,
            "FilterCriteria": {"Filters": [{"Pattern": "{\"b\":[1]}"}, {"Pattern": "{\"a\":[1]}"}]},
            "KMSKeyArn": "arn:kms", "MetricsConfig": {"Metrics": ["EventCount"]}, "ScalingConfig": {"MaximumConcurrency": 3},
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders:live", "LastModified": 1.7E9, "State": "Disabled",
            "StateTransitionReason": "User action", "DestinationConfig": {"OnFailure": {"Destination": "arn:sqs"}},
            "Topics": ["orders"], "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:b"}, {"Type": "BASIC_AUTH", "URI": "a"}],
            "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["b:9092", "a:9092"]}},
            "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": false, "MaximumRetryAttempts": 0,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"},
        });
        let tags = vec![("team".to_owned(), "pay".to_owned())];
        let r = resource(&offline("eu-west-1"), ("u-1", "arn:esm"), &mapping, Answer::Is(tags));
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        let expected = json!({
            "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_700_000_000, "BatchSize": 50,
            "MaximumBatchingWindowInSeconds": 5, "ParallelizationFactor": 2,
            "FilterCriteria": {"Filters": [{"Pattern": "{\"a\":[1]}"}, {"Pattern": "{\"b\":[1]}"}]},
            "KmsKeyArn": "arn:kms", "MetricsConfig": {"Metrics": ["EventCount"]}, "ScalingConfig": {"MaximumConcurrency": 3},
            "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:orders:live", "Enabled": false,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:sqs"}}, "Topics": ["orders"],
            "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "a"}, {"Type": "VPC_SUBNET", "URI": "subnet:b"}],
            "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:9092", "b:9092"]}},
            "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": false, "MaximumRetryAttempts": 0,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"},
            "Tags": [{"Key": "team", "Value": "pay"}],
        });
        let mut read = to_json(&r.properties);
        read.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(read, expected);
    }

    #[test]
    fn a_mapping_on_its_way_is_neither_enabled_nor_disabled() {
        assert_eq!(enabled("Enabling"), Kind::Bool(true));
        assert_eq!(enabled("Disabling"), Kind::Bool(false));
        assert!(matches!(enabled("Updating"), Kind::Unknown(_)));
    }

    async fn collected(aws: Aws) -> Out {
        let cx = cx("eu-west-1", aws);
        collect(&cx, &Client::new(&cx.config)).await
    }

    const MAPPINGS: &str = r#"{"EventSourceMappings":[{"UUID":"u-1","State":"Enabled",
        "EventSourceMappingArn":"arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:u-1"}]}"#;

    #[tokio::test]
    async fn denied_tags_are_unknown_and_nothing_else() {
        let out = collected(|asked| match asked {
            tags if tags.contains("/2017-03-31/tags/") => (403, r#"{"__type":"AccessDeniedException"}"#.into()),
            list if list.contains("Marker=more") => (200, MAPPINGS.into()),
            first => {
                assert!(first.contains("/2015-03-31/event-source-mappings?"), "{first}");
                (200, r#"{"EventSourceMappings":[],"NextMarker":"more"}"#.into())
            }
        })
        .await;
        let [r] = &out.resources[..] else { panic!("one mapping: {out:?}") };
        assert_eq!(r.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGS.into() }));
        assert!(r.get("EventSourceArn").is_absent());
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }
}
