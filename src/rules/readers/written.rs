//! What a template writes where a value cannot be resolved: `arn:${AWS::Partition}:iam::${AWS::AccountId}:root` tells a lot all the same.

use crate::model::{Read, Value};
use crate::source::Span;

/// The text that was read, or that the template writes there. What is not known stands as a hole: the name in braces after a
/// dollar sign, with `.` for `::`, so that the text can be taken apart at its colons. `None` if it is no text.
pub(in crate::rules) fn text(read: &Read<'_>) -> Option<String> {
    if let Some(text) = read.value().and_then(Value::text) {
        return Some(text.to_string());
    }
    shape(raw(read)?)
}

/// The value as the template writes it, functions unresolved; `None` on the observed side, or if it was written as JSON text.
pub(in crate::rules) fn raw<'a>(read: &Read<'a>) -> Option<&'a Value> {
    let path: Vec<&str> = read.path.split('.').collect();
    descend(read.resource.raw.as_deref()?, &path, read.at())
}

/// Elements that came to nothing (`AWS::NoValue`) are not counted in the path: the place in the file tells which one is meant.
fn descend<'v>(value: &'v Value, path: &[&str], at: Span) -> Option<&'v Value> {
    if let Some([_, branches @ ..]) = value.child("Fn::If").and_then(Value::as_list) {
        return branches.iter().find_map(|branch| descend(branch, path, at));
    }
    let Some((key, rest)) = path.split_first() else {
        return (value.at == at).then_some(value);
    };
    match (value.as_list(), key.parse::<usize>()) {
        (Some(list), Ok(n)) => list.iter().skip(n).find_map(|item| descend(item, rest, at)),
        _ => descend(value.child(key)?, rest, at),
    }
}

/// A function's text with its holes.
fn shape(value: &Value) -> Option<String> {
    if let Some(text) = value.text() {
        return Some(text.to_string());
    }
    let hole = |name: &str| format!("${{{}}}", name.trim().replace("::", "."));
    if let Some(name) = value.child("Ref").and_then(Value::as_str) {
        return Some(hole(name));
    }
    if let Some(attribute) = value.child("Fn::GetAtt") {
        let parts = attribute.as_list().unwrap_or(std::slice::from_ref(attribute)).iter().map(Value::as_str);
        return Some(hole(&parts.collect::<Option<Vec<_>>>()?.join(".")));
    }
    if let Some([delimiter, list]) = value.child("Fn::Join").and_then(Value::as_list) {
        let parts = list.as_list()?.iter().map(shape).collect::<Option<Vec<_>>>()?;
        return Some(parts.join(delimiter.as_str()?));
    }
    let sub = value.child("Fn::Sub")?;
    let (template, own) = (sub.as_str().or_else(|| sub.child("0")?.as_str())?, sub.child("1"));
    let mut pieces = template.split("${");
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}')?;
        let filled = own.and_then(|own| own.child(name)).and_then(shape);
        text.push_str(&filled.unwrap_or_else(|| hole(name)));
        text.push_str(rest);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, Resource, Unknown, World, from_json};
    use serde_json::{Value as Json, json};

    fn written(value: &Json) -> Option<String> {
        let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        r.raw = Some(from_json(&json!({"P": [{"Fn::If": ["C", "no", {"Ref": "AWS::NoValue"}]}, {"Q": value}]})).into());
        // The first element came to nothing.
        r.properties = from_json(&json!({"P": [{}]}));
        let Kind::Map(map) = &mut r.properties.kind else { panic!() };
        let unknown = Value { kind: Kind::Unknown(Unknown::NotCollected), at: Span::LIVE };
        let item =
            Kind::Map([("Q".into(), crate::model::Entry { key_at: Span::LIVE, value: unknown })].into_iter().collect());
        map["P"].value.kind = Kind::List(vec![Value::live(item)]);
        text(&r.get("P.0.Q"))
    }

    #[test]
    fn functions_are_written_out_with_holes_for_what_is_not_known() {
        for (value, expected) in [
            (json!({"Ref": "AWS::AccountId"}), Some("${AWS.AccountId}")),
            (
                json!({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}),
                Some("arn:${AWS.Partition}:iam::${AWS.AccountId}:root"),
            ),
            (json!({"Fn::Sub": ["${A}-${B}", {"A": "x"}]}), Some("x-${B}")),
            (
                json!({"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":root"]]}),
                Some("arn:aws:iam::${AWS.AccountId}:root"),
            ),
            (json!({"Fn::GetAtt": ["Role", "Arn"]}), Some("${Role.Arn}")),
            (json!({"Fn::ImportValue": "x"}), None),
        ] {
            assert_eq!(written(&value).as_deref(), expected, "{value}");
        }
    }
}
