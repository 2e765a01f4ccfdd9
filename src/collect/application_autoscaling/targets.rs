//! Scalable targets.

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::operation::describe_scalable_targets::DescribeScalableTargetsOutput;
use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace, SuspendedState};

use super::schedules::{ByTarget, scheduled};
use super::{SPEC, target_id};
use crate::collect::shape::{flag, map, number, set_tags, text, token};
use crate::collect::{Answer, Cx, Pages, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "application-autoscaling:DescribeScalableTargets";
pub(super) const TAGS: &str = "application-autoscaling:ListTagsForResource";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApplicationAutoScaling::ScalableTarget",
    asked: &[("ScheduledActions", super::schedules::LIST), ("Tags", TAGS), ("", LIST)],
    reads: &[
        "MaxCapacity",
        "MinCapacity",
        "ResourceId",
        "RoleARN",
        "ScalableDimension",
        "ScheduledActions",
        "ServiceNamespace",
        "SuspendedState",
        "Tags",
    ],
    on_demand: &["ScheduledActions", "Tags"],
    calls: 1,
};

/// The largest page of a listing of targets.
const PAGE: i32 = 50;

/// How the service says that a target is not there any more.
const GONE: &str = "ResourceNotFoundException";

pub(super) async fn listing(
    cx: &Cx,
    client: &Client,
    namespace: &ServiceNamespace,
) -> Pages<DescribeScalableTargetsOutput> {
    let request = client.describe_scalable_targets().service_namespace(namespace.clone()).max_results(PAGE);
    cx.pages(LIST, &[TYPE.name], |start| request.clone().set_next_token(start).send(), |page| token(page.next_token()))
        .await
}

/// The targets of one namespace; without those that are gone.
pub(super) async fn collect(
    cx: &Cx,
    client: &Client,
    pages: &[DescribeScalableTargetsOutput],
    actions: &Answer<ByTarget>,
) -> Vec<Resource> {
    let readings = pages.iter().flat_map(DescribeScalableTargetsOutput::scalable_targets).map(|target| {
        let (cx, client, r) = (cx.clone(), client.clone(), resource(cx, target, actions));
        async move { Box::pin(tag(&cx, &client, r)).await }
    });
    tasks::all(readings.collect()).await.into_iter().flatten().collect()
}

/// Sets the tags; `None` if the target is gone. A target that is older than tags has no ARN by which to ask.
async fn tag(cx: &Cx, client: &Client, mut r: Resource) -> Option<Resource> {
    let id = r.address.physical_id.clone().unwrap_or_default();
    let answer = match &r.address.arn {
        None => Answer::Unknown(Unknown::NotCollected),
        Some(arn) => {
            let request = client.list_tags_for_resource().resource_arn(&**arn).send();
            cx.ask_for((TYPE.name, &id, &["Tags"]), TAGS, &[GONE], request).await
        }
    };
    match answer {
        Answer::Is(told) => {
            set_tags(&mut r, told.tags().into_iter().flatten().map(|(key, value)| (Some(&**key), Some(&**value))));
        }
        Answer::Absent => return None,
        Answer::Unknown(why) => r.set("Tags", Kind::Unknown(why)),
    }
    Some(r)
}

