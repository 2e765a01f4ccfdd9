//! What a stack should declare on its own, and what it should leave to the account.

use crate::model::{Entry, Resource, Value};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

use super::uses::{Use, elements, reads, uses};
use super::{fault, kind, property, resources, section};

rules! {
    /// ## Why
    /// Two groups that name each other in their own rules wait for each other for ever, and a stack cannot add a rule to a group without
    /// replacing the list. As resources of their own, rules have names, dependencies and conditions.
    ///
    /// With `mode: all` a group has no inline rules and at least one rule resource names it; with `mode: cross-group-only` only inline
    /// ingress from another group fails.
    ///
    /// ## Fix
    /// ```yaml
    /// WebFromLoadBalancer:
    ///   Type: AWS::EC2::SecurityGroupIngress
    ///   Properties:
    ///     GroupId: !GetAtt WebGroup.GroupId
    ///     SourceSecurityGroupId: !GetAtt LoadBalancerGroup.GroupId
    ///     IpProtocol: tcp
    ///     FromPort: 443
    ///     ToPort: 443
    /// ```
    "security-group-rules-standalone" => {
        title: "Security group rules are resources of their own.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { mode: Preset::Text("all") => "all, or cross-group-only: only inline ingress from another group fails" },
        equivalents: [],
        check: standalone,
    }

    /// ## Why
    /// A region has one GuardDuty detector. The second stack that creates one fails, and with it everything else in that stack; deleting
    /// the stack that made the detector ends the protection of all others.
    ///
    /// A resource of one of the `singleton_types` hangs on a condition that reads a parameter.
    ///
    /// ## Fix
    /// ```yaml
    /// Conditions:
    ///   CreatesDetector: !Equals [!Ref CreateDetector, "true"]
    /// Resources:
    ///   Detector:
    ///     Type: AWS::GuardDuty::Detector
    ///     Condition: CreatesDetector
    ///     Properties: {Enable: true}
    /// ```
    "guardduty-detector-not-in-template" => {
        title: "What exists once per region, such as the GuardDuty detector, is not created unconditionally.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            singleton_types: Preset::Texts(&["AWS::GuardDuty::Detector"]) => "types that a workload stack must not create unconditionally",
        },
        equivalents: [],
        check: |r, cx| Some(conditional(r, cx)),
    }
}

fn standalone(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let all = cx.params.text("mode") != Some("cross-group-only");
    let mut groups = resources(r, &["AWS::EC2::SecurityGroup"]).peekable();
    groups.peek()?;
    let rules: Vec<&str> = resources(r, &["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"])
        .filter_map(|(_, rule)| property(rule, "GroupId").or_else(|| property(rule, "GroupName")))
        .flat_map(uses)
        .filter_map(Use::target)
        .collect();
    Some(Verdict::all(groups.map(|(name, group)| {
        let inline = if all { any_inline(name, group) } else { cross_group(name, group) };
        if !all || !inline.is_pass() || rules.contains(&name) {
            return inline;
        }
        let expected = "an AWS::EC2::SecurityGroupIngress or SecurityGroupEgress that names it";
        match r.attribute("Incomplete").why_unknown() {
            Some(why) => Verdict::unknown(Evidence::unknown(&r.get(&format!("Resources.{name}")), expected, &why)),
            None => fault(format!("Resources.{name}"), expected, None, group.key_at),
        }
    })))
}

fn any_inline(name: &str, group: &Entry) -> Verdict {
    let lists = ["SecurityGroupIngress", "SecurityGroupEgress"].into_iter();
    Verdict::all(lists.map(|list| match property(group, list) {
        Some(rules) if !elements(rules).is_empty() => {
            let path = format!("Resources.{name}.Properties.{list}");
            fault(path, "rules as resources of their own", Some("inline rules"), rules.at)
        }
        _ => Verdict::Pass,
    }))
}

fn cross_group(name: &str, group: &Entry) -> Verdict {
    let rules = property(group, "SecurityGroupIngress").map(elements).unwrap_or_default();
    let sources = rules.into_iter().filter_map(|rule| rule.child("SourceSecurityGroupId"));
    Verdict::all(sources.map(|source| {
        let path = format!("Resources.{name}.Properties.SecurityGroupIngress");
        fault(
            path,
            "an AWS::EC2::SecurityGroupIngress for what other groups send",
            Some(&source.to_string()),
            source.at,
        )
    }))
}

fn conditional(r: &Resource, cx: &Context<'_>) -> Verdict {
    let singletons = cx.params.texts("singleton_types");
    let made = section(r, "Resources").filter(|(_, entry)| singletons.iter().any(|s| Some(s.as_str()) == kind(entry)));
    Verdict::all(made.map(|(name, entry)| {
        let condition = entry.value.child("Condition").and_then(Value::as_str);
        let depends = condition.and_then(|name| super::uses::condition(r, name)).is_some_and(|condition| {
            reads(r, condition).into_iter().any(|name| section(r, "Parameters").any(|(p, _)| **p == *name))
        });
        if depends {
            return Verdict::Pass;
        }
        fault(format!("Resources.{name}.Condition"), "a condition that reads a parameter", condition, entry.key_at)
    }))
}
