//! Blue/green pairs: two target groups or two Auto Scaling groups, of which one serves while the other is deployed to.

use regex::Regex;

use crate::model::{Estate, Items, Kind, Read, Resource, Unknown, Value};
use crate::rules::readers::codedeploy::TARGET_GROUP;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// Some access is needed only while a deployment runs: the port of a test listener, the way from a deployment tool to the instances.
    /// Declared as a plain rule it is open all the time.
    ///
    /// Judged are templates with a blue/green pair (two target groups or two Auto Scaling groups that match `blue_green_pattern`) and
    /// with security group rules. One rule at least must depend on a parameter that tells the state of a deployment: by a `Condition`,
    /// or by `Fn::If` in the rule.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   DeploymentActive: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
    /// Conditions:
    ///   Deploying: !Equals [!Ref DeploymentActive, "true"]
    /// Resources:
    ///   TestListenerIngress:
    ///     Type: AWS::EC2::SecurityGroupIngress
    ///     Condition: Deploying
    ///     Properties:
    ///       GroupId: !Ref LoadBalancerGroup
    ///       IpProtocol: tcp
    ///       FromPort: 8443
    ///       ToPort: 8443
    ///       CidrIp: 10.0.0.0/16
    /// ```
    "security-group-deployment-state-rules" => {
        title: "Security group access that only a deployment phase needs is declared as conditional rules.",
        category: Deployment,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            blue_green_pattern: Preset::Pattern("(?i)(blue|green)") => "names by which the members of a blue/green pair are known",
            deployment_parameter_pattern: Preset::Pattern("(?i)(deploy|active|color|colour|canary)")
                => "parameters that tell the state of a deployment",
        },
        equivalents: [],
        check: conditional_rules,
    }
}

const AUTO_SCALING_GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// Types that come in pairs, and the property that holds their name.
const PAIRED: &[(&str, &str)] = &[(AUTO_SCALING_GROUP, "AutoScalingGroupName"), (TARGET_GROUP, "Name")];

/// Whether a resource is a member of a blue/green pair: its name matches `blue_green_pattern`, and that of another one does, too.
pub(super) fn is_member(r: &Resource, cx: &Context<'_>) -> bool {
    let Some((pattern, &(kind, name))) =
        cx.params.pattern("blue_green_pattern").zip(PAIRED.iter().find(|(kind, _)| *kind == &*r.kind))
    else {
        return false;
    };
    is_called(r, name, pattern) && members(cx.estate, r, kind, name, pattern) > 1
}

/// Whether there is a blue/green pair around a resource: two of a kind with such names, or traffic that is split between two target groups.
/// What a macro may add to a template is no reason to expect one.
pub(super) fn exists(place: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let mut open = None;
    for (kind, name) in PAIRED {
        let pattern = cx.params.pattern("blue_green_pattern");
        if pattern.is_some_and(|pattern| members(cx.estate, place, kind, name, pattern) > 1) {
            return Ok(true);
        }
        open = open.or_else(|| cx.estate.why_unlisted(kind, &place.address).filter(|_| place.is_live()));
    }
    for (kind, actions) in FORWARDING {
        let listing = cx.estate.of(place, kind);
        if listing.items.iter().any(|r| forwarded(&r.get(actions)).iter().any(|list| list.len() > 1)) {
            return Ok(true);
        }
        open = open.or(listing.incomplete.filter(|_| place.is_live()));
    }
    open.map_or(Ok(false), Err)
}

/// What forwards to target groups, and the property that says so.
pub(super) const FORWARDING: &[(&str, &str)] = &[
    ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"),
];

/// The target groups between which each action splits the traffic.
pub(super) fn forwarded<'a>(actions: &Read<'a>) -> Vec<Vec<Read<'a>>> {
    let Items::Are(actions) = actions.items() else { return Vec::new() };
    let groups = |action: &Read<'a>| match action.get("ForwardConfig").get("TargetGroups").items() {
        Items::Are(groups) => groups.iter().map(|group| group.get("TargetGroupArn")).collect(),
        Items::Absent | Items::Unknown => Vec::new(),
    };
    actions.iter().map(groups).collect()
}

