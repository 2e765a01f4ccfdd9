//! Composite alarms: one page for one incident.

use crate::model::{Items, Related, Resource, Unknown, Value};
use crate::rules::answer::{any, both};
use crate::rules::readers::alarm_rule::{Child, children, suppressor};
use crate::rules::readers::alarms::{ALARM, COMPOSITE, metrics};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::{around, verdict};

rules! {
    /// ## Why
    /// When the database stops, so do the servers, the queue and the shop: five alarms go off, and five people are woken for one fault.
    ///
    /// A place with at least `min_alarms` metric alarms needs a composite alarm that knows what hangs on what: it has an
    /// `ActionsSuppressor` with both periods, or is made of another composite alarm; and its members call nobody themselves, or
    /// it covers at least two tiers (namespaces of metrics). No composite alarm may name an alarm that is not there.
    ///
    /// ## Fix
    /// ```yaml
    /// ShopDown:
    ///   Type: AWS::CloudWatch::CompositeAlarm
    ///   Properties:
    ///     AlarmRule: !Sub ALARM("${ErrorRate}") OR ALARM("${Latency}")
    ///     ActionsSuppressor: !GetAtt DatabaseDown.Arn
    ///     ActionsSuppressorWaitPeriod: 60
    ///     ActionsSuppressorExtensionPeriod: 120
    /// ```
    "composite-alarm-dependency-chaining" => {
        title: "Composite alarms express dependencies so that cascading failures page once.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"],
        params: {
            min_alarms: Preset::Int(3) => "number of metric alarms from which it is demanded",
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of it, in a scan too",
        },
        equivalents: [],
        check: chained,
    }
}

fn chained(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let alarms = cx.estate.of(r, ALARM);
    let few = i64::try_from(alarms.items.len()).is_ok_and(|count| count < cx.params.int("min_alarms"));
    if few {
        return alarms.incomplete.map(|why| verdict(Err(why), &around(r, ALARM), "the alarms of the region"));
    }
    let composites = cx.estate.of(r, COMPOSITE);
    let expected = "a composite alarm with a suppressor or another composite alarm in it";
    let one = any(composites.items.iter().map(|c| is_chained(c, cx)).chain(composites.incomplete.clone().map(Err)));
    let dangling = Verdict::all(composites.items.iter().map(|c| names_only_alarms(c, cx).on(c.address.name())));
    Some(verdict(one, &around(r, COMPOSITE), expected).and(dangling))
}

/// Whether every alarm that the rule of a composite alarm names is there.
fn names_only_alarms(composite: &Resource, cx: &Context<'_>) -> Verdict {
    let rule = composite.get("AlarmRule");
    match children(cx.estate, composite) {
        Err(why) => verdict(Err(why), &rule, "alarms that exist"),
        Ok(all) => Verdict::all(all.iter().map(|child| match child {
            Child::Alarm(_) => Verdict::Pass,
            Child::Dangling(name) => check::fail(&rule, &format!("an alarm of the name {name}")),
            Child::Unknown(why) => verdict(Err(why.clone()), &rule, "alarms that exist"),
        })),
    }
}

fn is_chained(composite: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let all = children(cx.estate, composite)?;
    let open =
        || all.iter().find_map(|child| if let Child::Unknown(why) = child { Some(Err(why.clone())) } else { None });
    let members: Vec<&Resource> =
        all.iter().filter_map(|child| if let Child::Alarm(alarm) = child { Some(*alarm) } else { None }).collect();
    let nested = any(members.iter().map(|m| Ok(&*m.kind == COMPOSITE)).chain(open()));
    let depends = any([nested, suppressed(composite, cx)]);
    both(depends, || {
        let tiers = tiers(&members);
        any([Ok(tiers >= 2), both(silent(&members), || open().unwrap_or(Ok(true)))].into_iter().chain(open()))
    })
}

/// Whether another alarm holds back the actions of a composite alarm for a stated time.
fn suppressed(composite: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let alarm = composite.get("ActionsSuppressor");
    let there = match suppressor(cx.estate, composite) {
        _ if alarm.is_absent() => Ok(false),
        Related::Found(_) => Ok(true),
        Related::Missing => Ok(false),
        Related::Unknown(why) => Err(why),
    };
    ["ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"].iter().fold(there, |answer, name| {
        let period = composite.get(name);
        both(answer, || match period.why_unknown() {
            Some(why) => Err(why),
            None => Ok(period.value().and_then(Value::as_int).is_some()),
        })
    })
}

/// Whether none of some alarms calls anybody.
fn silent(members: &[&Resource]) -> Result<bool, Unknown> {
    let calls = any(members.iter().map(|member| {
        let actions = member.get("AlarmActions");
        match actions.items() {
            Items::Absent => Ok(false),
            Items::Are(list) => Ok(!list.is_empty()),
            Items::Unknown => actions.why_unknown().map_or(Ok(false), Err),
        }
    }));
    calls.map(|calls| !calls)
}

/// How many tiers some alarms are about: the namespaces of their metrics.
fn tiers(members: &[&Resource]) -> usize {
    let mut namespaces: Vec<String> = members
        .iter()
        .flat_map(|alarm| {
            metrics(alarm).items.iter().filter_map(|m| m.namespace.as_str().map(str::to_owned)).collect::<Vec<_>>()
        })
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    namespaces.len()
}
