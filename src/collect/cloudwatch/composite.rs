//! Alarms composed of other alarms.

use aws_sdk_cloudwatch::types::{ActionsSuppressedBy, CompositeAlarm, StateValue};

use super::{LIST, SPEC, TAGS, action_configuration};
use crate::collect::shape::{flag, list, number, text, time};
use crate::collect::{Cx, TypeSpec};
use crate::model::Resource;

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CloudWatch::CompositeAlarm",
    asked: &[("Tags", TAGS), ("", LIST)],
    reads: &[
        "ActionConfiguration",
        "ActionsEnabled",
        "ActionsSuppressor",
        "ActionsSuppressorExtensionPeriod",
        "ActionsSuppressorWaitPeriod",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "AlarmRule",
        "InsufficientDataActions",
        "OKActions",
        "Tags",
    ],
    on_demand: &["Tags"],
    calls: 1,
};

/// An alarm without its tags.
pub(super) fn resource(cx: &Cx, alarm: &CompositeAlarm) -> Resource {
    let mut r =
        cx.resource(&SPEC, TYPE.name, alarm.alarm_name().unwrap_or_default(), alarm.alarm_arn().unwrap_or_default());
    for (name, value) in [
        ("AlarmName", text(alarm.alarm_name())),
        ("AlarmDescription", text(alarm.alarm_description())),
        ("AlarmRule", text(alarm.alarm_rule())),
        ("ActionsEnabled", flag(alarm.actions_enabled())),
        ("OKActions", list(alarm.ok_actions().iter().map(|arn| text(Some(arn))))),
        ("AlarmActions", list(alarm.alarm_actions().iter().map(|arn| text(Some(arn))))),
        ("InsufficientDataActions", list(alarm.insufficient_data_actions().iter().map(|arn| text(Some(arn))))),
        ("ActionsSuppressor", text(alarm.actions_suppressor())),
        ("ActionsSuppressorWaitPeriod", number(alarm.actions_suppressor_wait_period())),
        ("ActionsSuppressorExtensionPeriod", number(alarm.actions_suppressor_extension_period())),
        ("ActionConfiguration", action_configuration(alarm.action_configuration())),
    ] {
        r.set(name, value);
    }
    r.set_attribute("Arn", text(alarm.alarm_arn()));
    r.set_attribute("StateValue", text(alarm.state_value().map(StateValue::as_str)));
    r.set_attribute("StateUpdatedTimestamp", time(alarm.state_updated_timestamp()));
    r.set_attribute("ActionsSuppressedBy", text(alarm.actions_suppressed_by().map(ActionsSuppressedBy::as_str)));
    r
}