fn members(estate: &Estate, near: &Resource, kind: &str, name: &str, pattern: &Regex) -> usize {
    estate.of(near, kind).items.into_iter().filter(|other| is_called(other, name, pattern)).count()
}

fn is_called(r: &Resource, name: &str, pattern: &Regex) -> bool {
    pattern.is_match(r.address.name()) || r.get(name).as_str().is_some_and(|text| pattern.is_match(text))
}

/// A security group or rule of a template, by its logical id.
type Declared<'a> = (&'a str, &'a Value);

fn conditional_rules(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let resources = r.properties.child("Resources").and_then(Value::as_map)?;
    let of = |kinds: &[&str]| -> Vec<Declared<'_>> {
        let is = |value: &Value| value.child("Type").and_then(Value::as_str).is_some_and(|kind| kinds.contains(&kind));
        resources.iter().filter(|(_, e)| is(&e.value)).map(|(id, e)| (&**id, &e.value)).collect()
    };
    let pattern = cx.params.pattern("blue_green_pattern")?;
    let paired = PAIRED.iter().any(|(kind, name)| {
        let called = |(id, value): &&Declared<'_>| {
            let given = value.child("Properties").and_then(|p| p.child(name));
            pattern.is_match(id) || given.is_some_and(|given| pattern.is_match(&given.to_string()))
        };
        of(&[kind]).iter().filter(called).count() > 1
    });
    let rules = of(&["AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"]);
    let groups = of(&["AWS::EC2::SecurityGroup"]);
    if !paired || rules.is_empty() && groups.is_empty() {
        return None;
    }
    let standalone = rules.iter().any(|(_, rule)| {
        let conditions = rule.child("Condition").and_then(Value::as_str).into_iter();
        let within = rule.child("Properties").map(decided_by).unwrap_or_default();
        conditions.chain(within).any(|condition| tells_state(r, condition, cx, 0))
    });
    let inline = groups.iter().any(|(_, group)| {
        let lists = ["SecurityGroupIngress", "SecurityGroupEgress"];
        let lists = lists.iter().filter_map(|list| group.child("Properties")?.child(list));
        lists.flat_map(decided_by).any(|condition| tells_state(r, condition, cx, 0))
    });
    if standalone || inline {
        return Some(Verdict::Pass);
    }
    let first = rules.first().or(groups.first());
    let read = r.get(&format!("Resources.{}.Condition", first.map_or("", |(id, _)| id)));
    let expected = "a security group rule with a condition that depends on a parameter for the deployment's state";
    Some(Verdict::fail(Evidence::of(&read, expected)))
}

/// The conditions of every `Fn::If` in a value.
fn decided_by(value: &Value) -> Vec<&str> {
    match &value.kind {
        Kind::List(list) => list.iter().flat_map(decided_by).collect(),
        Kind::Map(map) => {
            let condition = value.child("Fn::If").and_then(|branches| branches.child("0")?.as_str());
            condition.into_iter().chain(map.values().flat_map(|entry| decided_by(&entry.value))).collect()
        }
        _ => Vec::new(),
    }
}

/// How deep conditions may name conditions.
const MAX_DEPTH: usize = 16;

/// Whether a condition depends on a parameter that tells the state of a deployment, by itself or by other conditions.
fn tells_state(template: &Resource, condition: &str, cx: &Context<'_>, depth: usize) -> bool {
    let Some(expression) = template.properties.child("Conditions").and_then(|all| all.child(condition)) else {
        return false;
    };
    let named = mentions(expression, "Ref");
    let pattern = cx.params.pattern("deployment_parameter_pattern");
    named.iter().any(|name| pattern.is_some_and(|pattern| pattern.is_match(name)))
        || depth < MAX_DEPTH
            && mentions(expression, "Condition").iter().any(|name| tells_state(template, name, cx, depth + 1))
}

/// What a key like `Ref` or `Condition` names anywhere in an expression.
fn mentions<'a>(expression: &'a Value, key: &str) -> Vec<&'a str> {
    match &expression.kind {
        Kind::List(list) => list.iter().flat_map(|item| mentions(item, key)).collect(),
        Kind::Map(map) => {
            let named = expression.child(key).and_then(Value::as_str);
            named.into_iter().chain(map.values().flat_map(|entry| mentions(&entry.value, key))).collect()
        }
        _ => Vec::new(),
    }
}
