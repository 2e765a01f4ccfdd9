//! How Auto Scaling groups grow and shrink.

use crate::model::network::about;
use crate::model::{Listing, Read, Resource, Value};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A group with room to grow and nothing that makes it grow is a fixed number of instances: too many at night, too few at noon.
    ///
    /// Judged are groups whose `MaxSize` is above their `MinSize`. `required_policy_types` names what a group must have: `any` (one policy of
    /// whatever type), `TargetTrackingScaling`, `StepScaling` (with steps), `PredictiveScaling` (that scales: `Mode` defaults to
    /// `ForecastOnly`) or `SimpleScaling`.
    ///
    /// ## Fix
    /// ```yaml
    /// WebTargetTracking:
    ///   Type: AWS::AutoScaling::ScalingPolicy
    ///   Properties:
    ///     AutoScalingGroupName: !Ref WebGroup
    ///     PolicyType: TargetTrackingScaling
    ///     TargetTrackingConfiguration:
    ///       PredefinedMetricSpecification: {PredefinedMetricType: ASGAverageCPUUtilization}
    ///       TargetValue: 60
    /// ```
    "asg-scaling-policy" => {
        title: "Every Auto Scaling group has the scaling policies that are required.",
        category: Compute,
        severity: Medium,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        reads: ["AWS::AutoScaling::ScalingPolicy", "AWS::AutoScaling::ScheduledAction"],
        params: {
            required_policy_types: Preset::Texts(&["any"]) =>
                "`any`, `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`, `SimpleScaling`: each must be there",
            accept_forecast_only: Preset::Bool(false) => "accept predictive policies that only forecast",
            accept_schedule: Preset::Bool(false) => "accept a scheduled action in place of a predictive policy",
        },
        equivalents: [],
        check: has_policies,
    }

    /// ## Why
    /// An instance that is still starting adds load to no metric. A policy that does not wait for it keeps adding instances, then removes
    /// them again.
    ///
    /// Judged are groups with a scaling policy other than a predictive one. Passes if the group sets `DefaultInstanceWarmup` or `Cooldown`,
    /// or every policy sets its own (`EstimatedInstanceWarmup`; `Cooldown` for simple scaling), long enough. AWS shows the default cooldown
    /// of 300 seconds of a group that sets none: there it passes.
    ///
    /// ## Fix
    /// ```yaml
    /// DefaultInstanceWarmup: 120
    /// ```
    ///
    /// ```sh
    /// aws autoscaling update-auto-scaling-group --auto-scaling-group-name web --default-instance-warmup 120
    /// ```
    "asg-cooldown-configured" => {
        title: "Scaling actions have an explicit cooldown or warm-up.",
        category: Compute,
        severity: Low,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        reads: ["AWS::AutoScaling::ScalingPolicy"],
        params: { min_seconds: Preset::Int(60) => "shortest time that is accepted" },
        equivalents: [],
        check: cools_down,
    }
}

const GROUP_NAME: &str = "AutoScalingGroupName";

fn policies<'a>(r: &Resource, cx: &Context<'a>) -> Listing<'a> {
    cx.estate.referrers(r, "AWS::AutoScaling::ScalingPolicy", GROUP_NAME)
}

fn has_policies(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (least, most) = (r.get("MinSize"), r.get("MaxSize"));
    let size = |read: &Read<'_>| read.value().and_then(Value::as_int);
    let grows = match (size(&least), size(&most)) {
        (Some(least), Some(most)) if most <= least => return None,
        (Some(_), Some(_)) => Verdict::Pass,
        _ => {
            let open = [&most, &least].into_iter().find(|read| read.why_unknown().is_some())?;
            check::unknown(open, "a size that does not change")
        }
    };
    let policies = policies(r, cx);
    let required = cx.params.texts("required_policy_types");
    let verdict = Verdict::all(required.iter().map(|wanted| has_policy(r, cx, &policies, wanted)));
    Some(if verdict.is_pass() || grows.is_pass() { verdict } else { grows })
}

fn has_policy(r: &Resource, cx: &Context<'_>, policies: &Listing<'_>, wanted: &str) -> Verdict {
    let place = about(r, "ScalingPolicies");
    let expected = match wanted {
        "any" => "a scaling policy".to_owned(),
        named => format!("a {named} policy"),
    };
    let found = check::some(policies, &place, &expected, |policy| is_policy(policy, cx, wanted));
    if wanted != "PredictiveScaling" || !cx.params.bool("accept_schedule") {
        return found;
    }
    found.or(|| {
        let scheduled = cx.estate.referrers(r, "AWS::AutoScaling::ScheduledAction", GROUP_NAME);
        check::some(&scheduled, &place, &format!("{expected} or a scheduled action"), |_| Verdict::Pass)
    })
}

fn is_policy(policy: &Resource, cx: &Context<'_>, wanted: &str) -> Verdict {
    let kind = policy.get("PolicyType");
    let is_kind = match wanted {
        "any" => return Verdict::Pass,
        "SimpleScaling" => check::allow_absent(&kind, wanted, |v| v.as_str().map(|t| t == wanted)),
        _ => check::require(&kind, wanted, |v| v.as_str().map(|t| t == wanted)),
    };
    let works = match wanted {
        "StepScaling" => check::present(&policy.get("StepAdjustments"), "steps"),
        "PredictiveScaling" if !cx.params.bool("accept_forecast_only") => {
            check::one_of(&policy.get("PredictiveScalingConfiguration.Mode"), &["ForecastAndScale"])
        }
        _ => Verdict::Pass,
    };
    // The configuration of a policy of another type says nothing.
    let verdict = if let Verdict::Fail(_) = is_kind { is_kind } else { is_kind.and(works) };
    verdict.on(policy.address.name())
}

fn cools_down(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let least = cx.params.int("min_seconds");
    let mut policies = policies(r, cx);
    policies.items.retain(|policy| policy.get("PolicyType").as_str() != Some("PredictiveScaling"));
    let place = about(r, "ScalingPolicies");
    let group =
        check::at_least(&r.get("DefaultInstanceWarmup"), least).or(|| check::at_least(&r.get("Cooldown"), least));
    match (policies.items.is_empty(), &policies.incomplete) {
        (true, None) => return None,
        (true, Some(_)) if group.is_pass() => return Some(group),
        (true, Some(why)) => return Some(unknown(&place, "no scaling policy", why)),
        (false, _) => {}
    }
    let own = |policy: &Resource| {
        let simple = policy.get("PolicyType").as_str().is_none_or(|kind| kind == "SimpleScaling");
        let read = policy.get(if simple { "Cooldown" } else { "EstimatedInstanceWarmup" });
        check::at_least(&read, least).on(policy.address.name())
    };
    Some(group.or(|| check::every(&policies, &place, "a warm-up of its own", own)))
}
