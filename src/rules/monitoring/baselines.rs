//! Alarms on what is unusual, and metrics of the business itself.

use regex::Regex;

use crate::model::{Items, Read, Resource, Unknown, Value};
use crate::rules::answer::{any, both};
use crate::rules::readers::alarms::{ALARM, Metrics, metrics, says};
use crate::rules::readers::metric_math::{Math, parse};
use crate::rules::readers::security_events::FILTER;
use crate::rules::readers::spelled;
use crate::rules::{Context, Preset, Verdict, rules};

use super::{around, has_any, has_workload, if_applies, verdict};

rules! {
    /// ## Why
    /// No fixed threshold fits a Monday morning and a Sunday night. A band learns what is usual, and also sees the traffic that stays away.
    ///
    /// A place with a load balancer, an API or a database needs alarms whose `ThresholdMetricId` names an `ANOMALY_DETECTION_BAND`
    /// over one of `metrics` (`match: any`) or over each of them (`all`).
    ///
    /// ## Fix
    /// ```yaml
    /// UnusualTraffic:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     ComparisonOperator: LessThanLowerOrGreaterThanUpperThreshold
    ///     ThresholdMetricId: band
    ///     EvaluationPeriods: 3
    ///     Metrics:
    ///       - {Id: band, Expression: "ANOMALY_DETECTION_BAND(requests, 2)"}
    ///       - Id: requests
    ///         MetricStat:
    ///           Metric: {Namespace: AWS/ApplicationELB, MetricName: RequestCount, Dimensions: […]}
    ///           Period: 300
    ///           Stat: Sum
    /// ```
    "alarm-anomaly-detection" => {
        title: "Key traffic and latency metrics have alarms on deviations from their baseline.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::CloudWatch::Alarm",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::ApiGateway::RestApi",
            "AWS::ApiGatewayV2::Api",
            "AWS::RDS::DBInstance",
            "AWS::RDS::DBCluster",
        ],
        params: {
            metrics: Preset::Texts(&["RequestCount", "TargetResponseTime"]) => "names of the metrics that need a band",
            match: Preset::Text("any") => "whether one of them is enough (any) or each needs a band (all)",
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of it, in a scan too",
        },
        equivalents: [],
        check: bands,
    }

    /// ## Why
    /// CPU and memory may be fine while nobody can pay. Only a metric of the business itself (orders, logins, payments) shows that.
    ///
    /// A place with a workload passes if a metric filter, an alarm or a dashboard uses a namespace that is none of AWS's, not the
    /// agent's, not one of `security_namespaces`, and that `namespace_pattern` matches. Metrics that programs send and nothing
    /// refers to are not seen.
    ///
    /// ## Fix
    /// ```yaml
    /// OrdersPlaced:
    ///   Type: AWS::Logs::MetricFilter
    ///   Properties:
    ///     LogGroupName: !Ref ShopLogs
    ///     FilterPattern: '{ $.event = "order-placed" }'
    ///     MetricTransformations:
    ///       - {MetricNamespace: Shop/Business, MetricName: Orders, MetricValue: "1"}
    /// ```
    "custom-business-metrics" => {
        title: "Custom metrics for business KPIs exist.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::Logs::MetricFilter",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::Dashboard",
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::EC2::Instance",
            "AWS::RDS::DBInstance",
            "AWS::RDS::DBCluster",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::Lambda::Function",
            "AWS::ApiGateway::RestApi",
        ],
        params: {
            namespace_pattern: Preset::Pattern(".+") => "what the namespace of such a metric looks like",
            security_namespaces: Preset::Texts(&["CloudTrailMetrics", "CISBenchmark", "LogMetrics"]) => "namespaces of security events, which do not count",
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of it, in a scan too",
        },
        equivalents: [],
        check: business,
    }
}

/// What has a baseline.
const STEADY: &[&str] = &[
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
];
const DASHBOARD: &str = "AWS::CloudWatch::Dashboard";

fn bands(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if_applies(has_any(r, cx, STEADY), r, || judge_bands(r, cx))
}

fn judge_bands(r: &Resource, cx: &Context<'_>) -> Verdict {
    let alarms = cx.estate.of(r, ALARM);
    let banded = |name: &str| {
        let found = alarms.items.iter().map(|alarm| has_band(alarm, name)).chain(alarms.incomplete.clone().map(Err));
        verdict(any(found), &around(r, ALARM), &format!("an alarm on an ANOMALY_DETECTION_BAND over {name}"))
    };
    let names = cx.params.texts("metrics").iter().map(|name| banded(name));
    match cx.params.text("match") {
        Some("all") => Verdict::all(names),
        _ => Verdict::any(names, || Verdict::Pass),
    }
}

