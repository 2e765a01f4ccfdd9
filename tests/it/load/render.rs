//! Trees of JSON as YAML, the way people write templates: block style, short-form functions where they are legal, plain words where YAML
//! takes them.

use std::fmt::Write;

use serde_json::Value as Json;

/// A document.
pub(crate) fn yaml(value: &Json) -> String {
    let mut text = String::new();
    node(value, 0, true, &mut text);
    text.trim_start_matches('\n').to_owned()
}

/// Writes what stands after `key:` or `-`, its line break included. `short` says that a tag may stand here.
fn node(value: &Json, indent: usize, short: bool, into: &mut String) {
    if let Some((name, argument)) = function(value).filter(|_| short) {
        let tag = name.strip_prefix("Fn::").unwrap_or(name);
        match (name, argument) {
            ("Fn::GetAtt", Json::Array(parts)) => {
                let parts: Vec<&str> = parts.iter().filter_map(Json::as_str).collect();
                _ = writeln!(into, " !GetAtt {}", parts.join("."));
                return;
            }
            (_, argument) if function(argument).is_none() => {
                _ = write!(into, " !{tag}");
                return node(argument, indent, false, into);
            }
            // One node cannot have two tags: the outer function is written in long form.
            _ => {}
        }
    }
    let pad = "  ".repeat(indent);
    match value {
        Json::Array(items) if !items.is_empty() => {
            into.push('\n');
            for item in items {
                _ = write!(into, "{pad}-");
                node(item, indent + 1, true, into);
            }
        }
        Json::Object(map) if !map.is_empty() => {
            into.push('\n');
            for (key, value) in map {
                _ = write!(into, "{pad}{}:", scalar(key));
                node(value, indent + 1, true, into);
            }
        }
        Json::String(text) => _ = writeln!(into, " {}", scalar(text)),
        other => _ = writeln!(into, " {other}"),
    }
}

fn function(value: &Json) -> Option<(&str, &Json)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, argument))
}

/// A text, without quotes if it is a word that cannot be anything else.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c))
        && !text.ends_with(':')
        && !["true", "false", "null"].contains(&&*text.to_lowercase());
    if plain { text.to_owned() } else { Json::from(text).to_string() }
}
