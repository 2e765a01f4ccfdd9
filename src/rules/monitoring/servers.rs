//! Alarms and metrics of servers.

use crate::model::{Read, Related, Resource, Unknown, Value};
use crate::rules::readers::launch;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::coverage::{Wanted, metric_of, watched};

rules! {
    /// ## Why
    /// Servers that run out of CPU answer late, then not at all. Somebody should know before the customers do.
    ///
    /// Each Auto Scaling group, and each instance that is in none, needs an alarm on each of `metrics` that names it as a
    /// dimension and calls somebody or something. The alarms that target tracking makes for itself do not count: they scale,
    /// and tell nobody.
    ///
    /// ## Fix
    /// ```yaml
    /// HighCpu:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     Namespace: AWS/EC2
    ///     MetricName: CPUUtilization
    ///     Dimensions:
    ///       - {Name: AutoScalingGroupName, Value: !Ref WebServers}
    ///     Statistic: Average
    ///     Period: 300
    ///     EvaluationPeriods: 2
    ///     Threshold: 80
    ///     ComparisonOperator: GreaterThanThreshold
    ///     AlarmActions:
    ///       - !Ref AlertTopic
    /// ```
    "alarm-compute-coverage" => {
        title: "Each compute tier has alarms for the required metrics.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"],
        reads: ["AWS::CloudWatch::Alarm"],
        params: {
            metrics: Preset::Texts(&["AWS/EC2:CPUUtilization"]) => "metrics that need an alarm, each as namespace:name",
        },
        equivalents: [],
        check: compute,
    }

    /// ## Why
    /// Basic monitoring tells every five minutes how an instance is doing, detailed monitoring every minute. An alarm and a scaling
    /// policy are no faster than that.
    ///
    /// Basic monitoring is EC2's default: absent fails, unless the launch template of the instance switches it on.
    ///
    /// ## Fix
    /// ```yaml
    /// LaunchTemplateData:
    ///   Monitoring:
    ///     Enabled: true
    /// ```
    ///
    /// A running instance: `aws ec2 monitor-instances --instance-ids i-…`.
    "ec2-instance-detailed-monitoring-enabled" => {
        title: "EC2 instances and launch templates have detailed monitoring where the environment demands it.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        params: {
            environments: Preset::Texts(&["all"]) => "environments in which it is demanded: all, production, or the name of one",
        },
        equivalents: [
            "aws-config/ec2-instance-detailed-monitoring-enabled",
            "prowler/ec2_instance_detailed_monitoring_enabled",
            "checkov/CKV_AWS_126",
            "aws-guard/ec2_instance_detailed_monitoring_enabled",
            "pci-4.0/10.2.1.1",
            "pci-4.0/10.4.1",
            "pci-4.0/10.4.1.1",
            "pci-4.0/10.4.2",
            "pci-4.0/10.6.3",
            "pci-4.0/10.7.1",
            "pci-4.0/10.7.2",
            "pci-4.0/A3.3.1",
            "pci-4.0/A3.5.1",
        ],
        check: detailed,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a check")]
fn compute(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let dimension = if &*r.kind == "AWS::EC2::Instance" { "InstanceId" } else { "AutoScalingGroupName" };
    Some(Verdict::all(cx.params.texts("metrics").iter().map(|metric| {
        let (namespace, name) = metric_of(metric);
        watched(r, cx, &Wanted { namespace, names: &[name], dimensions: &[(dimension, r)], calling: true })
    })))
}

fn detailed(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let verdict = if &*r.kind == "AWS::EC2::Instance" { instance(r, cx) } else { template(r) };
    match demanded(r, cx) {
        Some(true) => Some(verdict),
        Some(false) => None,
        None if verdict.is_pass() => Some(verdict),
        None => {
            let why = Unknown::Outside("the environment".into());
            Some(Verdict::unknown(Evidence::unknown(&r.get("Tags"), "an environment", &why)))
        }
    }
}

/// Whether the rule is meant for the environment of a resource; `None` if nobody says which it is.
fn demanded(r: &Resource, cx: &Context<'_>) -> Option<bool> {
    let environments = cx.params.texts("environments");
    if environments.iter().any(|name| name == "all") {
        return Some(true);
    }
    let production = cx.production(r)?;
    let own = r.environment.as_deref().unwrap_or_default();
    Some(environments.iter().any(|name| (name == "production" && production) || name.eq_ignore_ascii_case(own)))
}

fn instance(r: &Resource, cx: &Context<'_>) -> Verdict {
    let own = r.get("Monitoring");
    if !own.is_absent() {
        return check::is_true(&own);
    }
    match launch::template_of(cx.estate, r) {
        Related::Found(found) => template(found).on(found.address.name()),
        Related::Missing => check::fail(&own, "true"),
        // AWS tells the state of every instance: one that tells nothing has basic monitoring.
        Related::Unknown(_) if r.is_live() => check::fail(&own, "true"),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&own, "true", &why)),
    }
}

fn template(r: &Resource) -> Verdict {
    let on = |read: &Read<'_>| check::require(&read.get("Enabled"), "true", Value::as_bool);
    Verdict::all(launch::settings(r, "Monitoring").iter().map(on))
}
