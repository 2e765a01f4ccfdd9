//! Auto Scaling groups: what they launch, and how they tell a dead instance.

use std::collections::BTreeSet;

use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::readers::launch;
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Launch configurations know no versions, no mixed instance types and none of the settings that EC2 has got since 2023; new accounts
    /// cannot make them any more.
    ///
    /// A group needs `LaunchTemplate`, or `MixedInstancesPolicy` with one. `LaunchConfigurationName` fails, and so does `InstanceId`,
    /// from which Auto Scaling makes a launch configuration.
    ///
    /// ## Fix
    /// ```yaml
    /// LaunchTemplate:
    ///   LaunchTemplateId: !Ref WebTemplate
    ///   Version: !GetAtt WebTemplate.LatestVersionNumber
    /// ```
    "autoscaling-launch-template" => {
        title: "Auto Scaling groups use launch templates, not launch configurations.",
        category: Compute,
        severity: Medium,
        scope: Resource,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        equivalents: [
            "aws-config/autoscaling-launch-template",
            "security-hub/AutoScaling.9",
            "prowler/autoscaling_group_using_ec2_launch_template",
            "checkov/CKV_AWS_315",
        ],
        check: |r, _| Some(uses_template(r)),
    }

    /// ## Why
    /// EC2 status checks see whether the machine runs, not whether the application answers. Without the load balancer's checks a group keeps
    /// instances that serve nothing but errors.
    ///
    /// Judged are groups with `TargetGroupARNs`, `LoadBalancerNames` or `TrafficSources`. `HealthCheckType` defaults to EC2. With
    /// `require_grace_period` a `HealthCheckGracePeriod` above zero must be declared too, so that instances are not replaced while they
    /// are still starting.
    ///
    /// ## Fix
    /// ```yaml
    /// HealthCheckType: ELB
    /// HealthCheckGracePeriod: 300
    /// ```
    ///
    /// ```sh
    /// aws autoscaling update-auto-scaling-group --auto-scaling-group-name web --health-check-type ELB --health-check-grace-period 300
    /// ```
    "autoscaling-group-elb-healthcheck-required" => {
        title: "Auto Scaling groups behind a load balancer use its health checks.",
        category: Compute,
        severity: Medium,
        scope: Resource,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        params: {
            require_grace_period: Preset::Bool(false) => "demand an explicit HealthCheckGracePeriod above zero",
        },
        equivalents: [
            "aws-config/autoscaling-group-elb-healthcheck-required",
            "security-hub/AutoScaling.1",
            "prowler/autoscaling_group_elb_health_check_enabled",
            "checkov/CKV2_AWS_15",
            "aws-guard/autoscaling_group_elb_healthcheck_required",
            "pci-3.2.1/2.2",
        ],
        check: health_checks,
    }

    /// ## Why
    /// When a zone runs out of one instance type, a group that knows no other cannot grow, nor replace what it loses.
    ///
    /// Passes with a `MixedInstancesPolicy` whose overrides name enough distinct types, or say by `InstanceRequirements` what any type must
    /// have; the launch template may say that too.
    ///
    /// ## Fix
    /// ```yaml
    /// MixedInstancesPolicy:
    ///   LaunchTemplate:
    ///     LaunchTemplateSpecification:
    ///       LaunchTemplateId: !Ref WebTemplate
    ///       Version: !GetAtt WebTemplate.LatestVersionNumber
    ///     Overrides:
    ///       - InstanceType: m7g.large
    ///       - InstanceType: m6g.large
    /// ```
    "autoscaling-multiple-instance-types" => {
        title: "Auto Scaling groups use a mixed instances policy with several instance types.",
        category: Compute,
        severity: Low,
        scope: Resource,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        reads: ["AWS::EC2::LaunchTemplate"],
        params: { min_types: Preset::Int(2) => "distinct instance types that a group must be able to launch" },
        equivalents: [
            "aws-config/autoscaling-multiple-instance-types",
            "security-hub/AutoScaling.6",
            "prowler/autoscaling_group_multiple_instance_types",
        ],
        check: |r, cx| Some(several_types(r, cx)),
    }
}

fn uses_template(r: &Resource) -> Verdict {
    let expected = "a launch template";
    let (own, mixed) = (r.get("LaunchTemplate"), r.get("MixedInstancesPolicy.LaunchTemplate"));
    let found = check::present(&own, expected).or(|| check::present(&mixed, expected));
    if let Verdict::Fail(_) = found {
        let old = ["LaunchConfigurationName", "InstanceId"].map(|name| r.get(name));
        return check::fail(old.iter().find(|read| read.value().is_some()).unwrap_or(&own), expected);
    }
    found
}

fn health_checks(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let mut open = None;
    let mut attached = false;
    for list in ["TargetGroupARNs", "LoadBalancerNames", "TrafficSources"].map(|name| r.get(name)) {
        match list.items() {
            Items::Are(items) => attached |= !items.is_empty(),
            Items::Absent => {}
            Items::Unknown => open = Some(check::unknown(&list, "a group without a load balancer")),
        }
    }
    let kind = check::require(&r.get("HealthCheckType"), "ELB", |v| {
        let named = |t: &str| ["ELB", "VPC_LATTICE"].iter().any(|name| t.trim().eq_ignore_ascii_case(name));
        v.as_str().map(|text| text.split(',').any(named))
    });
    let grace =
        || check::require(&r.get("HealthCheckGracePeriod"), "seconds above zero", |v| v.as_int().map(|n| n > 0));
    let verdict = if cx.params.bool("require_grace_period") { kind.and(grace()) } else { kind };
    match open {
        _ if attached || verdict.is_pass() && open.is_some() => Some(verdict),
        open => open,
    }
}

fn several_types(r: &Resource, cx: &Context<'_>) -> Verdict {
    let least = usize::try_from(cx.params.int("min_types")).unwrap_or_default();
    let expected = format!("overrides with {least} instance types, or InstanceRequirements");
    let mixed = r.get("MixedInstancesPolicy.LaunchTemplate");
    let overrides = mixed.get("Overrides");
    let items = match overrides.items() {
        Items::Are(items) => items,
        Items::Absent => Vec::new(),
        Items::Unknown => return check::unknown(&overrides, &expected),
    };
    let mut types: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<Unknown> = Vec::new();
    for item in &items {
        if item.get("InstanceRequirements").value().is_some() {
            return Verdict::Pass;
        }
        let named = item.get("InstanceType");
        open.extend(named.why_unknown());
        types.extend(named.as_str());
    }
    if types.len() >= least {
        return Verdict::Pass;
    }
    if let (Some(why), true) = (open.first(), types.len() + open.len() >= least) {
        return unknown(&overrides, &expected, why);
    }
    by_requirements(&mixed.get("LaunchTemplateSpecification"), cx).unwrap_or_else(|| check::fail(&overrides, &expected))
}

/// What a launch template says that describes its instance types instead of naming one; `None` if it names one.
fn by_requirements(named: &Read<'_>, cx: &Context<'_>) -> Option<Verdict> {
    match launch::named(cx.estate, named) {
        Related::Found(template) => {
            let described =
                launch::settings(template, "InstanceRequirements").iter().all(|read| read.value().is_some());
            described.then_some(Verdict::Pass)
        }
        Related::Missing | Related::Unknown(_) => None,
    }
}
