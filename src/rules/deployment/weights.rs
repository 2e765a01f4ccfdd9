//! Weights by which listeners split traffic between two versions.

use crate::model::{Kind, Read, Related, Resource, Value};
use crate::rules::readers::codedeploy::{GROUP, TARGET_GROUP, owns};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

use super::automation::hook;
use super::pairs::{FORWARDING, forwarded};

rules! {
    /// ## Why
    /// A weight that is written out can only be changed by editing the template: every step of a deployment becomes a commit, and the next
    /// deployment of anything else sets the traffic back.
    ///
    /// Judged are forward actions with two or more target groups. Each `Weight` comes from a parameter, a mapping or a condition. A weight
    /// that is absent is a literal as well. Listeners whose traffic a CodeDeploy deployment group or the `AWS::CodeDeploy::BlueGreen` hook
    /// shifts pass: what the template says is only where they start.
    ///
    /// ## Fix
    /// ```yaml
    /// ForwardConfig:
    ///   TargetGroups:
    ///     - TargetGroupArn: !Ref BlueTargetGroup
    ///       Weight: !Ref BlueWeight
    ///     - TargetGroupArn: !Ref GreenTargetGroup
    ///       Weight: !Ref GreenWeight
    /// ```
    "listener-weights-not-hardcoded" => {
        title: "Blue/green traffic weights come from parameters or conditions, not literals.",
        category: Deployment,
        severity: Medium,
        scope: Template,
        types: ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"],
        reads: ["AWS::CodeDeploy::DeploymentGroup", "AWS::ElasticLoadBalancingV2::TargetGroup"],
        params: { accept_codedeploy_owner: Preset::Bool(true) => "accept literals where CodeDeploy shifts the traffic" },
        equivalents: [],
        check: weights,
    }
}

fn weights(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (_, actions) = FORWARDING.iter().find(|(kind, _)| *kind == &*r.kind)?;
    let written = r.raw.as_deref()?.child(actions)?;
    let mut found = Split::default();
    found.walk(written, actions, false);
    if !found.seen {
        return None;
    }
    if found.literal.is_empty() || cx.params.bool("accept_codedeploy_owner") && owned(r, actions, cx) {
        return Some(Verdict::Pass);
    }
    Some(Verdict::Fail(found.literal.iter().map(|(path, value)| literal(r, path, *value)).collect()))
}

/// Forward actions that split traffic, as they are written.
#[derive(Default)]
struct Split<'a> {
    /// Whether there is one.
    seen: bool,
    /// The weights that are written out, or left out, with their paths.
    literal: Vec<(String, Option<&'a Value>)>,
}

impl<'a> Split<'a> {
    /// `conditional`: a condition decides over what is looked at.
    fn walk(&mut self, value: &'a Value, path: &str, conditional: bool) {
        match &value.kind {
            Kind::List(list) => {
                for (n, item) in list.iter().enumerate() {
                    self.walk(item, &format!("{path}.{n}"), conditional);
                }
            }
            Kind::Map(map) => {
                for (key, entry) in map {
                    let path = format!("{path}.{key}");
                    if &**key == "TargetGroups" {
                        self.groups(&entry.value, &path, conditional);
                    } else {
                        self.walk(&entry.value, &path, conditional || &**key == "Fn::If");
                    }
                }
            }
            _ => {}
        }
    }

    fn groups(&mut self, value: &'a Value, path: &str, conditional: bool) {
        let Some(groups) = value.as_list() else {
            // Chosen by a condition as a whole.
            self.seen |= value.child("Fn::If").is_some();
            return;
        };
        if groups.len() < 2 {
            return;
        }
        self.seen = true;
        for (n, group) in groups.iter().enumerate().filter(|(_, group)| !conditional && group.child("Fn::If").is_none())
        {
            let weight = group.child("Weight");
            if weight.is_none_or(|weight| weight.as_int().is_some()) {
                self.literal.push((format!("{path}.{n}.Weight"), weight));
            }
        }
    }
}

fn literal(r: &Resource, path: &str, value: Option<&Value>) -> Evidence {
    let expected = "a weight from a parameter, a mapping or a condition";
    let at = value.map_or(r.at, |value| value.at);
    let actual = value.map(Value::to_string);
    Evidence { path: path.to_owned(), expected: expected.to_owned(), actual, reason: None, at, action: None }
}

/// Whether CodeDeploy shifts the traffic of a listener or rule.
fn owned(r: &Resource, actions: &str, cx: &Context<'_>) -> bool {
    if hook(r, cx).is_some() {
        return true;
    }
    let lists = forwarded(&r.get(actions));
    let found = |read: &Read<'_>| match cx.estate.follow(read, &[TARGET_GROUP]) {
        Related::Found(group) => Some(group),
        Related::Missing | Related::Unknown(_) => None,
    };
    let targets: Vec<&Resource> = lists.iter().flatten().filter_map(found).collect();
    cx.estate.of(r, GROUP).items.into_iter().any(|group| owns(cx.estate, group, r, &targets))
}
