//! `EventBridge` Scheduler: schedules of all groups.
//!
//! An account may have very many schedules that run once: what only `GetSchedule` tells is asked for where somebody wants it.

use async_trait::async_trait;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::list_schedules::ListSchedulesOutput;
use aws_sdk_scheduler::types::{ScheduleState, ScheduleSummary};
use aws_smithy_types::DateTime;
use serde_json::Value as Json;

use super::events::ecs;
use super::json::{at, kind, pick, text as text_at};
use super::order::all_sorted;
use super::shape::set_unknown;
use super::shape::{map, text, time, token};
use super::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

const LIST: &str = "scheduler:ListSchedules";
const READ: &str = "scheduler:GetSchedule";

/// `ActionAfterCompletion` is no property of the schema.
const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Scheduler::Schedule",
    asked: &[("Name", LIST), ("GroupName", LIST), ("State", LIST), ("", READ)],
    reads: &[
        "Description",
        "EndDate",
        "FlexibleTimeWindow",
        "GroupName",
        "KmsKeyArn",
        "Name",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartDate",
        "State",
        "Target",
    ],
    on_demand: DETAILS,
    calls: 1,
};

/// What the listing leaves out.
const DETAILS: &[&str] = &[
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "Target",
];

static SPEC: Spec =
    Spec { name: "scheduler", reach: Reach::Regional, listings: 1, types: &[TYPE], actions: &[LIST, READ] };

/// Each tag of a task is a mapping of its own, whose keys are data.
const ECS: ecs::Names = ecs::Names { network: "AwsvpcConfiguration", strategies: "PlacementStrategy", tags: "Tags" };

/// The largest page of a schedule listing.
const PAGE: i32 = 100;

/// Reads the schedules of one region.
pub struct Scheduler;

#[async_trait]
impl Collector for Scheduler {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| client.list_schedules().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let readings = pages.pages.iter().flat_map(ListSchedulesOutput::schedules).map(|schedule| {
            let (cx, client, schedule) = (cx.clone(), client.clone(), schedule.clone());
            async move { read(&cx, &client, &schedule).await }
        });
        out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    }
}

/// One schedule; `None` if it has gone meanwhile, as those do that delete themselves.
async fn read(cx: &Cx, client: &Client, schedule: &ScheduleSummary) -> Option<Resource> {
    let name = schedule.name().unwrap_or_default();
    let request = client.get_schedule().name(name).set_group_name(schedule.group_name().map(str::to_owned)).send();
    let answer = cx.ask_json_for((TYPE.name, name, DETAILS), READ, &["ResourceNotFoundException"], request).await;
    match answer {
        Answer::Is(details) => Some(resource(cx, schedule, Ok(&details))),
        Answer::Absent => None,
        Answer::Unknown(why) => Some(resource(cx, schedule, Err(&why))),
    }
}

fn resource(cx: &Cx, schedule: &ScheduleSummary, details: Result<&Json, &Unknown>) -> Resource {
    let name = schedule.name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, schedule.arn().unwrap_or_default());
    r.set("Name", text(Some(name)));
    r.set("GroupName", text(schedule.group_name()));
    r.set("State", text(schedule.state().map(ScheduleState::as_str)));
    match details {
        Ok(details) => describe(&mut r, details),
        Err(why) => set_unknown(&mut r, DETAILS, why),
    }
    r.set_attribute("Arn", text(schedule.arn()));
    r
}

fn describe(r: &mut Resource, details: &Json) {
    for name in ["Description", "FlexibleTimeWindow", "KmsKeyArn", "ScheduleExpression", "ScheduleExpressionTimezone"] {
        r.set(name, kind(at(details, name)));
    }
    r.set("StartDate", date(at(details, "StartDate")));
    r.set("EndDate", date(at(details, "EndDate")));
    r.set("Target", target(at(details, "Target")));
    r.set_attribute("ActionAfterCompletion", text(Some(text_at(details, "ActionAfterCompletion"))));
}

/// A point in time, which the service writes in seconds.
fn date(seconds: &Json) -> Kind {
    time(seconds.as_f64().map(DateTime::from_secs_f64).as_ref())
}

