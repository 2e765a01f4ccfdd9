//! Files of parameter values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree;
use crate::diag::Diagnostic;
use crate::model::{Kind, Map, Value};
use crate::source::Sources;

type Values = BTreeMap<Arc<str>, Arc<str>>;

/// Reads parameter values in one of the usual forms, JSON or YAML: the AWS CLI's list of `ParameterKey` and `ParameterValue`, a mapping
/// under `Parameters`, or a plain mapping. Lists become text with commas.
pub fn parameters(sources: &mut Sources, name: &str, text: &str) -> Result<Values, Vec<Diagnostic>> {
    let file = sources.add(name, text);
    let mut values = Values::new();
    let (documents, mut problems) = tree::read(file, text);
    for document in documents {
        match &document.kind {
            Kind::List(items) => items.iter().for_each(|item| pair(item, &mut values, &mut problems)),
            Kind::Map(map) => {
                let map = map.get("Parameters").and_then(|section| section.value.as_map()).unwrap_or(map);
                mapping(map, &mut values, &mut problems);
            }
            _ => problems.push(unreadable(&document)),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

fn mapping(map: &Map, values: &mut Values, problems: &mut Vec<Diagnostic>) {
    for (name, entry) in map {
        match text(&entry.value) {
            Some(value) => _ = values.insert(Arc::clone(name), value),
            None => problems.push(not_a_value(name, &entry.value)),
        }
    }
}

fn pair(item: &Value, values: &mut Values, problems: &mut Vec<Diagnostic>) {
    let Some(name) = item.child("ParameterKey").and_then(Value::text) else {
        problems.push(unreadable(item));
        return;
    };
    let keeps = item.child("UsePreviousValue").and_then(Value::as_bool) == Some(true);
    match item.child("ParameterValue").map(|value| (text(value), value)) {
        Some((Some(value), _)) => _ = values.insert(name, value),
        Some((None, value)) => problems.push(not_a_value(&name, value)),
        // The value stays what it is in the stack; nothing is given here.
        None if keeps => {}
        None => problems.push(
            Diagnostic::error(item.at, format!("parameter `{name}` has no `ParameterValue`"))
                .hint("give a `ParameterValue`, or `\"UsePreviousValue\": true`"),
        ),
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    match &value.kind {
        Kind::Null => Some("".into()),
        Kind::List(items) => {
            let parts: Option<Vec<_>> = items.iter().map(Value::text).collect();
            parts.map(|parts| parts.join(",").into())
        }
        _ => value.text(),
    }
}

fn not_a_value(name: &str, value: &Value) -> Diagnostic {
    Diagnostic::error(value.at, format!("the value of parameter `{name}` is neither text nor a list of texts"))
}

fn unreadable(value: &Value) -> Diagnostic {
    Diagnostic::error(value.at, "no parameter values")
        .label("not understood")
        .hint("write a list of `{\"ParameterKey\": …, \"ParameterValue\": …}`, or a mapping of names to values")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
        let values = parameters(&mut Sources::default(), "p.json", text)?;
        Ok(values.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect())
    }

    #[test]
    fn all_usual_forms_give_the_same_values() {
        let expected = vec![("Env".to_owned(), "prod".to_owned()), ("Zones".to_owned(), "a,b".to_owned())];
        for text in [
            r#"[{"ParameterKey": "Env", "ParameterValue": "prod"}, {"ParameterKey": "Zones", "ParameterValue": "a,b"},
                {"ParameterKey": "Kept", "UsePreviousValue": true}]"#,
            r#"{"Parameters": {"Env": "prod", "Zones": "a,b"}, "Tags": {"Team": "x"}}"#,
            "Env: prod\nZones: [a, b]\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        assert_eq!(read("Account: 012345678901").unwrap(), [("Account".to_owned(), "012345678901".to_owned())]);
    }

    #[test]
    fn what_is_no_value_is_said_at_its_place() {
        let problems = read(r#"[{"ParameterKey": "Env"}, 5]"#).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].message.contains("`Env` has no `ParameterValue`"), "{:?}", problems[0]);
        assert_eq!(problems[1].at.start, 26);
    }
}
