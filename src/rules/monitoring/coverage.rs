//! Whether what could fail has an alarm: one question, asked of servers, databases and load balancers.

use crate::model::{Estate, Resource, Unknown};
use crate::rules::answer::{any, both};
use crate::rules::readers::alarms::{ALARM, asks_for_all, metrics};
use crate::rules::{Context, Verdict};

use super::watching::any_alarm;
use super::{around, verdict};

/// What an alarm must look at.
pub(super) struct Wanted<'w> {
    /// `AWS/RDS`.
    pub namespace: &'w str,
    /// Names of metrics, of which one is enough.
    pub names: &'w [&'w str],
    /// Dimensions that may name the resource, each with the resource that it must name.
    pub dimensions: &'w [(&'w str, &'w Resource)],
    /// Whether alarms count only if they call somebody, and not if target tracking keeps them for itself.
    pub calling: bool,
}

/// Whether some alarm looks at what is wanted. Evidence hangs on the resource that should be watched.
pub(super) fn watched(r: &Resource, cx: &Context<'_>, wanted: &Wanted<'_>) -> Verdict {
    let found = any_alarm(cx.estate, r, wanted);
    if found == Ok(true) {
        return Verdict::Pass;
    }
    let names = wanted.names.join(" or ");
    let on: Vec<String> = wanted.dimensions.iter().map(|(name, _)| format!("dimension {name}")).collect();
    let expected = format!("an alarm on {} {names} with {}", wanted.namespace, on.join(" or "));
    verdict(found, &around(r, ALARM), &expected)
}

/// Whether an alarm looks at what is wanted, by itself or as an input of its expressions.
pub(super) fn looks_at(estate: &Estate, alarm: &Resource, wanted: &Wanted<'_>) -> Result<bool, Unknown> {
    // Most alarms are about something else: they are told by their name, before anything else of them is read.
    if alarm.get("MetricName").as_str().is_some_and(|name| !wanted.names.contains(&name)) {
        return Ok(false);
    }
    let found = metrics(alarm);
    let by_metric = found.items.iter().map(|metric| {
        both(metric.is_one_of(wanted.namespace, wanted.names), || {
            any(wanted.dimensions.iter().map(|(name, of)| metric.watches(estate, name, of)))
        })
    });
    let by_query = found.expressions.iter().map(|e| match asks_for_all(e, wanted.namespace, wanted.names) {
        // Arithmetic that is filled in later is no query.
        Err(_) if e.get("Expression").why_unknown().is_some() => Ok(false),
        answer => answer,
    });
    any(by_metric.chain(by_query).chain(found.open.clone().map(Err)))
}

/// `AWS/EC2:CPUUtilization` as namespace and name.
pub(super) fn metric_of(text: &str) -> (&str, &str) {
    text.rsplit_once(':').unwrap_or(("AWS/EC2", text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Listed, World, from_json};
    use crate::rules::{Params, find};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

    fn observed(kind: &str, id: &str, properties: &Json) -> Resource {
        let address =
            Address { account: "1".into(), region: "r".into(), physical_id: Some(id.into()), ..Address::default() };
        let reads = &["AlarmName", "AlarmActions", "Metrics", "MetricName", "Namespace", "Dimensions"];
        let mut r = Resource::new(kind, address, World::Open { reads }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    /// The verdict on a group `web` in an account with these alarms, of which this is the listing.
    fn judge(alarms: &[Json], listing: Result<(), Unknown>) -> Verdict {
        let mut resources = vec![observed(GROUP, "web", &json!({}))];
        resources.extend(alarms.iter().enumerate().map(|(n, alarm)| observed(ALARM, &format!("a{n}"), alarm)));
        let listed: Listed = [(ALARM, listing), (GROUP, Ok(()))]
            .into_iter()
            .map(|(kind, end)| ((kind.into(), "1".into(), "r".into()), end))
            .collect();
        let estate = Estate::new(resources, Some(listed));
        let rule = find("alarm-compute-coverage").unwrap();
        let params = Params::defaults(rule.params);
        let group = estate.of_type(GROUP).next().unwrap();
        (rule.check)(group, &Context { estate: &estate, params: &params }).unwrap()
    }

    #[test]
    fn alarms_that_may_not_be_listed_are_not_missing() {
        let denied = Unknown::Denied { action: "cloudwatch:DescribeAlarms".into() };
        assert_eq!(judge(&[], Ok(())).word(), "fail");
        let verdict = judge(&[], Err(denied.clone()));
        assert_eq!(verdict.word(), "unknown");
        assert_eq!(verdict.evidence()[0].action.as_deref(), Some("cloudwatch:DescribeAlarms"));
        let alarm = json!({
            "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "AlarmActions": ["arn:aws:sns:r:1:alerts"],
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
        });
        assert_eq!(judge(&[alarm], Err(denied)).word(), "pass", "what was seen decides");
    }

    #[test]
    fn a_query_over_all_groups_watches_each() {
        let alarm = json!({
            "AlarmActions": ["arn:aws:sns:r:1:alerts"],
            "Metrics": [{"Id": "q", "Expression": "SELECT MAX(CPUUtilization) FROM SCHEMA(\"AWS/EC2\", AutoScalingGroupName)"}],
        });
        assert_eq!(judge(&[alarm], Ok(())).word(), "pass");
    }

    #[test]
    fn metrics_are_written_with_their_namespace() {
        assert_eq!(metric_of("CWAgent:mem_used_percent"), ("CWAgent", "mem_used_percent"));
        assert_eq!(metric_of("CPUUtilization"), ("AWS/EC2", "CPUUtilization"));
    }
}
