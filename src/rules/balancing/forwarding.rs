//! Where listeners send requests: several target groups by weight, and by path.

use super::given;
use crate::model::network::about;
use crate::model::{Items, Read, Resource, Unknown};
use crate::rules::check::{each, fail, is_true, present, related, some, unknown};
use crate::rules::readers::balancer::{LISTENER_RULE, TARGET_GROUP, actions, attribute, says};
use crate::rules::readers::policy::matches;
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// Where requests are spread over several target groups, each client stays with the group it was given.
    ///
    /// ## Why
    ///
    /// While a deployment moves weight from one group to the other, a client without stickiness meets the old version
    /// and the new one by turns. Both kinds are off by default, and stickiness of a target group alone only holds within
    /// that group.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// ForwardConfig:
    ///   TargetGroups: […]
    ///   TargetGroupStickinessConfig:
    ///     Enabled: true
    ///     DurationSeconds: 3600
    /// ```
    ///
    /// and `stickiness.enabled: "true"` among the `TargetGroupAttributes` of each group.
    "listener-forward-stickiness" => {
        title: "Weighted forwarding keeps sessions on one target group during deployments.",
        category: LoadBalancing,
        severity: Low,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"],
        reads: ["AWS::ElasticLoadBalancingV2::TargetGroup.TargetGroupAttributes"],
        params: {
            require_target_stickiness: Preset::Bool(true) => "the target groups must be sticky too",
        },
        equivalents: [],
        check: sticky,
    }

    /// HTTPS listeners route versions of an API by their paths.
    ///
    /// ## Why
    ///
    /// With a rule for each version an old one can be kept, moved or switched off by itself; with the default action
    /// alone, all versions share one fate.
    ///
    /// A rule counts if one of its path patterns lies within a required one: `/v1/*` within `/v*`. Regular expressions
    /// are not compared, so that a listener with nothing else is unknown.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// VersionOne:
    ///   Type: AWS::ElasticLoadBalancingV2::ListenerRule
    ///   Properties:
    ///     ListenerArn: !Ref HttpsListener
    ///     Priority: 10
    ///     Conditions:
    ///       - Field: path-pattern
    ///         PathPatternConfig: {Values: [/v1/*]}
    ///     Actions: [{Type: forward, TargetGroupArn: !Ref VersionOneTargets}]
    /// ```
    "alb-path-based-routing" => {
        title: "HTTPS listeners route API versions by path.",
        category: LoadBalancing,
        severity: Low,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::Listener"],
        reads: ["AWS::ElasticLoadBalancingV2::ListenerRule"],
        params: {
            required_path_patterns: Preset::Texts(&["/v*", "/api/*"]) => "path patterns that must be routed",
            match: Preset::Text("any") => "whether `any` of the patterns is enough, or `all` must be routed",
        },
        equivalents: [],
        check: by_path,
    }
}

fn sticky(from: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let all = actions(from);
    let expected = "actions that can be read";
    let items = match all.items() {
        Items::Absent => return None,
        Items::Unknown => return Some(unknown(&all, expected)),
        Items::Are(items) => items,
    };
    items
        .iter()
        .filter_map(|action| {
            let groups = action.get("ForwardConfig.TargetGroups");
            match groups.items() {
                Items::Absent => None,
                Items::Unknown => Some(unknown(&groups, expected)),
                Items::Are(list) if list.len() < 2 => None,
                Items::Are(_) => Some(weighted(action, &groups, cx)),
            }
        })
        .reduce(Verdict::and)
}

/// One action that forwards to several groups.
fn weighted(action: &Read<'_>, groups: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let config = action.get("ForwardConfig.TargetGroupStickinessConfig");
    let on_action = is_true(&config.get("Enabled"));
    // A duration means something only where stickiness is on.
    let on_action =
        if on_action.is_pass() { present(&config.get("DurationSeconds"), "a number of seconds") } else { on_action };
    if !cx.params.bool("require_target_stickiness") {
        return on_action;
    }
    on_action.and(each(groups, "a target group", |tuple| {
        related(cx.estate, &tuple.get("TargetGroupArn"), &[TARGET_GROUP], "a target group with stickiness", |group| {
            is_true(&attribute(group, "TargetGroupAttributes", "stickiness.enabled"))
        })
    }))
}

fn by_path(listener: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let rules = cx.estate.referrers(listener, LISTENER_RULE, "ListenerArn");
    let subject = about(listener, "ListenerRules");
    let routed = cx.params.texts("required_path_patterns").iter().map(|pattern| {
        let expected = format!("a rule for paths like {pattern}");
        match some(&rules, &subject, &expected, |rule| paths(rule, pattern, &expected).on(rule.address.name())) {
            // What each rule is for instead is no news.
            Verdict::Fail(_) => fail(&subject, &expected),
            verdict => verdict,
        }
    });
    let verdict = if cx.params.text("match") == Some("all") {
        Verdict::all(routed)
    } else {
        Verdict::any(routed, || Verdict::Pass)
    };
    given(listener, says(listener.get("Protocol"), &["HTTPS"]), "the protocol of the listener", verdict)
}

/// Whether one of the conditions of a rule is for paths within a pattern.
fn paths(rule: &Resource, pattern: &str, expected: &str) -> Verdict {
    let all = rule.get("Conditions");
    let Items::Are(conditions) = all.items() else {
        return if all.is_absent() { fail(&all, expected) } else { unknown(&all, expected) };
    };
    Verdict::any(conditions.iter().map(|condition| one(condition, pattern, expected)), || fail(&all, expected))
}

fn one(condition: &Read<'_>, pattern: &str, expected: &str) -> Verdict {
    match says(condition.get("Field"), &["path-pattern"]) {
        Err(_) => return unknown(&condition.get("Field"), expected),
        Ok(false) => return fail(&condition.get("Field"), expected),
        Ok(true) => {}
    }
    let lists = ["PathPatternConfig.Values", "Values"].map(|path| condition.get(path));
    let within = Verdict::any(lists.iter().map(|list| values(list, pattern, expected)), || fail(condition, expected));
    let expressions = condition.get("PathPatternConfig.RegexValues");
    match expressions.items() {
        Items::Are(list) if !list.is_empty() => within.or(|| {
            let why = Unknown::Unsupported("a regular expression for paths".into());
            Verdict::unknown(crate::rules::Evidence::unknown(&expressions, expected, &why))
        }),
        _ => within,
    }
}

fn values(list: &Read<'_>, pattern: &str, expected: &str) -> Verdict {
    match list.items() {
        Items::Absent => fail(list, expected),
        Items::Unknown => unknown(list, expected),
        Items::Are(values) => Verdict::any(
            values.iter().map(|value| match (value.as_str(), value.why_unknown()) {
                (Some(text), _) if matches(pattern, text) => Verdict::Pass,
                (None, Some(_)) => unknown(value, expected),
                _ => fail(value, expected),
            }),
            || fail(list, expected),
        ),
    }
}
