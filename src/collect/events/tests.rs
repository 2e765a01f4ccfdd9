//! Buses, rules and targets, on answers as the API reference documents them.

use serde_json::json;

use super::*;
use crate::collect::testing::{claimed, collected, cx, properties, refused};
use crate::model::{Kind, Provenance, Resource, Unknown, to_json};

#[tokio::test]
async fn where_everything_is_refused_nothing_is_absent() {
    assert_eq!(refused(&Events, "us-east-1").await.resources, []);
}

fn answer(asked: &str) -> (u16, String) {
    let operation = asked.split("AWSEvents.").nth(1).unwrap().split(' ').next().unwrap();
    let answer = match operation {
        "ListEventBuses" if asked.contains("NextToken") => json!({"EventBuses": [
            {"Name": "gone", "Arn": "arn:aws:events:us-east-1:1:event-bus/gone"},
            {"Name": "orders", "Arn": "arn:aws:events:us-east-1:1:event-bus/orders", "Description": "of the shop",
             "Policy": "{\"Version\":\"2012-10-17\"}"},
        ]}),
        "ListEventBuses" => json!({"NextToken": "more", "EventBuses": [
            {"Name": "default", "Arn": "arn:aws:events:us-east-1:1:event-bus/default"},
        ]}),
        _ if asked.contains("gone") => return (400, r#"{"__type": "ResourceNotFoundException"}"#.into()),
        "DescribeEventBus" if asked.contains("orders") => json!({
            "Name": "orders", "Arn": "arn:aws:events:us-east-1:1:event-bus/orders",
            "KmsKeyIdentifier": "alias/events", "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:1:lost"},
            "LogConfig": {"IncludeDetail": "FULL", "Level": "ERROR"},
        }),
        "DescribeEventBus" => json!({"Name": "default", "Arn": "arn:aws:events:us-east-1:1:event-bus/default"}),
        "ListRules" if asked.contains("orders") => json!({"Rules": [{
            "Name": "paid", "Arn": "arn:aws:events:us-east-1:1:rule/orders/paid", "EventBusName": "orders",
            "EventPattern": "{\"source\":[\"shop\"]}", "State": "DISABLED", "Description": "of payments",
            "RoleArn": "arn:aws:iam::1:role/r",
        }]}),
        "ListRules" => json!({"Rules": [{
            "Name": "nightly", "Arn": "arn:aws:events:us-east-1:1:rule/nightly", "EventBusName": "default",
            "ScheduleExpression": "rate(1 day)", "State": "ENABLED", "ManagedBy": "backup.amazonaws.com",
        }]}),
        "ListTargetsByRule" if asked.contains("nightly") => json!({"Targets": []}),
        "ListTargetsByRule" => json!({"Targets": [
            {"Id": "2", "Arn": "arn:aws:sqs:us-east-1:1:q", "InputTransformer": {
                "InputPathsMap": {"who": "$.detail.who"}, "InputTemplate": "\"<who>\""}},
            {"Id": "1", "Arn": "arn:aws:ecs:us-east-1:1:cluster/c", "RoleArn": "arn:aws:iam::1:role/r", "EcsParameters": {
                "TaskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/t:1", "TaskCount": 1,
                "LaunchType": "FARGATE", "EnableECSManagedTags": true, "EnableExecuteCommand": false,
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["s-2", "s-1"], "AssignPublicIp": "DISABLED"}},
                "CapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
                "PlacementConstraints": [{"type": "distinctInstance"}],
                "PlacementStrategy": [{"type": "spread", "field": "host"}],
                "Tags": [{"Key": "a", "Value": "b"}]}},
        ]}),
        "ListTagsForResource" if asked.contains("rule/orders/paid") => {
            json!({"Tags": [{"Key": "team", "Value": "core"}]})
        }
        "ListTagsForResource" => json!({"Tags": []}),
        other => panic!("{other}"),
    };
    (200, answer.to_string())
}

fn named<'a>(out: &'a Out, id: &str) -> &'a Resource {
    out.resources.iter().find(|r| r.address.physical_id.as_deref() == Some(id)).unwrap()
}

