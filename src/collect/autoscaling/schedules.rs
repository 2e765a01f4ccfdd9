//! Scheduled actions.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::describe_scheduled_actions::DescribeScheduledActionsOutput;
use aws_sdk_autoscaling::types::ScheduledUpdateGroupAction;

use super::{PAGE, SPEC};
use crate::collect::shape::{number, text, time, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const LIST: &str = "autoscaling:DescribeScheduledActions";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::AutoScaling::ScheduledAction",
    asked: &[("", LIST)],
    reads: &[
        "AutoScalingGroupName",
        "DesiredCapacity",
        "EndTime",
        "MaxSize",
        "MinSize",
        "Recurrence",
        "StartTime",
        "TimeZone",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let request = client.describe_scheduled_actions().max_records(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| request.clone().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let actions = pages.pages.iter().flat_map(DescribeScheduledActionsOutput::scheduled_update_group_actions);
    Out::of(TYPE.name, actions.map(|action| resource(cx, action)), &pages.end)
}

fn resource(cx: &Cx, action: &ScheduledUpdateGroupAction) -> Resource {
    let name = action.scheduled_action_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, action.scheduled_action_arn().unwrap_or_default());
    let properties = [
        ("AutoScalingGroupName", text(action.auto_scaling_group_name())),
        ("MinSize", number(action.min_size())),
        ("MaxSize", number(action.max_size())),
        ("DesiredCapacity", number(action.desired_capacity())),
        ("Recurrence", text(action.recurrence())),
        ("StartTime", time(action.start_time())),
        ("EndTime", time(action.end_time())),
        ("TimeZone", text(action.time_zone())),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    r.set_attribute("ScheduledActionName", text(Some(name)));
    r
}

#[cfg(test)]
mod tests {
    use super::super::AutoScaling;
    use super::*;
    use crate::collect::testing::query::{action, answer};
    use crate::collect::testing::{claimed, collected, cx, properties};
    use crate::model::Value;

    #[tokio::test]
    async fn a_scheduled_action_reads_as_cloudformation_would_declare_it() {
        let cx = cx("eu-west-1", |asked| {
            match action(asked) {
            list @ "DescribeScheduledActions" => answer(
                list,
                "<ScheduledUpdateGroupActions><member><AutoScalingGroupName>web</AutoScalingGroupName>
                <ScheduledActionName>night</ScheduledActionName>
                <ScheduledActionARN>arn:aws:autoscaling:eu-west-1:1:scheduledUpdateGroupAction:u:autoScalingGroupName/web:scheduledActionName/night</ScheduledActionARN>
                <Time>2027-01-01T20:00:00Z</Time><StartTime>2027-01-01T20:00:00Z</StartTime><Recurrence>0 20 * * *</Recurrence>
                <MinSize>0</MinSize><TimeZone>Europe/Berlin</TimeZone></member></ScheduledUpdateGroupActions>",
            ),
            other => answer(other, ""),
        }
        });
        let out = collected(&AutoScaling, &cx).await;
        let [r] = &out.resources[..] else { panic!("one action: {out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.get("StartTime").as_str(), Some("2027-01-01T20:00:00Z"));
        assert_eq!(r.get("MinSize").value().and_then(Value::as_int), Some(0));
        assert!(r.get("MaxSize").is_absent() && r.get("EndTime").is_absent());
    }
}
