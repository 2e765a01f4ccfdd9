//! What takes a bad deployment back: failures, and alarms that go off while it runs.

use crate::model::{Items, Read, Related, Resource, Value};
use crate::rules::readers::codedeploy::{Platform, TARGET_GROUP, platform, target_group, target_groups};
use crate::rules::readers::evidence::holds;
use crate::rules::readers::given_name;
use crate::rules::readers::policy::{self, names};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A deployment that goes wrong at night should be gone before anybody is called. CodeDeploy rolls back when a deployment fails and
    /// when an alarm goes off during it, but only if it is told to.
    ///
    /// `AutoRollbackConfiguration` and `AlarmConfiguration` are enabled (neither is by default), there is an alarm, and deployments go on
    /// only if the alarms can be read. `events` are the events that must roll back. For each of `required_alarm_metrics` an alarm, or one
    /// that a composite alarm names, watches it on the group's target groups; functions have none and are left out of this. An alarm that
    /// does not exist fails on the observed side; a template may name the alarms of another one, unless their metrics are asked for.
    ///
    /// ## Fix
    /// ```yaml
    /// AutoRollbackConfiguration:
    ///   Enabled: true
    ///   Events: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM]
    /// AlarmConfiguration:
    ///   Enabled: true
    ///   Alarms: [{Name: !Ref UnhealthyHostsAlarm}]
    /// ```
    "codedeploy-auto-rollback-monitor-enabled" => {
        title: "Deployments roll back automatically, on failure and on alarms.",
        category: Deployment,
        severity: High,
        scope: Estate,
        types: ["AWS::CodeDeploy::DeploymentGroup"],
        reads: [
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::CodeDeploy::Application",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
        ],
        params: {
            events: Preset::Texts(&[]) => "events that must roll back; any will do if empty",
            required_alarm_metrics: Preset::Texts(&[]) => "metrics that an alarm must watch, `UnHealthyHostCount` for example",
        },
        equivalents: [
            "aws-config/codedeploy-auto-rollback-monitor-enabled",
            "aws-config/codedeploy-deployment-group-auto-rollback-enabled",
        ],
        check: |r, cx| Some(rolls_back(r, cx).and(alarmed(r, cx))),
    }
}

fn rolls_back(r: &Resource, cx: &Context<'_>) -> Verdict {
    let rollback = r.get("AutoRollbackConfiguration");
    let listed = rollback.get("Events");
    let events = cx.params.texts("events").iter().map(|event| {
        let expected = format!("{event} among them");
        match names(&listed, |name| name == event) {
            Ok(true) => Verdict::Pass,
            Ok(false) => check::fail(&listed, &expected),
            Err(why) => policy::unknown(&listed, &expected, &why),
        }
    });
    check::is_true(&rollback.get("Enabled")).and(Verdict::all(events))
}

fn alarmed(r: &Resource, cx: &Context<'_>) -> Verdict {
    let configuration = r.get("AlarmConfiguration");
    let alarms = configuration.get("Alarms");
    let enabled = check::is_true(&configuration.get("Enabled"))
        .and(check::not_true(&configuration.get("IgnorePollAlarmFailure")))
        .and(holds(&alarms, "an alarm"));
    let existing = check::each(&alarms, "an alarm that exists", |alarm| match find_alarm(&alarm.get("Name"), cx) {
        Related::Missing => check::fail(&alarm.get("Name"), "an alarm that exists"),
        Related::Unknown(why) if r.is_live() => policy::unknown(&alarm.get("Name"), "an alarm that exists", &why),
        Related::Found(_) | Related::Unknown(_) => Verdict::Pass,
    });
    let metrics = cx.params.texts("required_alarm_metrics");
    if metrics.is_empty() || platform(cx.estate, r) == Ok(Platform::Lambda) {
        return enabled.and(existing);
    }
    enabled.and(existing).and(Verdict::all(metrics.iter().map(|metric| watched(r, &alarms, metric, cx))))
}

const ALARM: &str = "AWS::CloudWatch::Alarm";
const COMPOSITE: &str = "AWS::CloudWatch::CompositeAlarm";

fn find_alarm<'a>(name: &Read<'_>, cx: &Context<'a>) -> Related<'a> {
    given_name::find(cx.estate, name, &[(ALARM, "AlarmName"), (COMPOSITE, "AlarmName")])
}