/// The schema writes a target as the service does, but for the parts that come from ECS.
fn target(target: &Json) -> Kind {
    let whole = pick(
        target,
        &[
            ("Arn", "Arn"),
            ("RoleArn", "RoleArn"),
            ("DeadLetterConfig", "DeadLetterConfig"),
            ("EventBridgeParameters", "EventBridgeParameters"),
            ("Input", "Input"),
            ("KinesisParameters", "KinesisParameters"),
            ("RetryPolicy", "RetryPolicy"),
            ("SqsParameters", "SqsParameters"),
        ],
    );
    map(whole.chain([
        ("EcsParameters", ecs::parameters(at(target, "EcsParameters"), &ECS)),
        ("SageMakerPipelineParameters", all_sorted(kind(at(target, "SageMakerPipelineParameters")))),
    ]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::to_json;

    fn answer(asked: &str) -> (u16, String) {
        let answer = match asked {
            list if list.contains("/schedules?") && list.contains("NextToken") => json!({"Schedules": [
                {"Name": "gone", "GroupName": "default", "State": "ENABLED", "Arn": "arn:aws:scheduler:us-east-1:1:schedule/default/gone"},
            ]}),
            list if list.contains("/schedules?") => json!({"NextToken": "more", "Schedules": [
                {"Name": "nightly", "GroupName": "jobs", "State": "DISABLED", "Arn": "arn:aws:scheduler:us-east-1:1:schedule/jobs/nightly"},
            ]}),
            gone if gone.contains("/schedules/gone?") => {
                return (404, r#"{"__type": "ResourceNotFoundException"}"#.into());
            }
            read => {
                assert!(read.contains("/schedules/nightly?groupName=jobs"), "{read}");
                json!({
                    "Name": "nightly", "GroupName": "jobs", "State": "DISABLED", "Description": "of the jobs",
                    "ScheduleExpression": "cron(0 1 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin",
                    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
                    "StartDate": 1_800_000_000.0, "KmsKeyArn": "arn:aws:kms:us-east-1:1:key/k",
                    "ActionAfterCompletion": "NONE",
                    "Target": {
                        "Arn": "arn:aws:ecs:us-east-1:1:cluster/c", "RoleArn": "arn:aws:iam::1:role/r",
                        "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
                        "EcsParameters": {
                            "TaskDefinitionArn": "arn:t", "TaskCount": 2,
                            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["s-2", "s-1"]}},
                            "PlacementStrategy": [{"type": "spread", "field": "host"}],
                            "Tags": [{"Key": "a", "Value": "b"}],
                        },
                    },
                })
            }
        };
        (200, answer.to_string())
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Scheduler, "us-east-1").await.resources, []);
    }

    #[tokio::test]
    async fn a_schedule_reads_as_cloudformation_would_declare_it_and_a_vanished_one_is_dropped() {
        let out = collected(&Scheduler, &cx("us-east-1", answer)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        let [schedule] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(schedule), claimed(&SPEC, schedule));
        let expected = json!({
            "Name": "nightly", "GroupName": "jobs", "State": "DISABLED", "Description": "of the jobs",
            "ScheduleExpression": "cron(0 1 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
            "StartDate": "2027-01-15T08:00:00Z", "EndDate": null, "KmsKeyArn": "arn:aws:kms:us-east-1:1:key/k",
            "Target": {
                "Arn": "arn:aws:ecs:us-east-1:1:cluster/c", "RoleArn": "arn:aws:iam::1:role/r",
                "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
                "EcsParameters": {
                    "TaskDefinitionArn": "arn:t", "TaskCount": 2,
                    "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["s-1", "s-2"]}},
                    "PlacementStrategy": [{"Type": "spread", "Field": "host"}],
                    "Tags": [{"Key": "a", "Value": "b"}],
                },
            },
        });
        assert_eq!(to_json(&schedule.properties), expected);
    }

    #[tokio::test]
    async fn what_the_listing_leaves_out_is_read_only_if_somebody_asks_and_may_be_denied() {
        let mut quiet = cx("us-east-1", answer);
        quiet.wanted = std::sync::Arc::default();
        let out = collected(&Scheduler, &quiet).await;
        assert_eq!(out.resources.len(), 2, "nobody looked whether one is gone");
        assert_eq!(out.resources[0].get("Target").why_unknown(), Some(Unknown::NotCollected));
        let out = collected(
            &Scheduler,
            &cx("us-east-1", |asked| match asked {
                list if list.contains("/schedules?") => answer(list),
                _ => (403, r#"{"__type": "AccessDeniedException"}"#.into()),
            }),
        )
        .await;
        for name in DETAILS {
            let why = out.resources[0].get(name).why_unknown();
            assert_eq!(why, Some(Unknown::Denied { action: READ.into() }), "{name}");
        }
        assert!(out.resources.iter().any(|r| r.get("State").as_str() == Some("DISABLED")));
    }
}
