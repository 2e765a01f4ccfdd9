//! Instances that come back by themselves.

use std::collections::HashMap;
use std::sync::Arc;

use super::{GROUP, INSTANCE, is_launched_by_group};
use crate::model::network::about;
use crate::model::{Address, Estate, Field, Items, Kind, Listing, Read, Related, Resource, Unknown, Value};
use crate::rules::readers::launch::{settings, template_of};
use crate::rules::readers::mentions::{HOLE, mentions, spelt};
use crate::rules::readers::policy::principal::written;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

const ALARM: &str = "AWS::CloudWatch::Alarm";
const TEMPLATE: &str = "AWS::EC2::LaunchTemplate";

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
    if is_used(r, cx) {
        return None;
    }
    Some(match cx.estate.why_unlisted(GROUP, &r.address) {
        Some(why) => Verdict::unknown(Evidence::unknown(&r.get("LaunchTemplateData"), "AutoRecovery: default", &why)),
        None => verdict,
    })
}

/// The groups that use a launch template.
struct Users(HashMap<Address, Vec<Address>>);

impl Users {
    fn of(estate: &Estate) -> Self {
        let mut users: HashMap<Address, Vec<Address>> = HashMap::new();
        for group in estate.of_type(GROUP) {
            let mixed = group.get("MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId");
            for used in [template_of(estate, group), estate.follow(&mixed, &[TEMPLATE])] {
                if let Related::Found(template) = used {
                    users.entry(template.address.clone()).or_default().push(group.address.clone());
                }
            }
        }
        Self(users)
    }
}

/// Whether a group uses a launch template.
fn is_used(template: &Resource, cx: &Context<'_>) -> bool {
    let users = cx.estate.digest(Users::of);
    users.0.get(&template.address).into_iter().flatten().any(|group| group.near(&template.address))
}

/// The places of the alarms on system checks, each list in order.
#[derive(Default)]
struct Recovery {
    /// By the instance that a dimension names.
    by_instance: HashMap<usize, Vec<usize>>,
    /// By the stack and the words of what the template writes for a dimension that names no instance otherwise.
    by_word: HashMap<(Option<Arc<str>>, String), Vec<usize>>,
    /// Those that may be about any instance.
    open: Vec<usize>,
}

impl Recovery {
    fn of(estate: &Estate) -> Self {
        let mut all = Self::default();
        for alarm in estate.of_type(ALARM) {
            if matches!(on_system_check(alarm), Verdict::Fail(_)) {
                continue;
            }
            if let Some(place) = estate.place_of(alarm) {
                all.add(estate, alarm, place);
            }
        }
        all
    }

    fn add(&mut self, estate: &Estate, alarm: &Resource, place: usize) {
        let dimensions = alarm.get("Dimensions");
        let items = match dimensions.items() {
            Items::Are(items) => items,
            Items::Absent => return,
            Items::Unknown => return self.open.push(place),
        };
        for item in items {
            let value = item.get("Value");
            match estate.follow(&value, &[INSTANCE]) {
                Related::Found(found) => {
                    if let Some(instance) = estate.place_of(found) {
                        self.by_instance.entry(instance).or_default().push(place);
                    }
                }
                Related::Unknown(_) if value.as_str().is_none() => self.open.push(place),
                Related::Missing | Related::Unknown(_) => {}
            }
            let mut words = Vec::new();
            if let Some(expression) = written(&value) {
                gather(expression, &mut words);
            }
            for word in words {
                let key = (alarm.address.stack.clone(), word.to_owned());
                self.by_word.entry(key).or_default().push(place);
            }
        }
    }

    /// The alarms that may be about an instance.
    fn about<'a>(&self, estate: &'a Estate, instance: &Resource) -> Vec<&'a Resource> {
        let named = estate.place_of(instance).and_then(|place| self.by_instance.get(&place));
        let word = instance.address.logical_id.as_deref().map(|id| (instance.address.stack.clone(), id.to_owned()));
        let mentioned = word.and_then(|word| self.by_word.get(&word));
        let mut places: Vec<usize> =
            named.into_iter().chain(mentioned).chain([&self.open]).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let all = places.into_iter().filter_map(|place| estate.at_place(place));
        all.filter(|alarm| alarm.address.near(&instance.address)).collect()
    }
}

/// Every word in an expression: the logical ids that it mentions are among them.
fn gather<'v>(value: &'v Value, words: &mut Vec<&'v str>) {
    match &value.kind {
        Kind::Str(text) => {
            words.push(text);
            words.extend(text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()));
        }
        Kind::List(list) => list.iter().for_each(|item| gather(item, words)),
        Kind::Map(map) => map.values().for_each(|entry| gather(&entry.value, words)),
        _ => {}
    }
}

/// An alarm on the system check of the instance recovers it.
fn alarm(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "an alarm on StatusCheckFailed_System with the recover action";
    let subject = about(r, "RecoverAlarm");
    let items = cx.estate.digest(Recovery::of).about(cx.estate, r);
    let listing = Listing { items, incomplete: cx.estate.why_unlisted(ALARM, &r.address) };
    check::among(&listing, &subject, expected, |alarm| {
        let of_instance = watches(alarm, r, cx, expected);
        if matches!(of_instance, Verdict::Fail(_)) {
            return check::fail(&subject, expected);
        }
        on_system_check(alarm).and(of_instance).and(recovers(alarm)).on(alarm.address.name())
    })
}

fn on_system_check(alarm: &Resource) -> Verdict {
    check::one_of(&alarm.get("MetricName"), &["StatusCheckFailed_System"])
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
    let enabled = check::allow_absent(&alarm.get("ActionsEnabled"), "true", Value::as_bool);
    let recover = match actions.items() {
        Items::Absent => check::fail(&actions, expected),
        Items::Unknown => check::unknown(&actions, expected),
        Items::Are(items) => {
            let judge = |item: &Read<'_>| match spelt(item) {
                Some(text) if text.ends_with(":ec2:recover") => Verdict::Pass,
                Some(text) if !text.contains(HOLE) => check::fail(item, expected),
                _ if item.value().is_some_and(|v| matches!(v.kind, Kind::Ref(_))) => check::fail(item, expected),
                _ => check::unknown(item, expected),
            };
            Verdict::any(items.iter().map(judge), || check::fail(&actions, expected))
        }
    };
    enabled.and(recover)
}
