//! How long something has to be wrong before an alarm says so.

use crate::model::{Read, Resource, Value};
use crate::rules::readers::alarms::{Metric, metrics};
use crate::rules::readers::{policy, security_events};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// An alarm on a single minute goes off at every hiccup. People learn to ignore it.
    ///
    /// Judged are alarms on metrics, except those on events that must never happen once: metrics of `exempt_namespaces`, and those
    /// that a metric filter counts from security events. The window is `EvaluationPeriods` times the shortest period of the metrics.
    ///
    /// ## Fix
    /// ```yaml
    /// Period: 60
    /// EvaluationPeriods: 3
    /// ```
    "alarm-evaluation-periods" => {
        title: "Alarms look at enough periods not to go off at every hiccup.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm"],
        reads: ["AWS::Logs::MetricFilter"],
        params: {
            min_periods: Preset::Int(2) => "smallest EvaluationPeriods",
            min_window_seconds: Preset::Int(120) => "shortest time that all periods together cover",
            exempt_namespaces: Preset::Texts(&["CloudTrailMetrics", "CISBenchmark"]) => "namespaces of metrics whose every event counts",
        },
        equivalents: [],
        check: enough_periods,
    }

    /// ## Why
    /// One slow request makes a maximum, one failed health check a count. An alarm should go off when it keeps happening.
    ///
    /// Judged are alarms on errors and latencies (`metric_pattern`), also as inputs of metric math. They pass if at least two
    /// datapoints have to be wrong, or if the statistic leaves outliers out: a percentile, a trimmed or winsorised mean.
    /// `DatapointsToAlarm` is `EvaluationPeriods` unless the alarm says otherwise; set `require_declared` to demand that it does.
    ///
    /// ## Fix
    /// ```yaml
    /// EvaluationPeriods: 5
    /// DatapointsToAlarm: 3
    /// ```
    "alarm-datapoints-m-of-n" => {
        title: "Alarms on errors and latency want several bad datapoints, or a statistic that leaves outliers out.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm"],
        params: {
            metric_pattern: Preset::Pattern("(?i)(5XX|4XX|error|fault|latency|responsetime)") => "names of the metrics that are judged",
            require_declared: Preset::Bool(false) => "fail alarms that leave DatapointsToAlarm to its default",
        },
        equivalents: [],
        check: several_datapoints,
    }
}

fn enough_periods(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let found = metrics(r);
    let namespaces = cx.params.texts("exempt_namespaces");
    let single_event = |metric: &Metric<'_>| {
        let named = metric.namespace.as_str().is_some_and(|n| namespaces.iter().any(|exempt| exempt == n));
        named || security_events::counts_events(cx.estate, metric)
    };
    if !found.items.is_empty() && found.items.iter().all(single_event) {
        return None;
    }
    // Alarms on PromQL queries have no periods.
    if !r.get("EvaluationCriteria").is_absent() && r.get("EvaluationPeriods").is_absent() && found.items.is_empty() {
        return None;
    }
    let (least, window) = (cx.params.int("min_periods"), cx.params.int("min_window_seconds"));
    let read = r.get("EvaluationPeriods");
    let enough = check::at_least(&read, least);
    let own: Vec<Read<'_>> = found.expressions.iter().map(|e| e.get("Period")).filter(|p| !p.is_absent()).collect();
    let Some(count) = read.value().and_then(Value::as_int) else { return Some(enough) };
    let covers = |period: &Read<'_>| {
        let expected = format!("{count} periods of together at least {window} seconds");
        check::require(period, &expected, |v| v.as_int().map(|seconds| seconds.saturating_mul(count) >= window))
    };
    let long = Verdict::all(found.items.iter().map(|metric| &metric.period).chain(&own).map(covers));
    let rest =
        found.open.map_or(Verdict::Pass, |why| policy::unknown(&r.get("Metrics"), "metrics with a period", &why));
    Some(enough.and(long).and(rest))
}

fn several_datapoints(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let pattern = cx.params.pattern("metric_pattern")?;
    let found = metrics(r);
    let judged: Vec<&Metric<'_>> = found
        .items
        .iter()
        .filter(|m| m.name.why_unknown().is_some() || m.name.as_str().is_some_and(|name| pattern.is_match(name)))
        .collect();
    let Some(first) = judged.first() else {
        return found.open.map(|why| policy::unknown(&r.get("Metrics"), "metrics of no errors or latency", &why));
    };
    let certain = judged.iter().any(|m| m.name.as_str().is_some());
    let robust = Verdict::all(judged.iter().map(|m| leaves_outliers_out(&m.statistic)));
    let verdict = datapoints(r, cx).or(|| robust);
    match (verdict, certain) {
        // Whether it is about errors at all hangs on a name that is not known.
        (Verdict::Fail(_), false) => Some(check::unknown(&first.name, "a metric of no errors or latency")),
        (verdict, _) => Some(verdict),
    }
}

/// Whether several datapoints have to be wrong.
fn datapoints(r: &Resource, cx: &Context<'_>) -> Verdict {
    let (some, all) = (r.get("DatapointsToAlarm"), r.get("EvaluationPeriods"));
    if some.is_absent() && cx.params.bool("require_declared") {
        return check::fail(&some, "at least 2");
    }
    let effective = if some.is_absent() { &all } else { &some };
    let most = all.value().and_then(Value::as_int);
    check::require(effective, "at least 2 and at most EvaluationPeriods", |v| {
        v.as_int().map(|n| n >= 2 && most.is_none_or(|most| n <= most))
    })
}

/// Whether a statistic leaves outliers out: `p90` and above, `tm99`, `wm95`, `TM(10%:90%)`.
fn leaves_outliers_out(statistic: &Read<'_>) -> Verdict {
    check::require(statistic, "a percentile of at least p90, or a trimmed or winsorised mean", |v| {
        let text = v.text()?.to_ascii_lowercase();
        let percentile = text.strip_prefix('p').and_then(|n| n.parse::<f64>().ok());
        Some(percentile.is_some_and(|p| p >= 90.0) || text.starts_with("tm") || text.starts_with("wm"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn statistics_that_leave_outliers_out() {
        for (statistic, expected) in [
            ("p99", "pass"),
            ("p99.9", "pass"),
            ("p50", "fail"),
            ("tm90", "pass"),
            ("WM(10%:90%)", "pass"),
            ("Average", "fail"),
            ("IQM", "fail"),
        ] {
            let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
            r.properties = from_json(&json!({ "Statistic": statistic }));
            assert_eq!(leaves_outliers_out(&r.get("Statistic")).word(), expected, "{statistic}");
        }
    }
}
