//! Who is called when an alarm goes off, and when it is over.

use crate::model::{Items, Read, Related, Resource, Unknown, Value};
use crate::rules::answer::any;
use crate::rules::readers::alarm_rule;
use crate::rules::readers::alarms::says;
use crate::rules::readers::spelled;
use crate::rules::readers::topics::{Action, action};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::verdict;

rules! {
    /// ## Why
    /// An alarm that calls nobody is a red dot on a page that nobody looks at.
    ///
    /// `ActionsEnabled` is true unless the alarm says otherwise. An action counts if it is a topic, a scaling policy, a function
    /// or another thing that alarms can call; one whose value is not known leaves the verdict open, one that leads to a topic
    /// that is gone fails. The alarms that target tracking makes for itself (`TargetTracking-…`) are left out. An alarm that a
    /// composite alarm listens to may be silent, since that one speaks for it (`accept_composite_members`).
    ///
    /// ## Fix
    /// ```yaml
    /// HighCpu:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     AlarmActions:
    ///       - !Ref AlertTopic
    /// ```
    ///
    /// `aws cloudwatch enable-alarm-actions --alarm-names high-cpu`
    "cloudwatch-alarm-action-check" => {
        title: "Every alarm has an enabled ALARM action.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"],
        reads: [
            "AWS::SNS::Topic",
            "AWS::AutoScaling::ScalingPolicy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            "AWS::Lambda::Function",
        ],
        params: {
            accept_composite_members: Preset::Bool(true) => "pass alarms without an action that a composite alarm listens to",
        },
        equivalents: [
            "aws-config/cloudwatch-alarm-action-check",
            "aws-config/cloudwatch-alarm-action-enabled-check",
            "security-hub/CloudWatch.15",
            "security-hub/CloudWatch.17",
            "prowler/cloudwatch_alarm_actions_alarm_state_configured",
            "prowler/cloudwatch_alarm_actions_enabled",
            "checkov/CKV_AWS_319",
            "aws-guard/cloudwatch_alarm_action_check",
            "pci-4.0/10.2.1.1",
            "pci-4.0/10.4.1",
            "pci-4.0/10.4.1.1",
            "pci-4.0/10.4.2",
            "pci-4.0/10.4.3",
            "pci-4.0/10.6.3",
            "pci-4.0/10.7.1",
            "pci-4.0/10.7.2",
            "pci-4.0/11.5.2",
            "pci-4.0/11.6.1",
            "pci-4.0/12.10.5",
            "pci-4.0/A3.3.1",
            "pci-4.0/A3.5.1",
        ],
        check: has_action,
    }

    /// ## Why
    /// Whoever was woken by an alarm has to know when it is over; an incident that opens by itself and never closes is soon ignored.
    ///
    /// Alarms without a topic among their `AlarmActions` are left out. No `OKActions` is AWS's default, and fails.
    ///
    /// ## Fix
    /// ```yaml
    /// AlarmActions:
    ///   - !Ref AlertTopic
    /// OKActions:
    ///   - !Ref AlertTopic
    /// ```
    "alarm-ok-actions" => {
        title: "Alarms that notify a topic tell the same topic when they return to OK.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"],
        reads: [
            "AWS::SNS::Topic",
            "AWS::AutoScaling::ScalingPolicy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            "AWS::Lambda::Function",
        ],
        equivalents: [],
        check: tells_when_over,
    }
}

/// What target tracking calls its own alarms.
const OWN: &str = "TargetTracking-";

fn has_action(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if says(&r.get("AlarmName"), |name| name.starts_with(OWN)) == Ok(true) {
        return None;
    }
    let own = check::allow_absent(&r.get("ActionsEnabled"), "true", Value::as_bool).and(actions(r, cx));
    if own.is_pass() || !cx.params.bool("accept_composite_members") {
        return Some(own);
    }
    Some(match alarm_rule::is_member(cx.estate, r) {
        Ok(false) => own,
        answer => verdict(answer, &r.get("AlarmActions"), "an action, or a composite alarm that listens to it"),
    })
}

fn actions(r: &Resource, cx: &Context<'_>) -> Verdict {
    let (list, expected) = (r.get("AlarmActions"), "a topic or another action");
    match list.items() {
        Items::Unknown => check::unknown(&list, expected),
        Items::Absent => check::fail(&list, expected),
        Items::Are(items) => Verdict::any(
            items.iter().map(|item| match action(cx.estate, item) {
                Action::Topic(_) | Action::TopicElsewhere | Action::Other => Verdict::Pass,
                Action::Gone => check::fail(item, "a topic that exists"),
                Action::Nothing => check::fail(item, expected),
                Action::Unknown(why) => verdict(Err(why), item, expected),
            }),
            || check::fail(&list, expected),
        ),
    }
}

fn tells_when_over(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let Items::Are(called) = r.get("AlarmActions").items() else { return None };
    let mut targets = Vec::new();
    let mut maybe = None;
    for item in called {
        match action(cx.estate, &item) {
            Action::Topic(_) | Action::TopicElsewhere | Action::Gone => targets.push(item),
            Action::Unknown(why) => {
                maybe = Some(why);
                targets.push(item);
            }
            Action::Other | Action::Nothing => {}
        }
    }
    if targets.is_empty() {
        return None;
    }
    let (list, expected) = (r.get("OKActions"), "a topic of AlarmActions");
    let told = match list.items() {
        Items::Absent => Ok(false),
        Items::Unknown => list.why_unknown().map_or(Ok(false), Err),
        Items::Are(items) => any(items.iter().flat_map(|ok| targets.iter().map(|alarm| same(cx, alarm, ok)))),
    };
    Some(match (told, maybe) {
        // It may be a scaling policy, which wants no such notice.
        (Ok(false), Some(why)) => verdict(Err(why), &list, expected),
        (told, _) => verdict(told, &list, expected),
    })
}

/// Whether two actions are the same.
fn same(cx: &Context<'_>, a: &Read<'_>, b: &Read<'_>) -> Result<bool, Unknown> {
    let text = |read: &Read<'_>| read.value().and_then(Value::text);
    let lead = |read: &Read<'_>| match cx.estate.follow(read, &["AWS::SNS::Topic"]) {
        Related::Found(topic) => Some(topic),
        Related::Missing | Related::Unknown(_) => None,
    };
    match (lead(a), lead(b)) {
        (Some(a), Some(b)) => return Ok(a.address == b.address),
        // One is a topic that is there, the other certainly not this one.
        (Some(_), None) if text(b).is_some() => return Ok(false),
        (None, Some(_)) if text(a).is_some() => return Ok(false),
        _ => {}
    }
    if let (Some(a), Some(b)) = (text(a), text(b)) {
        return Ok(a == b);
    }
    match (spelled::spelling(a), spelled::spelling(b)) {
        (Some(a), Some(b)) if a == b => Ok(true),
        _ => Err(a.why_unknown().or_else(|| b.why_unknown()).unwrap_or(Unknown::NotCollected)),
    }
}
