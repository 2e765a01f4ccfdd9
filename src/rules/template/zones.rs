//! Availability Zones in the text of a template.

use crate::model::{Kind, Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::functions::{placeholders, references, sub_text};
use super::{fault, section};

/// Types whose zone is chosen by `AvailabilityZone` or `AvailabilityZones`.
const ZONED: &[&str] =
    &["AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::EC2::Subnet", "AWS::RDS::DBInstance"];

rules! {
    /// ## Why
    /// `us-east-1a` exists in one region only, means another data centre in each account, and may not offer the instance type. A template
    /// that names it cannot be deployed elsewhere.
    ///
    /// A zone may come from `Fn::GetAZs`, from a parameter, or from the attribute of another resource. Literals fail, and so do the region
    /// with a letter behind it and a parameter whose default is a literal, unless the parameter's type is a zone's name.
    ///
    /// ## Fix
    /// ```yaml
    /// AvailabilityZone: !Select [0, !GetAZs ""]
    /// ```
    "template-no-hardcoded-az" => {
        title: "Availability Zones are selected, not written out.",
        category: TemplateQuality,
        severity: Medium,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { accept_region_suffix: Preset::Bool(false) => "accept the region with a letter behind it" },
        equivalents: ["cfn-lint/W3010"],
        check: hardcoded,
    }
}

fn hardcoded(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let zoned = section(r, "Resources").filter(|(_, resource)| {
        resource.value.child("Type").and_then(Value::as_str).is_some_and(|kind| ZONED.contains(&kind))
    });
    let found: Vec<_> = zoned
        .flat_map(|(name, resource)| {
            ["AvailabilityZone", "AvailabilityZones"].into_iter().filter_map(move |property| {
                let value = resource.value.child("Properties")?.child(property)?;
                Some((format!("Resources.{name}.Properties.{property}"), value))
            })
        })
        .collect();
    (!found.is_empty()).then(|| {
        let suffix = cx.params.bool("accept_region_suffix");
        Verdict::all(found.iter().map(|(path, value)| selected(r, value, path, suffix)))
    })
}

/// A value that does not write a zone out.
fn selected(r: &Resource, value: &Value, path: &str, suffix: bool) -> Verdict {
    let expected = "a zone selected from Fn::GetAZs, or a parameter";
    let written_out = || fault(path, expected, Some(&value.to_string()), value.at);
    match &value.kind {
        Kind::Str(text) if text.is_empty() || text.contains("{{resolve:") => Verdict::Pass,
        Kind::Str(_) => written_out(),
        Kind::List(list) => {
            Verdict::all(list.iter().enumerate().map(|(n, v)| selected(r, v, &format!("{path}.{n}"), suffix)))
        }
        Kind::Map(_) => {
            if let Some(name) = value.child("Ref").and_then(Value::as_str) {
                return parameter(r, name);
            }
            if let Some(branches) = value.child("Fn::If").and_then(Value::as_list) {
                let branches = branches.iter().enumerate().skip(1);
                return Verdict::all(branches.map(|(n, v)| selected(r, v, &format!("{path}.Fn::If.{n}"), suffix)));
            }
            if let Some(from) = value.child("Fn::Select").and_then(|select| select.child("1")) {
                return selected(r, from, &format!("{path}.Fn::Select.1"), suffix);
            }
            let (sub, join) = (value.child("Fn::Sub"), value.child("Fn::Join"));
            let with_region = sub.is_some_and(|sub| placeholders(sub_text(sub)).any(|name| name == "AWS::Region"))
                || join.is_some_and(|join| references(join).contains(&"AWS::Region"));
            let constant = sub.is_some_and(|sub| placeholders(sub_text(sub)).next().is_none())
                || join.is_some_and(|join| references(join).is_empty() && !reads_attribute(join));
            if constant || (with_region && !suffix) { written_out() } else { Verdict::Pass }
        }
        _ => Verdict::Pass,
    }
}

/// Whether a value takes something from elsewhere by a function other than `Ref` and `Fn::Sub`.
fn reads_attribute(value: &Value) -> bool {
    match &value.kind {
        Kind::List(list) => list.iter().any(reads_attribute),
        Kind::Map(_) => true,
        _ => false,
    }
}

/// A parameter of another type than a zone's name must not default to a zone.
fn parameter(r: &Resource, name: &str) -> Verdict {
    let read = r.get(&format!("Parameters.{name}"));
    let default = read.get("Default");
    let zone_typed = read.get("Type").as_str().is_some_and(|kind| kind.contains("AWS::EC2::AvailabilityZone::Name"));
    match default.as_str() {
        Some(text) if !zone_typed && text.split(',').any(is_zone) => fault(
            default.path.clone(),
            "a parameter of type AWS::EC2::AvailabilityZone::Name",
            Some(text),
            default.at(),
        ),
        _ => Verdict::Pass,
    }
}

/// `us-east-1a`, `us-west-2-lax-1a`.
fn is_zone(text: &str) -> bool {
    let text = text.trim();
    let Some((region, letter)) = text.char_indices().last().and_then(|(n, c)| Some((text.get(..n)?, c))) else {
        return false;
    };
    letter.is_ascii_lowercase()
        && region.ends_with(|c: char| c.is_ascii_digit())
        && region.split('-').count() >= 3
        && region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn a_literal_is_found_behind_the_functions_that_choose_it() {
        let template = Resource::new("AWS::CloudFormation::Template", Address::default(), World::Closed, Span::LIVE);
        for (value, expected) in [
            (json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]}), None),
            (json!({"Fn::Select": [0, ["us-east-1a", "us-east-1b"]]}), Some("Zone.Fn::Select.1.0")),
            (json!({"Fn::If": ["Here", {"Ref": "AWS::NoValue"}, "us-east-1a"]}), Some("Zone.Fn::If.2")),
            (json!({"Fn::Join": ["", [{"Ref": "AWS::Region"}, "a"]]}), Some("Zone")),
            (json!({"Fn::Join": ["", ["us-east-1", "a"]]}), Some("Zone")),
            (json!({"Fn::Sub": "${Zone}"}), None),
            (json!({"Fn::GetAtt": ["Subnet", "AvailabilityZone"]}), None),
            (json!({"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "first"]}), None),
            (json!("{{resolve:ssm:/network/zone}}"), None),
        ] {
            let verdict = selected(&template, &from_json(&value), "Zone", false);
            assert_eq!(verdict.evidence().first().map(|e| &*e.path), expected, "{value}");
        }
    }

    #[test]
    fn zones_are_told_from_regions() {
        for (text, expected) in
            [("us-east-1a", true), ("us-west-2-lax-1a", true), ("us-east-1", false), ("", false), ("zone-a", false)]
        {
            assert_eq!(is_zone(text), expected, "{text}");
        }
    }
}
