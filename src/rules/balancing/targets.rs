//! How target groups find out whether their targets are well.

use super::given;
use crate::model::{Kind, Read, Resource, Value};
use crate::rules::check::{allow_absent, fail, one_of, present, require, unknown};
use crate::rules::readers::balancer::says;
use crate::rules::readers::wanted::Wanted;
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// Target groups for HTTP and HTTPS say how they check the health of their targets, and with sensible numbers.
    ///
    /// ## Why
    ///
    /// A check that asks the wrong path, too seldom or too hastily keeps dead targets in service or throws healthy ones
    /// out.
    ///
    /// `required_fields` must be written in a template; AWS shows a value for each of them, so that on the observed side
    /// only the numbers are judged. A number that is left out has AWS's default (every 30 seconds, 5 seconds to answer,
    /// 5 times well, 2 times ill). A matcher must not take every answer from 200 to 499 for a good one. The timeout must
    /// be shorter than the interval; its bound in `bounds` counts for paths that match `deep_path_pattern` only, as they
    /// ask the things behind the target as well. Target groups of functions and of load balancers are not judged.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// HealthCheckPath: /health
    /// HealthCheckProtocol: HTTPS
    /// HealthCheckIntervalSeconds: 15
    /// HealthCheckTimeoutSeconds: 5
    /// HealthyThresholdCount: 3
    /// UnhealthyThresholdCount: 3
    /// Matcher: {HttpCode: "200"}
    /// ```
    "target-group-health-check-configured" => {
        title: "Target groups define a complete health check with values suited to production.",
        category: LoadBalancing,
        severity: Medium,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::TargetGroup"],
        params: {
            required_fields: Preset::Texts(&["HealthCheckPath"]) => "properties that a template must write",
            bounds: Preset::Map(&[
                ("HealthCheckIntervalSeconds", Some("5..60")),
                ("HealthyThresholdCount", Some("2..5")),
                ("UnhealthyThresholdCount", Some("2..5")),
            ]) => "accepted ranges of numbers, like 5..60, by property",
            deep_path_pattern: Preset::Pattern("(?i)deep") => "paths that count as deep health checks",
        },
        equivalents: ["checkov/CKV_AWS_261"],
        check: configured,
    }

    /// Target groups check the health of their targets over HTTPS.
    ///
    /// ## Why
    ///
    /// A check over HTTP says nothing of the certificate and the TLS settings that real requests meet, and tells everybody
    /// on the way what it is answered. HTTP is the default for application load balancers, TCP for network load
    /// balancers; neither is encrypted.
    ///
    /// Target groups of functions and of gateway load balancers (GENEVE) are not judged.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// Protocol: HTTPS
    /// HealthCheckProtocol: HTTPS
    /// ```
    ///
    /// `aws elbv2 modify-target-group --target-group-arn … --health-check-protocol HTTPS`
    "elbv2-targetgroup-healthcheck-protocol-encrypted" => {
        title: "Target groups serving HTTPS check health over HTTPS.",
        category: LoadBalancing,
        severity: Medium,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::TargetGroup"],
        params: {
            only_https_targets: Preset::Bool(false) => "judge only target groups with protocol HTTPS",
        },
        equivalents: ["aws-config/elbv2-targetgroup-healthcheck-protocol-encrypted", "security-hub/ELB.21"],
        check: encrypted,
    }
}

fn configured(group: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let declared = cx.params.texts("required_fields").iter().filter(|_| !group.is_live());
    let declared = Verdict::all(declared.map(|name| present(&group.get(name), "a value in the template")));
    let numbers = cx.params.map("bounds").filter(|(name, _)| *name != TIMEOUT);
    let numbers = Verdict::all(numbers.map(|(name, wanted)| within(group, name, wanted)));
    let verdict = declared.and(numbers).and(timeout(group, cx)).and(matcher(group));
    // Without a type it is instances; functions and load balancers behind it are checked otherwise.
    let kind = says(group.get("TargetType"), &["lambda", "alb"]).map(|other| !other);
    let verdict = given(group, kind, "the type of the targets", verdict)?;
    given(group, says(group.get("Protocol"), &["HTTP", "HTTPS"]), "the protocol of the target group", verdict)
}

const INTERVAL: &str = "HealthCheckIntervalSeconds";
const TIMEOUT: &str = "HealthCheckTimeoutSeconds";
/// What AWS takes for HTTP and HTTPS where nothing is said.
const DEFAULTS: [(&str, i64); 4] =
    [(INTERVAL, 30), (TIMEOUT, 5), ("HealthyThresholdCount", 5), ("UnhealthyThresholdCount", 2)];

fn default(name: &str) -> Option<i64> {
    DEFAULTS.iter().find(|(property, _)| *property == name).map(|(_, value)| *value)
}

/// A number, be it written or AWS's default, is what is wanted.
fn within(group: &Resource, name: &str, wanted: Option<&str>) -> Verdict {
    let (read, wanted) = (group.get(name), Wanted::of(wanted));
    let expected = wanted.to_string();
    match default(name).map(|n| Value::live(Kind::Int(n))) {
        Some(value) if read.is_absent() => match wanted.accepts(&value) {
            Some(true) => Verdict::Pass,
            _ => fail(&read, &expected),
        },
        _ => require(&read, &expected, |value| wanted.accepts(value)),
    }
}

fn timeout(group: &Resource, cx: &Context<'_>) -> Verdict {
    let (read, interval) = (group.get(TIMEOUT), group.get(INTERVAL));
    let number = |read: &Read<'_>, name| read.value().map_or_else(|| default(name), Value::as_int);
    let shorter = match (read.why_unknown().is_some(), interval.why_unknown().is_some()) {
        (true, _) => unknown(&read, "shorter than the interval"),
        (_, true) => unknown(&interval, "longer than the timeout"),
        _ => match (number(&read, TIMEOUT), number(&interval, INTERVAL)) {
            (Some(timeout), Some(interval)) if timeout < interval => Verdict::Pass,
            _ => fail(&read, "shorter than the interval"),
        },
    };
    let Some((_, bound)) = cx.params.map("bounds").find(|(name, _)| *name == TIMEOUT) else { return shorter };
    let path = group.get("HealthCheckPath");
    let deep = |text: &str| cx.params.pattern("deep_path_pattern").is_some_and(|pattern| pattern.is_match(text));
    let bounded = within(group, TIMEOUT, bound);
    shorter.and(match (path.as_str(), path.why_unknown()) {
        (Some(text), _) if deep(text) => bounded,
        (None, Some(_)) if !bounded.is_pass() => unknown(&path, "a path that is no deep health check"),
        _ => Verdict::Pass,
    })
}

/// A matcher that takes all of 200-499 for good takes a missing page and a refused login for good.
fn matcher(group: &Resource) -> Verdict {
    allow_absent(&group.get("Matcher.HttpCode"), "codes narrower than 200-499", |value| {
        let text = value.text()?;
        let everything = |part: &str| {
            let (from, to) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
            matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if from <= 200 && to >= 499)
        };
        Some(!text.split(',').any(everything))
    })
}

fn encrypted(group: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let verdict = one_of(&group.get("HealthCheckProtocol"), &["HTTPS"]);
    let protocol = || group.get("Protocol");
    let applies = if cx.params.bool("only_https_targets") {
        says(protocol(), &["HTTPS"])
    } else {
        match says(group.get("TargetType"), &["lambda"]) {
            Ok(true) => Ok(false),
            Ok(false) => says(protocol(), &["GENEVE"]).map(|gateway| !gateway),
            Err(open) => Err(open),
        }
    };
    given(group, applies, "the kind of target group", verdict)
}
