//! Alarms of load balancers and their target groups.

use crate::model::{Items, Read, Related, Resource, Value};
use crate::rules::answer::{any, both};
use crate::rules::readers::alarms::{metrics, says};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::coverage::{Wanted, watched};
use super::watching::all_alarms;

rules! {
    /// ## Why
    /// The load balancer sees what the customers see: errors, and how long answers take.
    ///
    /// Judged are application load balancers (the default type). Each of `metrics` needs an alarm that has the load balancer
    /// as a dimension, by itself or as an input of metric math.
    ///
    /// ## Fix
    /// ```yaml
    /// ServerErrors:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     Namespace: AWS/ApplicationELB
    ///     MetricName: HTTPCode_ELB_5XX_Count
    ///     Dimensions:
    ///       - {Name: LoadBalancer, Value: !GetAtt LoadBalancer.LoadBalancerFullName}
    ///     Statistic: Sum
    ///     Period: 60
    ///     EvaluationPeriods: 5
    ///     DatapointsToAlarm: 3
    ///     Threshold: 10
    ///     ComparisonOperator: GreaterThanThreshold
    ///     TreatMissingData: notBreaching
    ///     AlarmActions:
    ///       - !Ref AlertTopic
    /// ```
    "alarm-load-balancer-coverage" => {
        title: "Each load balancer has alarms for unhealthy hosts, response time and 5xx errors.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        reads: ["AWS::CloudWatch::Alarm"],
        params: {
            metrics: Preset::Texts(&["UnHealthyHostCount", "TargetResponseTime", "HTTPCode_ELB_5XX_Count"]) => "metrics that need an alarm",
        },
        equivalents: [],
        check: balancer,
    }

    /// ## Why
    /// One alarm over everything behind a load balancer drowns the errors of the small target group in the traffic of the large one:
    /// the webhooks fail, and the average looks fine.
    ///
    /// Judged are the target groups that a listener or a rule forwards to. `match` says whether they need an alarm on one of
    /// `metrics` (`any`) or on each (`all`); metrics of HTTP are not asked of groups of a network load balancer. With
    /// `forbid_aggregates` an alarm on a metric of targets that names the load balancer alone fails all of its groups, if there
    /// are several.
    ///
    /// ## Fix
    /// ```yaml
    /// Dimensions:
    ///   - {Name: LoadBalancer, Value: !GetAtt LoadBalancer.LoadBalancerFullName}
    ///   - {Name: TargetGroup, Value: !GetAtt Webhooks.TargetGroupFullName}
    /// ```
    "alarm-target-group-coverage" => {
        title: "Every target group has alarms of its own, with the TargetGroup dimension.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::TargetGroup"],
        reads: [
            "AWS::CloudWatch::Alarm",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ],
        params: {
            metrics: Preset::Texts(&["HTTPCode_Target_5XX_Count", "UnHealthyHostCount"]) => "metrics that need an alarm per target group",
            match: Preset::Text("any") => "whether one of them is enough (any) or each needs an alarm (all)",
            forbid_aggregates: Preset::Bool(false) => "fail alarms over all target groups of a load balancer",
        },
        equivalents: [],
        check: group,
    }
}

const GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
/// Metrics of targets that CloudWatch also adds up over all target groups of a load balancer.
const OF_TARGETS: &[&str] = &[
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_3XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "TargetResponseTime",
    "TargetConnectionErrorCount",
];

fn balancer(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let kind = r.get("Type");
    if says(&kind, |kind| kind != "application") == Ok(true) {
        return None;
    }
    let judged = Verdict::all(cx.params.texts("metrics").iter().map(|metric| {
        let dimensions = &[("LoadBalancer", r)];
        watched(r, cx, &Wanted { namespace: "AWS/ApplicationELB", names: &[metric], dimensions, calling: false })
    }));
    Some(match kind.why_unknown() {
        Some(why) if !judged.is_pass() => unknown(&kind, "the type of the load balancer", &why),
        _ => judged,
    })
}

fn group(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let listeners = listeners(r, cx);
    if listeners.is_empty() {
        return None;
    }
    // Protocols are written in capitals; none is HTTP's own default for functions as targets.
    let http = says(&r.get("Protocol"), |p| !p.to_ascii_uppercase().starts_with("HTTP")) != Ok(true);
    let namespace = if http { "AWS/ApplicationELB" } else { "AWS/NetworkELB" };
    let of_http = |name: &&str| name.starts_with("HTTPCode") || name.starts_with("TargetResponse");
    let names: Vec<&str> =
        cx.params.texts("metrics").iter().map(String::as_str).filter(|name| http || !of_http(name)).collect();
    let dimensions = &[("TargetGroup", r)];
    let ask = |names: &[&str]| watched(r, cx, &Wanted { namespace, names, dimensions, calling: false });
    let own = match cx.params.text("match") {
        _ if names.is_empty() => return None,
        Some("all") => Verdict::all(names.iter().map(|name| ask(&[*name]))),
        _ => ask(&names),
    };
    if !cx.params.bool("forbid_aggregates") {
        return Some(own);
    }
    Some(own.and(no_aggregate(r, cx, &listeners)))
}

