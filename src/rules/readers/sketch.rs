//! Texts of which only parts are known, as `arn:aws:s3:::${Bucket}/AWSLogs/*` is before anything is deployed, and the resources they name.

use super::policy::principal::written;
use crate::model::{Estate, Kind, Listing, Read, Related, Resource, Value, to_json};

/// Stands for a part of a text that is not known.
pub(in crate::rules) const HOLE: char = '\u{fffd}';

/// The text of a property with [`HOLE`]s for what is not known; `None` if it is no text or nothing of it is known.
pub(in crate::rules) fn sketch(read: &Read<'_>) -> Option<String> {
    if let Some(text) = read.value().and_then(Value::text) {
        return Some(text.to_string());
    }
    drawn(written(read)?)
}

fn drawn(raw: &Value) -> Option<String> {
    match &raw.kind {
        Kind::Map(_) => {
            if let Some(sub) = raw.child("Fn::Sub") {
                return Some(filled(sub.as_str().or_else(|| sub.child("0")?.as_str())?));
            }
            let join = raw.child("Fn::Join")?;
            let separator = join.child("0")?.as_str()?;
            let parts = join.child("1")?.as_list()?.iter().map(|part| drawn(part).unwrap_or_else(|| HOLE.to_string()));
            Some(parts.collect::<Vec<_>>().join(separator))
        }
        _ => raw.text().map(|text| text.to_string()),
    }
}

/// The text of `Fn::Sub` with a hole for each placeholder.
fn filled(text: &str) -> String {
    let mut parts = text.split("${");
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((literal, rest)) if literal.starts_with('!') => {
                found.extend(["${", literal.trim_start_matches('!'), "}", rest]);
            }
            Some((_, rest)) => {
                found.push(HOLE);
                found.push_str(rest);
            }
            None => found.push_str(part),
        }
    }
    found
}

/// The resource of one of some types that a property leads to or that its text is made of.
pub(in crate::rules) fn named<'a>(estate: &'a Estate, read: &Read<'_>, kinds: &[&str]) -> Related<'a> {
    let found = estate.follow(read, kinds);
    if matches!(found, Related::Found(_)) {
        return found;
    }
    let stack = read.resource.address.stack.as_deref().unwrap_or_default();
    let mentioned = written(read).and_then(|raw| mentioned(raw, &mut |id| mention(estate, stack, id, kinds)));
    mentioned.map_or(found, Related::Found)
}

fn mention<'a>(estate: &'a Estate, stack: &str, id: &str, kinds: &[&str]) -> Option<&'a Resource> {
    estate.by_logical_id(stack, id).filter(|r| kinds.contains(&&*r.kind))
}

/// The resources of a type that name `target` in a property: by reference, or in a template by the text of its own name (`own`).
pub(in crate::rules) fn naming<'a>(
    estate: &'a Estate,
    target: &Resource,
    kind: &str,
    property: &str,
    own: &str,
) -> Listing<'a> {
    let listing = estate.referrers(target, kind, property);
    if !listing.items.is_empty() || target.is_live() {
        return listing;
    }
    let name = target.get(own);
    let others = estate.of(target, kind).items;
    let items: Vec<_> = others.into_iter().filter(|other| same(&other.get(property), &name)).collect();
    if items.is_empty() { listing } else { Listing { items, incomplete: None } }
}

/// Whether two properties say the same: the same text, or the same function in the template.
fn same(a: &Read<'_>, b: &Read<'_>) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a == b,
        _ => match (written(a), written(b)) {
            (Some(a), Some(b)) => to_json(a) == to_json(b),
            _ => false,
        },
    }
}

/// Whether a text is made of some resource of the template, whatever its type.
pub(in crate::rules) fn names_resource(estate: &Estate, read: &Read<'_>) -> bool {
    let stack = read.resource.address.stack.as_deref().unwrap_or_default();
    written(read).and_then(|raw| mentioned(raw, &mut |id| estate.by_logical_id(stack, id))).is_some()
}

/// The first logical id of `Ref`, `Fn::GetAtt` or a placeholder that `take` takes.
fn mentioned<'a>(raw: &Value, take: &mut impl FnMut(&str) -> Option<&'a Resource>) -> Option<&'a Resource> {
    match &raw.kind {
        Kind::List(list) => list.iter().find_map(|item| mentioned(item, take)),
        Kind::Map(map) => map.iter().find_map(|(function, entry)| match (&**function, &entry.value) {
            ("Ref", id) => id.as_str().and_then(&mut *take),
            ("Fn::GetAtt", to) => {
                let id = to.child("0").and_then(Value::as_str).or_else(|| to.as_str()?.split('.').next());
                id.and_then(&mut *take)
            }
            ("Fn::Sub", sub) => {
                let text = sub.as_str().or_else(|| sub.child("0")?.as_str()).unwrap_or_default();
                let names = text.split("${").skip(1).filter_map(|part| part.split_once('}'));
                let found = names.filter_map(|(name, _)| name.trim().split('.').next()).find_map(&mut *take);
                found.or_else(|| mentioned(sub, take))
            }
            (_, inner) => mentioned(inner, take),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    #[test]
    fn what_is_not_known_is_a_hole_in_the_text() {
        for (raw, expected) in [
            (json!("plain"), Some("plain".to_owned())),
            (
                json!({"Fn::Sub": "${Bucket.Arn}/AWSLogs/${AWS::AccountId}/*"}),
                Some("\u{fffd}/AWSLogs/\u{fffd}/*".into()),
            ),
            (json!({"Fn::Sub": ["a-${B}", {"B": {"Ref": "C"}}]}), Some("a-\u{fffd}".into())),
            (json!({"Fn::Sub": "${!Literal}"}), Some("${Literal}".into())),
            (
                json!({"Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "Bucket"}, "/*"]]}),
                Some("arn:aws:s3:::\u{fffd}/*".into()),
            ),
            (json!({"Ref": "Bucket"}), None),
        ] {
            assert_eq!(drawn(&from_json(&raw)), expected, "{raw}");
        }
    }

    #[test]
    fn names_are_found_in_every_function_that_makes_text() {
        for raw in [
            json!({"Ref": "B"}),
            json!({"Fn::GetAtt": ["B", "Arn"]}),
            json!({"Fn::GetAtt": "B.Arn"}),
            json!({"Fn::Sub": "x-${A}-${B.Arn}"}),
            json!({"Fn::Sub": ["${Own}", {"Own": {"Ref": "B"}}]}),
            json!({"Fn::Join": ["", ["x", {"Ref": "B"}]]}),
        ] {
            let mut seen = false;
            mentioned(&from_json(&raw), &mut |id| {
                seen |= id == "B";
                None
            });
            assert!(seen, "{raw}");
        }
    }
}
