//! Sizes and switches that differ between deployments.

use std::collections::BTreeSet;

use crate::model::{Entry, Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::functions::{placeholders, sub_text};
use super::uses::{Use, alternatives, reads, uses};
use super::{fault, kind, property, section};

rules! {
    /// ## Why
    /// The size of a disk and the number of instances change more often than anything else, and are others in each environment. As literals
    /// each change is a change of the template.
    ///
    /// Each of the `properties` comes from a parameter: a number from one of the type `Number` with bounds, or by a condition or a mapping that
    /// hangs on a parameter. Switches (`MonitoringInterval`, `Monitoring.Enabled`) hang on a condition over a parameter with the values true and
    /// false; with `MonitoringInterval`, the monitoring role and its use hang on the same condition.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   StorageSize: {Type: Number, Default: 100, MinValue: 20, MaxValue: 1000}
    /// Resources:
    ///   Database:
    ///     Type: AWS::RDS::DBInstance
    ///     Properties:
    ///       AllocatedStorage: !Ref StorageSize
    ///       MonitoringInterval: !If [DetailedMonitoring, 60, 0]
    ///       MonitoringRoleArn: !If [DetailedMonitoring, !GetAtt MonitoringRole.Arn, !Ref AWS::NoValue]
    /// ```
    "template-tunables-parameterised" => {
        title: "Sizes and monitoring switches come from validated parameters.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            properties: Preset::Texts(&[
                "AWS::AutoScaling::AutoScalingGroup.DesiredCapacity",
                "AWS::AutoScaling::AutoScalingGroup.MaxSize",
                "AWS::AutoScaling::AutoScalingGroup.MinSize",
                "AWS::RDS::DBInstance.AllocatedStorage",
            ]) => "types and properties, `AWS::RDS::DBInstance.MonitoringInterval`",
        },
        equivalents: [],
        check: parameterised,
    }
}

fn parameterised(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let tunables: Vec<(&str, &str)> =
        cx.params.texts("properties").iter().filter_map(|text| text.split_once('.')).collect();
    let mut judged = Vec::new();
    for (name, entry) in section(r, "Resources") {
        for (_, path) in tunables.iter().filter(|(wanted, _)| kind(entry) == Some(wanted)) {
            let Some(value) = property(entry, path).filter(|value| !alternatives(value).is_empty()) else { continue };
            let place = format!("Resources.{name}.Properties.{path}");
            judged.push(match path.rsplit('.').next() {
                Some("Enabled" | "EnablePerformanceInsights") => switch(r, &place, value),
                Some("MonitoringInterval") => switch(r, &place, value).and(role(r, name, entry, value)),
                _ => tunable(r, &place, value),
            });
        }
    }
    (!judged.is_empty()).then(|| Verdict::all(judged))
}

/// The parameters that a value hangs on.
fn parameters<'a>(r: &'a Resource, value: &'a Value) -> BTreeSet<&'a str> {
    let names: BTreeSet<&str> = section(r, "Parameters").map(|(name, _)| &**name).collect();
    reads(r, value).into_iter().filter(|name| names.contains(name)).collect()
}

fn tunable(r: &Resource, path: &str, value: &Value) -> Verdict {
    let direct = value.child("Ref").and_then(Value::as_str).or_else(|| {
        let text = value.child("Fn::Sub").map(sub_text)?;
        placeholders(text).next().filter(|name| text.len() == name.len() + 3)
    });
    let Some(name) = direct else {
        if !parameters(r, value).is_empty() {
            return Verdict::Pass;
        }
        return fault(path, "a parameter, or a choice that hangs on one", Some(&value.to_string()), value.at);
    };
    let parameter = r.get(&format!("Parameters.{name}"));
    let number = parameter.get("Type").as_str() == Some("Number");
    let has = |key: &str| !parameter.get(key).is_absent();
    if number && (has("AllowedValues") || (has("MinValue") && has("MaxValue"))) {
        return Verdict::Pass;
    }
    fault(parameter.path.clone(), "a Number with MinValue and MaxValue, or AllowedValues", None, parameter.at())
}

/// A condition over a parameter that is true or false, or that parameter itself.
fn switch(r: &Resource, path: &str, value: &Value) -> Verdict {
    let is_switch = |name: &&str| {
        let allowed = r.properties.child("Parameters").and_then(|p| p.child(name)?.child("AllowedValues"));
        let words = ["true", "false", "yes", "no", "enabled", "disabled"];
        let known = |v: &Value| v.text().is_some_and(|t| words.iter().any(|word| word.eq_ignore_ascii_case(&t)));
        allowed.and_then(Value::as_list).is_some_and(|values| values.iter().all(known))
    };
    let conditional = value.child("Fn::If").is_some() || value.child("Ref").is_some();
    if conditional && parameters(r, value).iter().any(is_switch) {
        return Verdict::Pass;
    }
    fault(path, "a condition over a parameter that is true or false", Some(&value.to_string()), value.at)
}

/// The monitoring role hangs on the same condition as the interval.
fn role(r: &Resource, name: &str, entry: &Entry, interval: &Value) -> Verdict {
    let Some(condition) = condition(interval) else { return Verdict::Pass };
    let Some(arn) = property(entry, "MonitoringRoleArn") else { return Verdict::Pass };
    let expected = format!("the condition {condition}, as for MonitoringInterval");
    let used = if self::condition(arn) == Some(condition) {
        Verdict::Pass
    } else {
        let path = format!("Resources.{name}.Properties.MonitoringRoleArn");
        fault(path, expected.clone(), Some(&arn.to_string()), arn.at)
    };
    let targets: Vec<&str> = uses(arn).into_iter().filter_map(Use::target).collect();
    let roles = section(r, "Resources").filter(|(id, _)| targets.contains(&&***id));
    used.and(Verdict::all(roles.map(|(id, role)| {
        let own = role.value.child("Condition").and_then(Value::as_str);
        if own == Some(condition) {
            return Verdict::Pass;
        }
        fault(format!("Resources.{id}.Condition"), expected.clone(), own, role.key_at)
    })))
}

fn condition(value: &Value) -> Option<&str> {
    value.child("Fn::If")?.child("0")?.as_str()
}