/// A target without its tags.
fn resource(cx: &Cx, target: &ScalableTarget, actions: &Answer<ByTarget>) -> Resource {
    let (namespace, dimension) = (target.service_namespace().as_str(), target.scalable_dimension().as_str());
    let id = target_id(target.resource_id(), dimension, namespace);
    let mut r = cx.resource(&SPEC, TYPE.name, &id, target.scalable_target_arn().unwrap_or_default());
    let properties = [
        ("ServiceNamespace", text(Some(namespace))),
        ("ResourceId", text(Some(target.resource_id()))),
        ("ScalableDimension", text(Some(dimension))),
        ("MinCapacity", number(Some(target.min_capacity()))),
        ("MaxCapacity", number(Some(target.max_capacity()))),
        ("RoleARN", text(Some(target.role_arn()))),
        ("SuspendedState", target.suspended_state().map_or(Kind::Null, suspended)),
        ("ScheduledActions", scheduled(actions, &id)),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    r.set_attribute("Id", text(Some(&id)));
    r
}

fn suspended(state: &SuspendedState) -> Kind {
    map([
        ("DynamicScalingInSuspended", flag(state.dynamic_scaling_in_suspended())),
        ("DynamicScalingOutSuspended", flag(state.dynamic_scaling_out_suspended())),
        ("ScheduledScalingSuspended", flag(state.scheduled_scaling_suspended())),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::{ApplicationAutoScaling, schedules};
    use super::*;
    use crate::collect::Out;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::to_json;
    use serde_json::json;

    const ID: &str = "service/main/web|ecs:service:DesiredCount|ecs";

    fn target(resource: &str) -> String {
        format!(
            r#"{{"ServiceNamespace": "ecs", "ResourceId": "{resource}", "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 0, "MaxCapacity": 8, "RoleARN": "arn:role", "CreationTime": 1767322984.1,
            "SuspendedState": {{"DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false}},
            "ScalableTargetARN": "arn:aws:application-autoscaling:eu-west-1:1:scalable-target/1"}}"#
        )
    }

    fn ecs(asked: &str) -> (u16, String) {
        let answer = match asked {
            tags if tags.contains("ListTagsForResource") => r#"{"Tags": {"Team": "web", "Cost": ""}}"#.into(),
            other if !other.contains(r#""ServiceNamespace":"ecs""#) => "{}".into(),
            targets if targets.contains("DescribeScalableTargets") => {
                if targets.contains(r#""NextToken":"2""#) {
                    format!(r#"{{"ScalableTargets": [{}]}}"#, target("service/main/web"))
                } else {
                    r#"{"ScalableTargets": [], "NextToken": "2"}"#.into()
                }
            }
            actions if actions.contains("DescribeScheduledActions") => r#"{"ScheduledActions": [
                {"ScheduledActionName": "night", "ScheduledActionARN": "arn:n", "ServiceNamespace": "ecs",
                "Schedule": "cron(0 20 * * ? *)", "Timezone": "Europe/Berlin", "ResourceId": "service/main/web",
                "ScalableDimension": "ecs:service:DesiredCount", "StartTime": 1767225600, "CreationTime": 1767225600.5,
                "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 1}},
                {"ScheduledActionName": "day", "ScheduledActionARN": "arn:d", "ServiceNamespace": "ecs",
                "Schedule": "rate(1 day)", "ResourceId": "service/main/web",
                "ScalableDimension": "ecs:service:DesiredCount", "CreationTime": 1767225600.5}]}"#
                .into(),
            _ => "{}".into(),
        };
        (200, answer)
    }

    async fn found(aws: Aws) -> Out {
        collected(&ApplicationAutoScaling, &cx("eu-west-1", aws)).await
    }

    #[tokio::test]
    async fn a_target_reads_as_cloudformation_would_declare_it() {
        let out = found(ecs).await;
        let [r] = &out.resources[..] else { panic!("one target: {out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.physical_id.as_deref(), Some(ID));
        let read = |name: &str| r.get(name).value().map(to_json);
        assert_eq!(read("MinCapacity"), Some(json!(0)));
        let state = json!({"DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false});
        assert_eq!(read("SuspendedState"), Some(state));
        assert_eq!(read("Tags"), Some(json!([{"Key": "Cost", "Value": ""}, {"Key": "Team", "Value": "web"}])));
        let actions = json!([
            {"ScheduledActionName": "day", "Schedule": "rate(1 day)"},
            {"ScheduledActionName": "night", "Schedule": "cron(0 20 * * ? *)", "Timezone": "Europe/Berlin",
                "StartTime": "2026-01-01T00:00:00Z", "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 1}},
        ]);
        assert_eq!(read("ScheduledActions"), Some(actions));
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_unknown() {
        let denied: Aws = |asked| match asked {
            tags if tags.contains("ListTagsForResource") => (400, r#"{"__type": "AccessDeniedException"}"#.into()),
            actions if actions.contains("DescribeScheduledActions") => {
                (400, r#"{"__type": "AccessDeniedException"}"#.into())
            }
            other => ecs(other),
        };
        let out = found(denied).await;
        let why = |action: &str| Some(Unknown::Denied { action: action.into() });
        assert_eq!(out.resources[0].get("Tags").why_unknown(), why(TAGS));
        assert_eq!(out.resources[0].get("ScheduledActions").why_unknown(), why(schedules::LIST));
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_namespace_that_may_not_be_listed_leaves_the_type_incomplete() {
        let out = found(|asked| {
            if asked.contains("DescribeScalableTargets") && asked.contains("dynamodb") {
                (400, r#"{"__type": "AccessDeniedException"}"#.into())
            } else {
                ecs(asked)
            }
        })
        .await;
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
        assert_eq!(out.resources.len(), 1);
    }

    #[tokio::test]
    async fn a_target_that_vanishes_is_dropped() {
        let out = found(|asked| match asked {
            tags if tags.contains("ListTagsForResource") => (400, format!(r#"{{"__type": "{GONE}"}}"#)),
            other => ecs(other),
        })
        .await;
        assert_eq!((&out.resources[..], &out.listed[TYPE.name]), (&[][..], &Ok(())));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_is_not_read() {
        let mut cx = cx("eu-west-1", |asked| {
            assert!(!asked.contains("ListTags") && !asked.contains("DescribeScheduledActions"), "{asked}");
            ecs(asked)
        });
        cx.wanted = std::sync::Arc::default();
        let out = collected(&ApplicationAutoScaling, &cx).await;
        for property in TYPE.on_demand {
            assert_eq!(out.resources[0].get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
        }
    }
}
