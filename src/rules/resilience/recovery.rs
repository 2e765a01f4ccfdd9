//! Instances that come back by themselves.

use super::{GROUP, INSTANCE, is_launched_by_group};
use crate::model::network::about;
use crate::model::{Field, Items, Read, Related, Resource, Unknown};
use crate::rules::readers::launch::{settings, template_of};
use crate::rules::readers::mentions::{HOLE, mentions, spelt};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

const ALARM: &str = "AWS::CloudWatch::Alarm";

rules! {
    /// ## Why
    /// Hardware fails without warning. An instance that may recover is moved to other hardware with its address and its disks; one that may not
    /// stays down until somebody gets up.
    ///
    /// Automatic recovery is on by default (`MaintenanceOptions.AutoRecovery: default`). A template switches it off in a launch template only; a
    /// running instance tells its own setting. An alarm on `StatusCheckFailed_System` with the recover action does as well. Instances of an Auto
    /// Scaling group, and launch templates that one uses, are left out: the group replaces what fails.
    ///
    /// ## Fix
    /// ```yaml
    /// LaunchTemplateData:
    ///   MaintenanceOptions: {AutoRecovery: default}
    /// ```
    ///
    /// ```sh
    /// aws ec2 modify-instance-maintenance-options --instance-id i-0123456789abcdef0 --auto-recovery default
    /// ```
    "ec2-auto-recovery-enabled" => {
        title: "Instances recover automatically from hardware failure.",
        category: Resilience,
        severity: Low,
        scope: Resource,
        types: ["AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        reads: ["AWS::AutoScaling::AutoScalingGroup", "AWS::CloudWatch::Alarm"],
        params: {
            require_recover_alarm: Preset::Bool(false) => "demand an alarm with the recover action for every instance",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == INSTANCE { instance(r, cx) } else { launch_template(r, cx) },
    }
}

fn instance(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_launched_by_group(r) {
        return None;
    }
    if cx.params.bool("require_recover_alarm") {
        return Some(alarm(r, cx));
    }
    Some(own(r, cx).or(|| alarm(r, cx)))
}

/// The instance's own setting: observed, or that of its launch template.
fn own(r: &Resource, cx: &Context<'_>) -> Verdict {
    if r.is_live() {
        let options = r.attribute("MaintenanceOptions");
        let options = if options.is_absent() {
            Read::new(r, options.path, Field::Unknown { why: Unknown::NotCollected, at: r.at })
        } else {
            options
        };
        return may_recover(&options.get("AutoRecovery"));
    }
    match template_of(cx.estate, r) {
        Related::Missing => Verdict::Pass,
        Related::Found(template) => of_template(template).on(template.address.name()),
        Related::Unknown(why) => {
            Verdict::unknown(Evidence::unknown(&r.get("LaunchTemplate"), "AutoRecovery: default", &why))
        }
    }
}

fn may_recover(read: &Read<'_>) -> Verdict {
    check::allow_absent(read, "default", |v| Some(v.as_str()?.eq_ignore_ascii_case("default")))
}

fn of_template(template: &Resource) -> Verdict {
    let all = settings(template, "MaintenanceOptions");
    Verdict::all(all.iter().map(|options| may_recover(&options.get("AutoRecovery"))))
}

fn launch_template(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    // Alarms watch instances.
    if cx.params.bool("require_recover_alarm") {
        return None;
    }
    let verdict = of_template(r);
    if verdict.is_pass() {
        return Some(verdict);
    }
    let groups = cx.estate.of(r, GROUP);
    if groups.items.iter().any(|group| uses(group, r, cx)) {
        return None;
    }
    Some(match groups.incomplete {
        Some(why) => Verdict::unknown(Evidence::unknown(&r.get("LaunchTemplateData"), "AutoRecovery: default", &why)),
        None => verdict,
    })
}

fn uses(group: &Resource, template: &Resource, cx: &Context<'_>) -> bool {
    let is = |found: Related<'_>| matches!(found, Related::Found(r) if r.address == template.address);
    let mixed = group.get("MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId");
    is(template_of(cx.estate, group)) || is(cx.estate.follow(&mixed, &[&*template.kind]))
}

/// An alarm on the system check of the instance recovers it.
fn alarm(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "an alarm on StatusCheckFailed_System with the recover action";
    let subject = about(r, "RecoverAlarm");
    check::among(&cx.estate.of(r, ALARM), &subject, expected, |alarm| {
        let metric = check::one_of(&alarm.get("MetricName"), &["StatusCheckFailed_System"]);
        if matches!(metric, Verdict::Fail(_)) {
            return check::fail(&subject, expected);
        }
        let of_instance = watches(alarm, r, cx, expected);
        if matches!(of_instance, Verdict::Fail(_)) {
            return check::fail(&subject, expected);
        }
        metric.and(of_instance).and(recovers(alarm)).on(alarm.address.name())
    })
}

fn watches(alarm: &Resource, r: &Resource, cx: &Context<'_>, expected: &str) -> Verdict {
    let dimensions = alarm.get("Dimensions");
    let Items::Are(items) = dimensions.items() else {
        return if dimensions.is_absent() {
            check::fail(&dimensions, expected)
        } else {
            check::unknown(&dimensions, expected)
        };
    };
    let judge = |item: &Read<'_>| {
        if item.get("Name").as_str().is_some_and(|name| name != "InstanceId") {
            return check::fail(item, expected);
        }
        let value = item.get("Value");
        match cx.estate.follow(&value, &[INSTANCE]) {
            Related::Found(found) if found.address == r.address => Verdict::Pass,
            Related::Unknown(why) if value.as_str().is_none() => {
                Verdict::unknown(Evidence::unknown(&value, expected, &why))
            }
            _ if mentions(&value, r) => Verdict::Pass,
            _ => check::fail(&value, expected),
        }
    };
    Verdict::any(items.iter().map(judge), || check::fail(&dimensions, expected))
}

fn recovers(alarm: &Resource) -> Verdict {
    let expected = "the action arn:aws:automate:<region>:ec2:recover";
    let actions = alarm.get("AlarmActions");
    let enabled = check::allow_absent(&alarm.get("ActionsEnabled"), "true", crate::model::Value::as_bool);
    let recover = match actions.items() {
        Items::Absent => check::fail(&actions, expected),
        Items::Unknown => check::unknown(&actions, expected),
        Items::Are(items) => {
            let judge = |item: &Read<'_>| match spelt(item) {
                Some(text) if text.ends_with(":ec2:recover") => Verdict::Pass,
                Some(text) if !text.contains(HOLE) => check::fail(item, expected),
                _ if item.value().is_some_and(|v| matches!(v.kind, crate::model::Kind::Ref(_))) => {
                    check::fail(item, expected)
                }
                _ => check::unknown(item, expected),
            };
            Verdict::any(items.iter().map(judge), || check::fail(&actions, expected))
        }
    };
    enabled.and(recover)
}