#[tokio::test]
async fn buses_and_rules_read_as_cloudformation_would_declare_them_and_a_vanished_bus_is_dropped() {
    let cx = cx("us-east-1", answer);
    let out = collected(&Events, &cx).await;
    assert!(out.listed.values().all(Result::is_ok) && cx.calls.gaps().is_empty(), "{:?}", cx.calls.gaps());
    assert_eq!(out.resources.len(), 4);
    for r in &out.resources {
        assert_eq!(properties(r), claimed(&SPEC, r));
    }
    let bus = named(&out, "orders");
    let expected = json!({
        "Name": "orders", "Description": "of the shop", "Policy": {"Version": "2012-10-17"}, "KmsKeyIdentifier": "alias/events",
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:1:lost"}, "LogConfig": {"IncludeDetail": "FULL", "Level": "ERROR"},
        "Tags": null,
    });
    assert_eq!(to_json(&bus.properties), expected);
    assert_eq!(bus.attribute("IsDefault").value().map(|v| &v.kind), Some(&Kind::Bool(false)));
    assert_eq!(named(&out, "default").provenance, Provenance::Service);
    let rule = named(&out, "orders|paid");
    let expected = json!({
        "Name": "paid", "Description": "of payments", "EventBusName": "orders", "EventPattern": {"source": ["shop"]},
        "RoleArn": "arn:aws:iam::1:role/r", "ScheduleExpression": null, "State": "DISABLED",
        "Targets": [
            {"Id": "1", "Arn": "arn:aws:ecs:us-east-1:1:cluster/c", "RoleArn": "arn:aws:iam::1:role/r", "EcsParameters": {
                "TaskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/t:1", "TaskCount": 1,
                "LaunchType": "FARGATE", "EnableECSManagedTags": true, "EnableExecuteCommand": false,
                "NetworkConfiguration": {"AwsVpcConfiguration": {"Subnets": ["s-1", "s-2"], "AssignPublicIp": "DISABLED"}},
                "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1, "Base": 0}],
                "PlacementConstraints": [{"Type": "distinctInstance"}],
                "PlacementStrategies": [{"Type": "spread", "Field": "host"}],
                "TagList": [{"Key": "a", "Value": "b"}]}},
            {"Id": "2", "Arn": "arn:aws:sqs:us-east-1:1:q", "InputTransformer": {
                "InputPathsMap": {"who": "$.detail.who"}, "InputTemplate": "\"<who>\""}},
        ],
        "Tags": [{"Key": "team", "Value": "core"}],
    });
    assert_eq!(to_json(&rule.properties), expected);
    let managed = named(&out, "nightly");
    assert!(managed.get("Targets").is_absent());
    assert_eq!(managed.attribute("ManagedBy").as_str(), Some("backup.amazonaws.com"));
    assert_eq!(managed.provenance, Provenance::Service);
}

#[tokio::test]
async fn rules_of_a_bus_that_may_not_be_listed_leave_the_listing_incomplete() {
    let out = collected(
        &Events,
        &cx("us-east-1", |asked| {
            let denied = asked.contains("ListRules") && asked.contains("orders") || asked.contains("ListTargetsByRule");
            if denied { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
        }),
    )
    .await;
    assert_eq!(out.listed[rules::TYPE.name], Err(Unknown::Denied { action: rules::LIST.into() }));
    assert_eq!(out.listed[buses::TYPE.name], Ok(()));
    let targets = named(&out, "nightly").get("Targets");
    assert_eq!(targets.why_unknown(), Some(Unknown::Denied { action: rules::TARGETS.into() }));
}

#[tokio::test]
async fn what_nobody_asks_for_is_unknown_and_costs_nothing() {
    let mut cx = cx("us-east-1", answer);
    cx.wanted = std::sync::Arc::default();
    let out = collected(&Events, &cx).await;
    assert_eq!(cx.calls.made().into_keys().collect::<Vec<_>>(), [buses::LIST, rules::LIST]);
    assert_eq!(named(&out, "orders|paid").get("Targets").why_unknown(), Some(Unknown::NotCollected));
    assert_eq!(named(&out, "orders").get("LogConfig").why_unknown(), Some(Unknown::NotCollected));
}
