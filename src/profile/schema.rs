//! A profile file: its shape by serde, its meaning against the rules, and both kinds of mistakes with their place.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Active, Profile};
use crate::diag::{Diagnostic, did_you_mean};
use crate::rules::{self, ParamError, ParamValue, Severity};
use crate::source::{FileId, Sources, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    name: String,
    title: String,
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    severity: Option<Severity>,
    #[serde(default)]
    params: BTreeMap<String, serde_yaml::Value>,
}

/// Reads a profile.
pub(super) fn read(sources: &mut Sources, name: &str, text: &str) -> Result<Profile, Vec<Diagnostic>> {
    let file = sources.add(name, text);
    let raw: RawProfile = serde_yaml::from_str(text).map_err(|e| vec![malformed(file, text, &e)])?;
    let places = Places::of(file, text);
    let mut active: Vec<Active> = Vec::new();
    let mut wrong = Vec::new();
    for (n, rule) in raw.rules.into_iter().enumerate() {
        match understand(&rule, &places, n) {
            Ok(a) if active.iter().any(|known| known.rule.id == a.rule.id) => {
                wrong.push(Diagnostic::error(places.id(n), format!("rule {} is listed twice", a.rule.id)));
            }
            Ok(a) => active.push(a),
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    if wrong.is_empty() { Ok(Profile { name: raw.name, title: raw.title, active }) } else { Err(wrong) }
}

fn understand(raw: &RawRule, places: &Places, n: usize) -> Result<Active, Vec<Diagnostic>> {
    let Some(rule) = rules::find(&raw.id) else {
        let mut error = Diagnostic::error(places.id(n), format!("there is no rule {}", raw.id));
        if let Some(known) = did_you_mean(&raw.id, rules::all().map(|r| r.id)) {
            error = error.hint(format!("did you mean {known}?"));
        }
        return Err(vec![error]);
    };
    let mut active = Active::by_default(rule);
    active.severity = raw.severity.unwrap_or(rule.severity);
    let mut wrong = Vec::new();
    for (name, value) in &raw.params {
        let at = places.param(n, name);
        let outcome = match param_value(value) {
            Some(value) => active.params.set(rule, name, value),
            None => Err(rule.params.iter().find(|p| p.name == name).map_or_else(
                || ParamError::NoSuchParameter { rule: rule.id, name: name.clone() },
                |p| ParamError::WrongType { name: p.name, wants: p.default.wants() },
            )),
        };
        if let Err(error) = outcome {
            let mut diagnostic = Diagnostic::error(at, error.to_string());
            if matches!(error, ParamError::NoSuchParameter { .. })
                && let Some(known) = did_you_mean(name, rule.params.iter().map(|p| p.name))
            {
                diagnostic = diagnostic.hint(format!("did you mean {known}?"));
            }
            wrong.push(diagnostic);
        }
    }
    if wrong.is_empty() { Ok(active) } else { Err(wrong) }
}

/// A value as YAML writes it; `None` for shapes that no parameter has.
pub fn param_value(value: &serde_yaml::Value) -> Option<ParamValue> {
    use serde_yaml::Value;
    match value {
        Value::Null => Some(ParamValue::Nothing),
        Value::Bool(b) => Some(ParamValue::Bool(*b)),
        Value::Number(n) => n.as_i64().map(ParamValue::Int).or_else(|| n.as_f64().map(ParamValue::Share)),
        Value::String(s) => Some(ParamValue::Text(s.clone())),
        Value::Sequence(list) => {
            let ints = || list.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>();
            texts(list).map(ParamValue::Texts).or_else(|| ints().map(ParamValue::Ints))
        }
        Value::Mapping(map) if !map.is_empty() && map.values().all(Value::is_sequence) => {
            let entry = |(k, v): (&Value, &Value)| Some((k.as_str()?.to_owned(), texts(v.as_sequence()?)?));
            map.iter().map(entry).collect::<Option<_>>().map(ParamValue::Lists)
        }
        Value::Mapping(map) => {
            let entry = |(k, v): (&Value, &Value)| {
                Some((k.as_str()?.to_owned(), if v.is_null() { None } else { Some(scalar(v)?) }))
            };
            map.iter().map(entry).collect::<Option<_>>().map(ParamValue::Map)
        }
        Value::Tagged(_) => None,
    }
}

fn texts(list: &[serde_yaml::Value]) -> Option<Vec<String>> {
    list.iter().map(|v| v.as_str().map(str::to_owned)).collect()
}

fn scalar(value: &serde_yaml::Value) -> Option<String> {
    match value {
        serde_yaml::Value::String(s) => Some(s.clone()),
        serde_yaml::Value::Bool(b) => Some(b.to_string()),
        serde_yaml::Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// A mistake in the file's shape, at the place where the parser met it.
fn malformed(file: FileId, text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let at = error.location().map_or(0, |l| l.index()).min(text.len());
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full).to_owned();
    let end = text.get(at..).and_then(|rest| rest.find(char::is_whitespace)).map_or(text.len(), |n| at + n);
    Diagnostic::error(Span::new(file, at, end), message)
}

/// Where the rules of a profile stand: the n-th `id:` of the file and what follows it.
struct Places<'a> {
    file: FileId,
    text: &'a str,
    ids: Vec<usize>,
}

impl<'a> Places<'a> {
    fn of(file: FileId, text: &'a str) -> Self {
        let ids = text.match_indices("id:").filter(|(at, _)| starts_a_word(text, *at)).map(|(at, _)| at).collect();
        Self { file, text, ids }
    }

    fn id(&self, n: usize) -> Span {
        let start = self.ids.get(n).copied().unwrap_or(0);
        self.to_the_end_of_the_line(start)
    }

    fn param(&self, n: usize, name: &str) -> Span {
        let start = self.ids.get(n).copied().unwrap_or(0);
        let end = self.ids.get(n + 1).copied().unwrap_or(self.text.len());
        let within = self.text.get(start..end).unwrap_or_default();
        let at = within.match_indices(name).find(|(at, _)| starts_a_word(within, *at)).map_or(0, |(at, _)| at);
        if at == 0 { self.id(n) } else { Span::new(self.file, start + at, start + at + name.len()) }
    }

    fn to_the_end_of_the_line(&self, start: usize) -> Span {
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let line = line.split([',', '}', '#']).next().unwrap_or(line).trim_end();
        Span::new(self.file, start, start + line.len())
    }
}

fn starts_a_word(text: &str, at: usize) -> bool {
    text.get(..at)
        .and_then(|before| before.chars().next_back())
        .is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> String {
        let mut sources = Sources::default();
        let diagnostics = read(&mut sources, "p.yaml", text).map(|p| p.name).unwrap_err();
        diagnostics.iter().map(|d| d.render(&sources, false)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn mistakes_are_pointed_at_with_a_hint() {
        let text =
            "name: p\ntitle: t\nrules:\n  - id: encrypted-volume\n  - id: restricted-ssh\n    params: {port: [22]}\n";
        let shown = errors(text);
        assert!(shown.contains("p.yaml:4:5") && shown.contains("did you mean encrypted-volumes?"), "{shown}");
        assert!(shown.contains("p.yaml:6:14") && shown.contains("did you mean ports?"), "{shown}");
    }

    #[test]
    fn an_unknown_key_and_a_wrong_type_are_errors() {
        let shown = errors("name: p\ntitle: t\nrulez: []\n");
        assert!(shown.contains("unknown field `rulez`") && shown.contains("p.yaml:3:"), "{shown}");
        let shown = errors("name: p\ntitle: t\nrules:\n  - id: restricted-ssh\n    params: {ports: many}\n");
        assert!(shown.contains("parameter ports wants a list of whole numbers"), "{shown}");
    }
}
