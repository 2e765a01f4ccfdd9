//! What the functions in a template's text name: parameters, resources, attributes, conditions.

use std::collections::BTreeSet;

use crate::model::{Kind, Resource, Value};

use super::functions::{placeholders, sub_text};

/// Something that a function names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use<'a> {
    /// `Ref`, a placeholder of `Fn::Sub`, or a function of the `Rules` section: a parameter, pseudo parameter or resource.
    Name(&'a str),
    /// `Fn::GetAtt` or a placeholder with a dot: a resource and its attribute.
    Attribute(&'a str, &'a str),
    /// `Fn::If`, or the condition of a resource, output or other condition.
    Condition(&'a str),
}

impl<'a> Use<'a> {
    /// The parameter or resource that is named, if it is one.
    pub(super) fn target(self) -> Option<&'a str> {
        match self {
            Self::Name(name) | Self::Attribute(name, _) => Some(name),
            Self::Condition(_) => None,
        }
    }
}

/// Everything that a value names, in its order.
pub(super) fn uses(value: &Value) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<Use<'a>>) {
    match &value.kind {
        Kind::List(list) => list.iter().for_each(|item| collect(item, found)),
        Kind::Map(map) => {
            for (key, entry) in map {
                let argument = &entry.value;
                let first = argument.child("0").and_then(Value::as_str).or_else(|| argument.as_str());
                match &**key {
                    "Ref" => found.extend(argument.as_str().map(Use::Name)),
                    "Fn::ValueOf" | "Fn::ValueOfAll" => found.extend(first.map(Use::Name)),
                    "Fn::GetAtt" => found.extend(attribute(argument)),
                    "Fn::If" => found.extend(argument.child("0").and_then(Value::as_str).map(Use::Condition)),
                    "Condition" => found.extend(argument.as_str().map(Use::Condition)),
                    "Fn::Sub" => substituted(argument, found),
                    _ => {}
                }
                collect(argument, found);
            }
        }
        _ => {}
    }
}

fn attribute(argument: &Value) -> Option<Use<'_>> {
    match argument.as_list() {
        Some([id, name, ..]) => Some(Use::Attribute(id.as_str()?, name.as_str().unwrap_or_default())),
        _ => argument.as_str()?.split_once('.').map(|(id, name)| Use::Attribute(id, name)),
    }
}

fn substituted<'a>(argument: &'a Value, found: &mut Vec<Use<'a>>) {
    let own = |name: &str| argument.child("1").and_then(|map| map.child(name)).is_some();
    let names = placeholders(sub_text(argument)).filter(|name| !own(name));
    found.extend(names.map(|name| name.split_once('.').map_or(Use::Name(name), |(id, a)| Use::Attribute(id, a))));
}

/// The parameters, pseudo parameters and resources that a value hangs on, through the conditions that it names as well.
pub(super) fn reads<'a>(template: &'a Resource, value: &'a Value) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = uses(value);
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        found.extend(next.target());
        if let Use::Condition(name) = next
            && seen.insert(name)
        {
            open.extend(condition(template, name).map(uses).unwrap_or_default());
        }
    }
    found
}

/// A condition as the template defines it.
pub(super) fn condition<'a>(template: &'a Resource, name: &str) -> Option<&'a Value> {
    template.properties.child("Conditions")?.child(name)
}

/// The conditions that a resource, property or output hangs on, directly or through another condition.
pub(super) fn used_conditions(template: &Resource) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    let parts = ["Resources", "Outputs"].into_iter().filter_map(|part| template.properties.child(part));
    let mut open: Vec<Use<'_>> = parts.flat_map(uses).collect();
    while let Some(next) = open.pop() {
        if let Use::Condition(name) = next
            && used.insert(name)
        {
            open.extend(condition(template, name).map(uses).unwrap_or_default());
        }
    }
    used
}

/// What a value may become: the branches of `Fn::If`, without those that leave it out.
pub(super) fn alternatives(value: &Value) -> Vec<&Value> {
    if let Some(branches) = value.child("Fn::If").and_then(Value::as_list) {
        return branches.iter().skip(1).flat_map(alternatives).collect();
    }
    let left_out = value.kind == Kind::Null || value.child("Ref").and_then(Value::as_str) == Some("AWS::NoValue");
    if left_out { Vec::new() } else { vec![value] }
}

/// The elements that a list may have; a lone value counts as one.
pub(super) fn elements(value: &Value) -> Vec<&Value> {
    let lists = alternatives(value).into_iter();
    lists
        .flat_map(|list| list.as_list().map_or_else(|| vec![list], |l| l.iter().flat_map(alternatives).collect()))
        .collect()
}

/// Calls `visit` with every scalar below a value, its path and the nearest key that is no function.
pub(super) fn scalars<'a>(
    value: &'a Value,
    path: &str,
    key: &'a str,
    visit: &mut impl FnMut(&str, &'a str, &'a Value),
) {
    match &value.kind {
        Kind::List(list) => {
            list.iter().enumerate().for_each(|(n, item)| scalars(item, &format!("{path}.{n}"), key, visit));
        }
        Kind::Map(map) => {
            for (name, entry) in map {
                let key = if name.starts_with("Fn::") { key } else { name };
                scalars(&entry.value, &format!("{path}.{name}"), key, visit);
            }
        }
        _ => visit(path, key, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn every_way_to_name_something_is_seen() {
        let value = from_json(&json!([
            {"Ref": "A"},
            {"Fn::GetAtt": ["B", "Endpoint.Address"]},
            {"Fn::GetAtt": "C.Arn"},
            {"Fn::Sub": ["${D}/${E.Arn}/${Own}/${!Text}", {"Own": {"Ref": "F"}}]},
            {"Fn::If": ["IsProduction", 1, 2]},
            {"Condition": {"StringEquals": {"aws:x": "y"}}},
        ]));
        let expected = [
            Use::Name("A"),
            Use::Attribute("B", "Endpoint.Address"),
            Use::Attribute("C", "Arn"),
            Use::Name("D"),
            Use::Attribute("E", "Arn"),
            Use::Name("F"),
            Use::Condition("IsProduction"),
        ];
        assert_eq!(uses(&value), expected);
    }

    #[test]
    fn conditions_are_followed_and_may_be_circular() {
        let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({
            "Conditions": {
                "A": {"Fn::And": [{"Condition": "B"}, {"Condition": "A"}]},
                "B": {"Fn::Equals": [{"Ref": "Environment"}, "prod"]},
                "Unused": {"Fn::Equals": [{"Ref": "Other"}, "x"]},
            },
            "Resources": {"R": {"Condition": "A"}},
        }));
        let value = r.properties.child("Resources").unwrap();
        assert_eq!(reads(&r, value).into_iter().collect::<Vec<_>>(), ["Environment"]);
        assert_eq!(used_conditions(&r).into_iter().collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn a_branch_that_leaves_the_value_out_is_none() {
        let rules = from_json(&json!({"Fn::If": ["Open", [{"CidrIp": "10.0.0.0/8"}], {"Ref": "AWS::NoValue"}]}));
        assert_eq!(elements(&rules).len(), 1);
        assert!(alternatives(&from_json(&json!({"Ref": "AWS::NoValue"}))).is_empty());
    }
}
