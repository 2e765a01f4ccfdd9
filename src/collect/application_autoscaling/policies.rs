//! Scaling policies.

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use serde_json::Value as Json;

use super::{SPEC, target_id};
use crate::collect::json::{items, kind, pick, text as text_at};
use crate::collect::shape::{set, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const LIST: &str = "application-autoscaling:DescribeScalingPolicies";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApplicationAutoScaling::ScalingPolicy",
    asked: &[("", LIST)],
    reads: &[
        "PolicyName",
        "PolicyType",
        "PredictiveScalingPolicyConfiguration",
        "ResourceId",
        "ScalableDimension",
        "ScalingTargetId",
        "ServiceNamespace",
        "StepScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration",
    ],
    ..TypeSpec::LISTED
};

/// The largest page of the listing.
const PAGE: i32 = 10;

/// Properties that the answer has under the same name.
const NAMES: &[(&str, &str)] = &[
    ("PolicyName", "PolicyName"),
    ("PolicyType", "PolicyType"),
    ("ResourceId", "ResourceId"),
    ("ScalableDimension", "ScalableDimension"),
    ("ServiceNamespace", "ServiceNamespace"),
];

/// What a policy does, by type of policy. Every list in them is a set.
const CONFIGURATIONS: &[&str] = &[
    "PredictiveScalingPolicyConfiguration",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
];

/// The policies of one namespace.
pub(super) async fn collect(cx: &Cx, client: &Client, namespace: &ServiceNamespace) -> Out {
    let request = client.describe_scaling_policies().service_namespace(namespace.clone()).max_results(PAGE);
    let pages = cx
        .pages_json(
            LIST,
            &[TYPE.name],
            |start| request.clone().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let policies = pages.pages.iter().flat_map(|page| items(page, "ScalingPolicies"));
    Out::of(TYPE.name, policies.map(|policy| resource(cx, policy)), &pages.end)
}

fn resource(cx: &Cx, policy: &Json) -> Resource {
    let arn = text_at(policy, "PolicyARN");
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    for (name, kind) in pick(policy, NAMES) {
        r.set(name, kind);
    }
    for name in CONFIGURATIONS {
        r.set(name, kind(&in_order(policy.get(name).unwrap_or(&Json::Null))));
    }
    let [resource, dimension, namespace] =
        ["ResourceId", "ScalableDimension", "ServiceNamespace"].map(|name| text_at(policy, name));
    r.set("ScalingTargetId", text(Some(&target_id(resource, dimension, namespace))));
    r.set_attribute("Arn", text(Some(arn)));
    r.set_attribute("Alarms", set(items(policy, "Alarms").iter().map(|alarm| text_at(alarm, "AlarmName"))));
    r
}

/// The value with every list in it in an order of its own.
fn in_order(value: &Json) -> Json {
    match value {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(in_order).collect();
            items.sort_by_cached_key(ToString::to_string);
            Json::Array(items)
        }
        Json::Object(members) => members.iter().map(|(name, member)| (name.clone(), in_order(member))).collect(),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ApplicationAutoScaling, targets};
    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    const TARGETS: &str = r#"{"ScalableTargets": [{"ServiceNamespace": "dynamodb", "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits", "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": "arn:r",
        "CreationTime": 1767322984}]}"#;

    const POLICIES: &str = r#"{"ScalingPolicies": [{
        "PolicyARN": "arn:aws:autoscaling:eu-west-1:1:scalingPolicy:u:resource/dynamodb/table/orders:policyName/read",
        "PolicyName": "read", "ServiceNamespace": "dynamodb", "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0, "ScaleInCooldown": 0, "DisableScaleIn": false,
            "CustomizedMetricSpecification": {"MetricName": "M", "Namespace": "N", "Statistic": "Average",
                "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}]}},
        "Alarms": [{"AlarmName": "high", "AlarmARN": "arn:h"}], "CreationTime": 1767322984.5}]}"#;

    fn table(asked: &str) -> (u16, String) {
        let answer = match asked {
            other if !other.contains("dynamodb") => "{}",
            targets if targets.contains("DescribeScalableTargets") => TARGETS,
            policies if policies.contains("DescribeScalingPolicies") => {
                assert!(policies.contains(r#""MaxResults":10"#), "{policies}");
                POLICIES
            }
            _ => "{}",
        };
        (200, answer.into())
    }

    #[tokio::test]
    async fn a_policy_reads_as_cloudformation_would_declare_it() {
        let out = collected(&ApplicationAutoScaling, &cx("eu-west-1", table)).await;
        let [r] = &out.resources.iter().filter(|r| &*r.kind == TYPE.name).collect::<Vec<_>>()[..] else {
            panic!("one policy: {out:?}")
        };
        assert_eq!(properties(r), claimed(&SPEC, r));
        let target = "table/orders|dynamodb:table:ReadCapacityUnits|dynamodb";
        assert_eq!(r.get("ScalingTargetId").as_str(), Some(target));
        let expected = json!({"TargetValue": 70.0, "ScaleInCooldown": 0, "DisableScaleIn": false,
            "CustomizedMetricSpecification": {"MetricName": "M", "Namespace": "N", "Statistic": "Average",
                "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]}});
        assert_eq!(r.get("TargetTrackingScalingPolicyConfiguration").value().map(to_json), Some(expected));
        assert!(r.get("StepScalingPolicyConfiguration").is_absent());
        assert_eq!(r.attribute("Alarms").value().map(to_json), Some(json!(["high"])));
    }

    #[tokio::test]
    async fn policies_that_may_not_be_listed_are_unknown_and_their_targets_are_not() {
        let denied: Aws = |asked| match asked {
            policies if policies.contains("DescribeScalingPolicies") => {
                (400, r#"{"__type": "AccessDeniedException"}"#.into())
            }
            other => table(other),
        };
        let out = collected(&ApplicationAutoScaling, &cx("eu-west-1", denied)).await;
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
        assert_eq!(out.listed[targets::TYPE.name], Ok(()));
        // It is older than tags and has no ARN to ask for them.
        assert_eq!(out.resources[0].get("Tags").why_unknown(), Some(Unknown::NotCollected));
    }
}