/// Whether one of the alarms watches a metric on the group's target groups.
fn watched(r: &Resource, alarms: &Read<'_>, metric: &str, cx: &Context<'_>) -> Verdict {
    let expected = format!("an alarm on {metric} of the group's target groups");
    let Items::Are(items) = alarms.items() else { return check::fail(alarms, &expected) };
    let each = items.iter().map(|item| {
        let name = item.get("Name");
        match find_alarm(&name, cx) {
            Related::Found(alarm) if &*alarm.kind == COMPOSITE => {
                let rule = alarm.get("AlarmRule");
                let Some(text) = rule.as_str() else { return check::unknown(&rule, &expected) };
                let children = cx.estate.of(r, ALARM);
                let named = children.items.iter().filter(|child| {
                    let given = child.get("AlarmName");
                    given.as_str().is_some_and(|name| mentions(text, name))
                });
                Verdict::any(named.map(|child| watches(child, r, metric, cx)), || check::fail(&rule, &expected))
            }
            Related::Found(alarm) => watches(alarm, r, metric, cx),
            Related::Missing => check::fail(&name, &expected),
            Related::Unknown(why) => policy::unknown(&name, &expected, &why),
        }
    });
    Verdict::any(each, || check::fail(alarms, &expected))
}

/// Whether the rule of a composite alarm names an alarm: `ALARM("name")`, `ALARM(name)`, or by ARN.
fn mentions(rule: &str, name: &str) -> bool {
    rule.split(['(', ')', '"', '\''])
        .map(str::trim)
        .any(|part| part == name || part.ends_with(&format!(":alarm:{name}")))
}

/// Whether an alarm watches a metric on one of the group's target groups; on any, where the group names none.
fn watches(alarm: &Resource, group: &Resource, metric: &str, cx: &Context<'_>) -> Verdict {
    let expected = format!("{metric} of the group's target groups");
    let (mut series, mut open) = (vec![(alarm.get("MetricName"), alarm.get("Dimensions"))], None);
    let queries = alarm.get("Metrics");
    match queries.items() {
        Items::Are(list) => series.extend(list.iter().map(|query| {
            let metric = query.get("MetricStat").get("Metric");
            (metric.get("MetricName"), metric.get("Dimensions"))
        })),
        Items::Unknown => open = queries.why_unknown(),
        Items::Absent => {}
    }
    let targets: Vec<_> = target_groups(group).iter().map(|name| target_group(cx.estate, name)).collect();
    let verdicts = series.iter().map(|(name, dimensions)| {
        check::require(name, metric, |v| v.as_str().map(|n| n == metric))
            .and(on_targets(dimensions, &targets, &expected, cx))
    });
    let found = Verdict::any(verdicts, || check::fail(&alarm.get("MetricName"), &expected));
    let found = match open {
        Some(why) => found.or(|| policy::unknown(&queries, &expected, &why)),
        None => found,
    };
    found.on(alarm.address.name())
}

/// Whether the dimension `TargetGroup` is one of these target groups.
fn on_targets(dimensions: &Read<'_>, targets: &[Related<'_>], expected: &str, cx: &Context<'_>) -> Verdict {
    let known: Vec<&Resource> =
        targets.iter().filter_map(|t| if let Related::Found(r) = t { Some(*r) } else { None }).collect();
    let Items::Are(items) = dimensions.items() else {
        return if dimensions.is_absent() {
            check::fail(dimensions, expected)
        } else {
            check::unknown(dimensions, expected)
        };
    };
    let of_target = items.iter().filter(|d| d.get("Name").as_str() == Some("TargetGroup")).map(|d| d.get("Value"));
    let judged = of_target.map(|value| {
        if targets.is_empty() {
            return Verdict::Pass;
        }
        if let Related::Found(found) = cx.estate.follow(&value, &[TARGET_GROUP]) {
            let own = known.iter().any(|target| target.address == found.address);
            return if own { Verdict::Pass } else { check::fail(&value, expected) };
        }
        // The dimension is the end of the ARN: targetgroup/name/id.
        let text = value.value().and_then(Value::as_str);
        let is = |target: &&Resource| {
            text.is_some_and(|text| {
                target.address.arn.as_deref().is_some_and(|arn| arn.ends_with(text))
                    || target.get("Name").as_str().is_some_and(|name| text.split('/').nth(1) == Some(name))
            })
        };
        if known.iter().any(is) {
            return Verdict::Pass;
        }
        match targets.iter().find_map(|t| if let Related::Unknown(why) = t { Some(why.clone()) } else { None }) {
            Some(why) => policy::unknown(&value, expected, &why),
            None if value.why_unknown().is_some() => check::unknown(&value, expected),
            None => check::fail(&value, expected),
        }
    });
    Verdict::any(judged.collect::<Vec<_>>(), || check::fail(dimensions, expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composite_alarms_name_their_children_by_name_or_arn() {
        let rule =
            r#"ALARM("blue-unhealthy") OR ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:green-unhealthy)"#;
        assert!(mentions(rule, "blue-unhealthy") && mentions(rule, "green-unhealthy"));
        assert!(!mentions(rule, "unhealthy"));
    }
}