/// The listeners that forward to a target group, themselves or by their rules.
fn listeners<'a>(group: &Resource, cx: &Context<'a>) -> Vec<&'a Resource> {
    let forwards = |r: &Resource, list: &str| targets(&r.get(list)).iter().any(|t| leads_to(cx, t, group));
    let mut found: Vec<&Resource> = naming(group, cx, LISTENER, "DefaultActions");
    found.retain(|listener| forwards(listener, "DefaultActions"));
    for rule in naming(group, cx, "AWS::ElasticLoadBalancingV2::ListenerRule", "Actions") {
        if forwards(rule, "Actions")
            && let Related::Found(listener) = cx.estate.follow(&rule.get("ListenerArn"), &[LISTENER])
        {
            found.push(listener);
        }
    }
    found
}

/// The resources of a type whose actions name a target group anywhere, in order.
fn naming<'a>(group: &Resource, cx: &Context<'a>, kind: &str, actions: &str) -> Vec<&'a Resource> {
    let paths = ["TargetGroupArn", "ForwardConfig.TargetGroups.TargetGroupArn"];
    let named = paths.iter().flat_map(|path| cx.estate.referrers(group, kind, &format!("{actions}.{path}")).items);
    let near = named.filter(|r| r.address.near(&group.address));
    let mut places: Vec<usize> = near.filter_map(|r| cx.estate.place_of(r)).collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().filter_map(|place| cx.estate.at_place(place)).collect()
}

/// The target groups that a list of actions names.
fn targets<'a>(actions: &Read<'a>) -> Vec<Read<'a>> {
    let Items::Are(actions) = actions.items() else { return Vec::new() };
    let mut found = Vec::new();
    for action in actions {
        found.push(action.get("TargetGroupArn"));
        if let Items::Are(groups) = action.get("ForwardConfig.TargetGroups").items() {
            found.extend(groups.iter().map(|group| group.get("TargetGroupArn")));
        }
    }
    found
}

fn leads_to(cx: &Context<'_>, read: &Read<'_>, group: &Resource) -> bool {
    matches!(cx.estate.follow(read, &[GROUP]), Related::Found(found) if found.address == group.address)
}

/// Whether no alarm adds this target group up with others of its load balancer.
fn no_aggregate(r: &Resource, cx: &Context<'_>, listeners: &[&Resource]) -> Verdict {
    let mut balancers: Vec<&Resource> = listeners
        .iter()
        .filter_map(|listener| match cx.estate.follow(&listener.get("LoadBalancerArn"), &[BALANCER]) {
            Related::Found(balancer) => Some(balancer),
            Related::Missing | Related::Unknown(_) => None,
        })
        .filter(|balancer| groups_behind(balancer, cx) > 1)
        .collect();
    balancers.dedup_by(|a, b| a.address == b.address);
    let named: Vec<(&str, &Resource)> = balancers.iter().map(|b| ("LoadBalancer", *b)).collect();
    let wanted = Wanted { namespace: "AWS/ApplicationELB", names: OF_TARGETS, dimensions: &named, calling: false };
    let alarms = all_alarms(cx.estate, r, &wanted);
    let expected = "the TargetGroup dimension, since the load balancer has several target groups";
    Verdict::all(alarms.iter().map(|alarm| {
        let aggregate = any(metrics(alarm).items.iter().map(|metric| {
            let alone = || metric.dimension("TargetGroup").map(|d| d.is_none());
            let of_this = || any(balancers.iter().map(|b| metric.watches(cx.estate, "LoadBalancer", b)));
            both(metric.is_one_of("AWS/ApplicationELB", OF_TARGETS), || both(alone(), of_this))
        }));
        let read = alarm.get(if alarm.get("MetricName").is_absent() { "Metrics" } else { "Dimensions" });
        let verdict = match aggregate {
            Ok(false) => Verdict::Pass,
            Ok(true) => check::fail(&read, expected),
            Err(why) => unknown(&read, expected, &why),
        };
        verdict.on(alarm.address.name())
    }))
}

/// How many target groups a load balancer forwards to.
fn groups_behind(balancer: &Resource, cx: &Context<'_>) -> usize {
    let mut ids: Vec<String> = Vec::new();
    let mut add = |actions: Read<'_>| {
        let named = targets(&actions).into_iter().filter_map(|t| t.value().map(Value::to_string));
        ids.extend(named.collect::<Vec<_>>());
    };
    for listener in cx.estate.referrers(balancer, LISTENER, "LoadBalancerArn").items {
        add(listener.get("DefaultActions"));
        for rule in cx.estate.referrers(listener, "AWS::ElasticLoadBalancingV2::ListenerRule", "ListenerArn").items {
            add(rule.get("Actions"));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}
