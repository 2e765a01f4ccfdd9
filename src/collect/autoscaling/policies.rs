//! Scaling policies.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::describe_policies::DescribePoliciesOutput;
use aws_sdk_autoscaling::types::{Alarm, ScalingPolicy, StepAdjustment};

use super::metrics::{decimal, tracking};
use super::predictions::predictive;
use super::{PAGE, SPEC};
use crate::collect::shape::{flag, list, map, number, number_text, set, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "autoscaling:DescribePolicies";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::AutoScaling::ScalingPolicy",
    asked: &[("", LIST)],
    reads: &[
        "AdjustmentType",
        "AutoScalingGroupName",
        "Cooldown",
        "EstimatedInstanceWarmup",
        "MetricAggregationType",
        "MinAdjustmentMagnitude",
        "PolicyType",
        "PredictiveScalingConfiguration",
        "ScalingAdjustment",
        "StepAdjustments",
        "TargetTrackingConfiguration",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let request = client.describe_policies().max_records(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| request.clone().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let policies = pages.pages.iter().flat_map(DescribePoliciesOutput::scaling_policies);
    Out::of(TYPE.name, policies.map(|policy| resource(cx, policy)), &pages.end)
}

fn resource(cx: &Cx, policy: &ScalingPolicy) -> Resource {
    let arn = policy.policy_arn().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    let properties = [
        ("AutoScalingGroupName", text(policy.auto_scaling_group_name())),
        ("PolicyType", text(policy.policy_type())),
        ("AdjustmentType", text(policy.adjustment_type())),
        ("ScalingAdjustment", number(policy.scaling_adjustment())),
        ("StepAdjustments", steps(policy.step_adjustments())),
        ("MinAdjustmentMagnitude", number(policy.min_adjustment_magnitude())),
        ("MetricAggregationType", text(policy.metric_aggregation_type())),
        ("Cooldown", number_text(policy.cooldown())),
        ("EstimatedInstanceWarmup", number(policy.estimated_instance_warmup())),
        ("TargetTrackingConfiguration", policy.target_tracking_configuration().map_or(Kind::Null, tracking)),
        ("PredictiveScalingConfiguration", policy.predictive_scaling_configuration().map_or(Kind::Null, predictive)),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    r.set_attribute("Arn", text(Some(arn)));
    r.set_attribute("PolicyName", text(policy.policy_name()));
    r.set_attribute("Enabled", flag(policy.enabled()));
    r.set_attribute("Alarms", set(policy.alarms().iter().filter_map(Alarm::alarm_name)));
    r
}

/// The steps from below; the first has no lower bound.
fn steps(steps: &[StepAdjustment]) -> Kind {
    let lower = |step: &StepAdjustment| step.metric_interval_lower_bound().unwrap_or(f64::NEG_INFINITY);
    let mut steps: Vec<&StepAdjustment> = steps.iter().collect();
    steps.sort_by(|a, b| lower(a).total_cmp(&lower(b)));
    list(steps.into_iter().map(|step| {
        map([
            ("MetricIntervalLowerBound", decimal(step.metric_interval_lower_bound())),
            ("MetricIntervalUpperBound", decimal(step.metric_interval_upper_bound())),
            ("ScalingAdjustment", number(step.scaling_adjustment())),
        ])
    }))
}

#[cfg(test)]
mod tests {
    use super::super::AutoScaling;
    use super::*;
    use crate::collect::testing::query::{action, answer, error};
    use crate::collect::testing::{claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    const FIRST: &str = "<ScalingPolicies><member>
        <PolicyARN>arn:aws:autoscaling:eu-west-1:1:scalingPolicy:u:autoScalingGroupName/web:policyName/steps</PolicyARN>
        <PolicyName>steps</PolicyName><AutoScalingGroupName>web</AutoScalingGroupName>
        <PolicyType>StepScaling</PolicyType><AdjustmentType>ChangeInCapacity</AdjustmentType><Cooldown>30</Cooldown>
        <StepAdjustments>
            <member><MetricIntervalLowerBound>10</MetricIntervalLowerBound><ScalingAdjustment>2</ScalingAdjustment></member>
            <member><MetricIntervalUpperBound>10</MetricIntervalUpperBound><ScalingAdjustment>1</ScalingAdjustment></member>
        </StepAdjustments><Alarms><member><AlarmName>hot</AlarmName></member></Alarms><Enabled>true</Enabled>
        </member></ScalingPolicies><NextToken>more</NextToken>";

    const SECOND: &str =
        "<ScalingPolicies><member><PolicyARN>arn:track</PolicyARN><PolicyType>TargetTrackingScaling</PolicyType>
        <TargetTrackingConfiguration><PredefinedMetricSpecification>
        <PredefinedMetricType>ASGAverageCPUUtilization</PredefinedMetricType></PredefinedMetricSpecification>
        <TargetValue>55.5</TargetValue></TargetTrackingConfiguration></member></ScalingPolicies>";

    #[tokio::test]
    async fn policies_are_read_page_by_page() {
        let cx = cx("eu-west-1", |asked| match action(asked) {
            list @ "DescribePolicies" if asked.contains("NextToken=more") => answer(list, SECOND),
            list @ "DescribePolicies" => answer(list, FIRST),
            other => answer(other, ""),
        });
        let out = collected(&AutoScaling, &cx).await;
        let [step, track] = &out.resources[..] else { panic!("two policies: {out:?}") };
        assert_eq!(properties(step), claimed(&SPEC, step));
        let expected = json!([{"MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 2}]);
        assert_eq!(step.get("StepAdjustments").value().map(to_json), Some(expected));
        assert_eq!(step.get("Cooldown").as_str(), Some("30"));
        assert_eq!(step.attribute("PolicyName").as_str(), Some("steps"));
        assert_eq!(step.attribute("Alarms").value().map(to_json), Some(json!(["hot"])));
        let metric = track.get("TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType");
        assert_eq!(metric.as_str(), Some("ASGAverageCPUUtilization"));
        assert!(track.get("StepAdjustments").is_absent());
    }

    #[tokio::test]
    async fn half_a_listing_is_kept_and_said_to_be_half() {
        let cx = cx("eu-west-1", |asked| match action(asked) {
            "DescribePolicies" if asked.contains("NextToken=more") => error(403, "AccessDenied", ""),
            list @ "DescribePolicies" => answer(list, FIRST),
            other => answer(other, ""),
        });
        let out = collected(&AutoScaling, &cx).await;
        assert_eq!(out.resources.len(), 1);
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
    }
}
