//! What a template writes where only AWS knows the value: the text with its placeholders, and the names that it mentions.

use super::policy::principal::written;
use crate::model::{Read, Value};

/// The text that a function makes, with what is filled in at deployment as `${Name}`; `None` on the observed side and where no text is made.
pub(in crate::rules) fn text(read: &Read<'_>) -> Option<String> {
    let mut out = String::new();
    add(written(read)?, &mut out).then_some(out)
}

/// The names of parameters and resources that a place of the template mentions, each once.
pub(in crate::rules) fn mentions(read: &Read<'_>) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(raw) = written(read) {
        gather(raw, &mut names);
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// How the template writes a place, for comparison with another one; `None` on the observed side.
pub(in crate::rules) fn spelling(read: &Read<'_>) -> Option<String> {
    written(read).map(ToString::to_string)
}

/// The text without its placeholders.
pub(in crate::rules) fn literal(text: &str) -> String {
    let parts = text.split("${").enumerate();
    parts.map(|(n, part)| if n == 0 { part } else { part.split_once('}').map_or("", |(_, after)| after) }).collect()
}

/// The placeholders of a text: `Name` or `Name.Attribute`.
pub(in crate::rules) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

/// A function: a mapping with one key that names it.
fn function(raw: &Value) -> Option<(&str, &Value)> {
    let (name, entry) = raw.as_map().filter(|map| map.len() == 1)?.iter().next()?;
    (&**name == "Ref" || name.starts_with("Fn::")).then_some((&**name, &entry.value))
}

/// The resource of a `Fn::GetAtt`, in either form.
fn owner(argument: &Value) -> Option<&str> {
    let whole = argument.as_str().or_else(|| argument.child("0").and_then(Value::as_str))?;
    Some(whole.split_once('.').map_or(whole, |(id, _)| id))
}

fn add(raw: &Value, out: &mut String) -> bool {
    let Some((name, argument)) = function(raw) else {
        return raw.text().is_some_and(|text| {
            out.push_str(&text);
            true
        });
    };
    match name {
        "Fn::Sub" => fill_in(argument, out),
        "Fn::Join" => join(argument, out),
        _ => {
            let named = if name == "Fn::GetAtt" { owner(argument) } else { argument.as_str() };
            out.extend(["${", named.unwrap_or(name), "}"]);
            true
        }
    }
}

fn fill_in(sub: &Value, out: &mut String) -> bool {
    let Some(template) = sub.as_str().or_else(|| sub.child("0").and_then(Value::as_str)) else { return false };
    for (n, part) in template.split("${").enumerate() {
        let Some((name, after)) = part.split_once('}').filter(|_| n > 0) else {
            out.push_str(part);
            continue;
        };
        match (name.strip_prefix('!'), sub.child("1").and_then(|map| map.child(name))) {
            (None, Some(variable)) => {
                if !add(variable, out) {
                    return false;
                }
            }
            // A literal `${…}` is no placeholder of the template: it loses its dollar, so that nobody takes it for one.
            (Some(literal), _) => out.extend(["{", literal, "}"]),
            (None, None) => out.extend(["${", name, "}"]),
        }
        out.push_str(after);
    }
    true
}

fn join(join: &Value, out: &mut String) -> bool {
    let delimiter = join.child("0").and_then(Value::as_str);
    let (Some(delimiter), Some(parts)) = (delimiter, join.child("1").and_then(Value::as_list)) else { return false };
    parts.iter().enumerate().all(|(n, part)| {
        if n > 0 {
            out.push_str(delimiter);
        }
        add(part, out)
    })
}

fn gather(raw: &Value, names: &mut Vec<String>) {
    match function(raw) {
        Some(("Ref", argument)) => names.extend(argument.as_str().map(str::to_owned)),
        Some(("Fn::GetAtt", argument)) => names.extend(owner(argument).map(str::to_owned)),
        Some(("Fn::Sub", argument)) => {
            let template = argument.as_str().or_else(|| argument.child("0").and_then(Value::as_str));
            let own =
                |name: &&str| !name.starts_with('!') && argument.child("1").is_none_or(|m| m.child(name).is_none());
            let bare = |name: &str| name.split_once('.').map_or(name, |(id, _)| id).to_owned();
            names.extend(placeholders(template.unwrap_or_default()).filter(own).map(bare));
            if let Some(variables) = argument.child("1") {
                gather(variables, names);
            }
        }
        _ => {
            for item in raw.as_list().into_iter().flatten() {
                gather(item, names);
            }
            for entry in raw.as_map().into_iter().flat_map(|map| map.values()) {
                gather(&entry.value, names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, Resource, Unknown, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn holder(raw: &Json) -> Resource {
        let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        r.raw = Some(from_json(&json!({ "P": raw })).into());
        r.set("P", Kind::Unknown(Unknown::Runtime("T".into())));
        r
    }

    #[test]
    fn text_keeps_its_placeholders() {
        for (raw, expected) in [
            (json!({"Fn::Sub": "ALARM(${High}) OR ${Env}"}), Some("ALARM(${High}) OR ${Env}")),
            (json!({"Fn::Sub": ["${A}-x", {"A": {"Ref": "B"}}]}), Some("${B}-x")),
            (json!({"Fn::Join": ["", ["ALARM(", {"Fn::GetAtt": ["High", "Arn"]}, ")"]]}), Some("ALARM(${High})")),
            (json!("plain"), Some("plain")),
            (json!(["a"]), None),
        ] {
            assert_eq!(text(&holder(&raw).get("P")).as_deref(), expected, "{raw}");
        }
        assert_eq!(literal("a ${B} c ${D.E}"), "a  c ");
        assert_eq!(placeholders("${A}${B.C}").collect::<Vec<_>>(), ["A", "B.C"]);
    }

    #[test]
    fn every_name_is_found_wherever_it_stands() {
        let raw = json!({"Fn::Select": [1, {"Fn::Split": ["loadbalancer/", {"Ref": "Lb"}]}]});
        assert_eq!(mentions(&holder(&raw).get("P")), ["Lb"]);
        let raw = json!({"Fn::Sub": ["${X}${Db.Arn}${!Not}", {"X": {"Fn::GetAtt": "Other.Name"}}]});
        assert_eq!(mentions(&holder(&raw).get("P")), ["Db", "Other"]);
    }
}
