//! Lifecycle hooks: one call per group.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::LifecycleHook;
use aws_smithy_types::error::ErrorMetadata;

use super::SPEC;
use crate::collect::gone::unless;
use crate::collect::shape::{list, map, number, text};
use crate::collect::{Answer, Cx, TypeSpec, order};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "autoscaling:DescribeLifecycleHooks";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::AutoScaling::LifecycleHook",
    asked: &[("", LIST)],
    reads: &[
        "AutoScalingGroupName",
        "DefaultResult",
        "HeartbeatTimeout",
        "LifecycleHookName",
        "LifecycleTransition",
        "NotificationMetadata",
        "NotificationTargetARN",
        "RoleARN",
    ],
    ..TypeSpec::LISTED
};

/// The hooks of a group; absent if the group is gone.
pub(super) async fn of(cx: &Cx, client: &Client, group: &str, affects: &[&str]) -> Answer<Vec<LifecycleHook>> {
    let request = client.describe_lifecycle_hooks().auto_scaling_group_name(group).send();
    match cx.ask(LIST, affects, &[], unless(is_gone, request)).await {
        Answer::Is(Some(answer)) => Answer::Is(answer.lifecycle_hooks.unwrap_or_default()),
        Answer::Is(None) | Answer::Absent => Answer::Absent,
        Answer::Unknown(why) => Answer::Unknown(why),
    }
}

/// The service has one code for all that is wrong with a request; only the message tells that the group is not there.
fn is_gone(error: &ErrorMetadata) -> bool {
    error.code() == Some("ValidationError") && error.message().is_some_and(|message| message.contains("not found"))
}

/// A hook. Its id is its name, which other groups may have too.
pub(super) fn resource(cx: &Cx, hook: &LifecycleHook) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, hook.lifecycle_hook_name().unwrap_or_default(), "");
    r.set("AutoScalingGroupName", text(hook.auto_scaling_group_name()));
    for (name, kind) in specification(hook) {
        r.set(name, kind);
    }
    r
}

/// Hooks as a property of their group.
pub(super) fn specifications(hooks: &[LifecycleHook]) -> Kind {
    let hooks = order::by(hooks, |hook| hook.lifecycle_hook_name.clone());
    list(hooks.into_iter().map(|hook| map(specification(hook))))
}

fn specification(hook: &LifecycleHook) -> [(&'static str, Kind); 7] {
    [
        ("LifecycleHookName", text(hook.lifecycle_hook_name())),
        ("LifecycleTransition", text(hook.lifecycle_transition())),
        ("DefaultResult", text(hook.default_result())),
        ("HeartbeatTimeout", number(hook.heartbeat_timeout())),
        ("NotificationMetadata", text(hook.notification_metadata())),
        ("NotificationTargetARN", text(hook.notification_target_arn())),
        ("RoleARN", text(hook.role_arn())),
    ]
}