/// Whether an alarm compares a metric with its band.
fn has_band(alarm: &Resource, name: &str) -> Result<bool, Unknown> {
    let threshold = alarm.get("ThresholdMetricId");
    if threshold.is_absent() {
        return Ok(false);
    }
    let found = metrics(alarm);
    let band = found.expressions.iter().find(|e| e.get("Id").as_str() == threshold.as_str());
    let Some(band) = band else { return found.open.or_else(|| threshold.why_unknown()).map_or(Ok(false), Err) };
    let read = band.get("Expression");
    let text = match (read.as_str(), read.why_unknown()) {
        (Some(text), _) => text.to_owned(),
        (None, None) => return Ok(false),
        // How wide the band is may be filled in later.
        (None, Some(why)) => {
            let text = spelled::text(&read).ok_or(why)?;
            spelled::placeholders(&text).fold(text.clone(), |t, name| t.replace(&format!("${{{name}}}"), "2"))
        }
    };
    match parse(&text) {
        Some(Math::Call(function, parts)) if function == "ANOMALY_DETECTION_BAND" => {
            let ids = parts.first().map(Math::ids).unwrap_or_default();
            any(ids.iter().map(|id| leads_to(&found, id, name, 0)))
        }
        _ => Ok(false),
    }
}

/// Whether an id is a metric of some name, or an expression over one.
fn leads_to(found: &Metrics<'_>, id: &str, name: &str, depth: usize) -> Result<bool, Unknown> {
    let has_id = |read: &Read<'_>| read.get("Id").as_str() == Some(id);
    if let Some(metric) = found.items.iter().find(|m| m.id.as_ref().and_then(Read::as_str) == Some(id)) {
        return says(&metric.name, |n| n == name);
    }
    let inner = found.expressions.iter().find(|e| has_id(e)).filter(|_| depth < found.expressions.len());
    let math = inner.and_then(|e| parse(e.get("Expression").as_str()?));
    any(math.iter().flat_map(Math::ids).map(|id| leads_to(found, id, name, depth + 1)))
}

fn business(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let pattern = cx.params.pattern("namespace_pattern")?;
    if_applies(has_workload(r, cx), r, || judge_metrics(r, cx, pattern))
}

fn judge_metrics(r: &Resource, cx: &Context<'_>, pattern: &Regex) -> Verdict {
    let security = cx.params.texts("security_namespaces");
    let own = |namespace: &str| {
        let foreign =
            namespace.starts_with("AWS/") || namespace == "CWAgent" || security.iter().any(|s| s == namespace);
        !foreign && pattern.is_match(namespace)
    };
    let (filters, alarms) = (cx.estate.of(r, FILTER), cx.estate.of(r, ALARM));
    let dashboards = cx.estate.of(r, DASHBOARD);
    let by_filter = filters.items.iter().flat_map(|filter| match filter.get("MetricTransformations").items() {
        Items::Are(items) => items.iter().map(|to| says(&to.get("MetricNamespace"), own)).collect(),
        _ => Vec::new(),
    });
    let by_alarm = alarms.items.iter().flat_map(|alarm| {
        metrics(alarm)
            .items
            .iter()
            .map(|m| both(says(&m.name, |_| true), || says(&m.namespace, own)))
            .collect::<Vec<_>>()
    });
    let by_dashboard = dashboards.items.iter().map(|dashboard| shows(&dashboard.get("DashboardBody"), &own));
    let open = [&filters.incomplete, &alarms.incomplete, &dashboards.incomplete];
    let open = open.into_iter().flatten().cloned().map(Err);
    let found = any(by_filter.chain(by_alarm).chain(by_dashboard).chain(open));
    verdict(found, &around(r, "MetricNamespace"), "a metric of the business in a namespace of its own")
}

/// Whether a widget of a dashboard shows a metric whose namespace satisfies `test`.
fn shows(dashboard: &Read<'_>, counts: &dyn Fn(&str) -> bool) -> Result<bool, Unknown> {
    let text = dashboard.value().and_then(Value::text).map(|t| t.to_string()).or_else(|| spelled::text(dashboard));
    let Some(text) = text else { return dashboard.why_unknown().map_or(Ok(false), Err) };
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) else {
        return Err(Unknown::Unsupported("a dashboard that is not JSON".into()));
    };
    let widgets = json.get("widgets").and_then(|w| w.as_array()).into_iter().flatten();
    let metrics = widgets.filter_map(|w| w.get("properties")?.get("metrics")?.as_array()).flatten();
    // A metric is a list that starts with its namespace; dots repeat the one before, mappings are expressions.
    Ok(metrics
        .filter_map(|m| m.get(0)?.as_str())
        .any(|namespace| !namespace.trim_matches('.').is_empty() && counts(namespace)))
}
