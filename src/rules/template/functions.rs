//! Intrinsic functions as a template writes them: in long form, not evaluated.

use crate::model::{Kind, Value};

/// The names that a value refers to: `Ref` and the placeholders of `Fn::Sub`, without those that a `Fn::Sub` defines itself.
pub(in crate::rules) fn references(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match &value.kind {
        Kind::List(list) => list.iter().for_each(|item| collect(item, found)),
        Kind::Map(map) => {
            found.extend(value.child("Ref").and_then(Value::as_str));
            if let Some(sub) = value.child("Fn::Sub") {
                let own = |name: &str| sub.child("1").and_then(|map| map.child(name)).is_some();
                found.extend(placeholders(sub_text(sub)).filter(|name| !own(name)));
            }
            map.values().for_each(|entry| collect(&entry.value, found));
        }
        _ => {}
    }
}

/// The text of a `Fn::Sub`, in either of its forms.
pub(super) fn sub_text(sub: &Value) -> &str {
    sub.as_str().or_else(|| sub.child("0").and_then(Value::as_str)).unwrap_or_default()
}

/// The names between `${` and `}`; `${!Literal}` is text.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${")
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('!'))
}

/// Texts that are written out: the value itself, branches of `Fn::If`, elements of a list, and functions that fill nothing in.
pub(super) fn literals(value: &Value) -> Vec<&Value> {
    match &value.kind {
        Kind::Str(_) | Kind::Int(_) | Kind::Float(_) => vec![value],
        Kind::List(list) => list.iter().flat_map(literals).collect(),
        Kind::Map(map) if map.len() == 1 => {
            if let Some(branches) = value.child("Fn::If").and_then(Value::as_list) {
                return branches.iter().skip(1).flat_map(literals).collect();
            }
            if let Some(inner) = value.child("Fn::Base64") {
                return literals(inner);
            }
            let written_out = match (value.child("Fn::Sub"), value.child("Fn::Join")) {
                (Some(sub), _) => placeholders(sub_text(sub)).next().is_none(),
                (_, Some(join)) => {
                    let parts = join.child("1").and_then(Value::as_list).unwrap_or_default();
                    !parts.is_empty() && parts.iter().all(|part| part.as_str().is_some())
                }
                _ => false,
            };
            if written_out { vec![value] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    #[test]
    fn references_are_found_wherever_they_are_nested() {
        let value = from_json(&json!({"Fn::Join": ["-", [
            {"Ref": "Environment"},
            {"Fn::Sub": ["${AWS::StackName}-${Local}-${!Text}", {"Local": {"Ref": "Other"}}]},
        ]]}));
        assert_eq!(references(&value), ["Environment", "AWS::StackName", "Other"]);
    }

    #[test]
    fn a_function_that_fills_nothing_in_is_a_literal() {
        for (value, expected) in [
            (json!("text"), 1),
            (json!({"Fn::Sub": "text"}), 1),
            (json!({"Fn::Sub": "${Name}"}), 0),
            (json!({"Fn::If": ["Prod", "a", {"Ref": "B"}]}), 1),
            (json!({"Fn::Join": ["", ["a", "b"]]}), 1),
            (json!({"Fn::Join": ["", ["a", {"Ref": "B"}]]}), 0),
            (json!({"Ref": "B"}), 0),
        ] {
            assert_eq!(literals(&from_json(&value)).len(), expected, "{value}");
        }
    }
}
