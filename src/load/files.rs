//! Files of parameter values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::MAX_PROBLEMS;
use super::tree;
use crate::diag::{Diagnostic, Gravity, did_you_mean};
use crate::model::{Kind, Map, Value};
use crate::source::{Sources, Span};

type Values = BTreeMap<Arc<str>, Arc<str>>;

/// Keys of the AWS CLI's list.
const PAIR: &[&str] = &["ParameterKey", "ParameterValue", "UsePreviousValue", "ResolvedValue"];
/// What `CodePipeline`'s file has beside `Parameters`.
const PIPELINE: &[&str] = &["Parameters", "Tags", "StackPolicy"];

/// Reads parameter values in one of the usual forms, JSON or YAML: the AWS CLI's list of `ParameterKey` and `ParameterValue`, a list of
/// `Key=Value` as `aws cloudformation deploy` takes it, `CodePipeline`'s mapping with `Parameters`, or a plain mapping. Lists become text with
/// commas.
pub fn parameters(sources: &mut Sources, name: &str, text: &str) -> Result<Values, Vec<Diagnostic>> {
    let file = sources.add(name, text);
    let (documents, problems) = tree::read(file, text);
    let mut found = Found { values: Values::new(), places: BTreeMap::new(), problems };
    if documents.is_empty() && found.problems.is_empty() {
        found.problems.push(Diagnostic::error(Span::new(file, 0, 0), "the file is empty").hint(FORMS));
    }
    if let Some(second) = documents.get(1) {
        let problem = Diagnostic::error(second.at, "more than one document in the file");
        found.problems.push(problem.label("the second one starts here"));
    }
    if let Some(document) = documents.first() {
        found.document(document);
    }
    let is_error = |problem: &Diagnostic| problem.gravity == Gravity::Error;
    if found.problems.iter().any(is_error) { Err(found.problems) } else { Ok(found.values) }
}

struct Found {
    values: Values,
    /// Where each parameter is given.
    places: BTreeMap<Arc<str>, Span>,
    problems: Vec<Diagnostic>,
}

impl Found {
    fn document(&mut self, document: &Value) {
        match &document.kind {
            Kind::List(items) => items.iter().for_each(|item| self.item(item)),
            Kind::Map(map) => match map.get("Parameters").map(|section| &section.value) {
                Some(Value { kind: Kind::Map(inner), .. }) => {
                    for (key, entry) in map.iter().filter(|(key, _)| !PIPELINE.contains(&&***key)) {
                        let problem = Diagnostic::error(entry.key_at, format!("`{key}` stands beside `Parameters`"));
                        let hint = match did_you_mean(key, PIPELINE.iter().copied()) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "move it into `Parameters` if it is one of them".to_owned(),
                        };
                        self.report(problem.label("not known here").hint(hint));
                    }
                    self.mapping(inner);
                }
                Some(Value { kind: Kind::List(items), .. }) if items.iter().all(|item| item.as_map().is_some()) => {
                    for item in items {
                        self.item(item);
                    }
                }
                _ => self.mapping(map),
            },
            _ => self.report(unreadable(document)),
        }
    }

    fn mapping(&mut self, map: &Map) {
        for (name, entry) in map {
            match text(&entry.value) {
                Some(value) => self.give(Arc::clone(name), value, entry.key_at),
                None => self.report(not_a_value(name, &entry.value)),
            }
        }
    }

    fn item(&mut self, item: &Value) {
        if let Some(pair) = item.as_str() {
            match pair.split_once('=').filter(|(name, _)| !name.trim().is_empty()) {
                Some((name, value)) => self.give(name.trim().into(), value.into(), item.at),
                None => self.report(
                    Diagnostic::error(item.at, format!("`{pair}` gives no parameter a value"))
                        .label("no `=`")
                        .hint("write `Key=Value`"),
                ),
            }
            return;
        }
        let Some(map) = item.as_map() else { return self.report(unreadable(item)) };
        let mut meant = false;
        for (key, entry) in map.iter().filter(|(key, _)| !PAIR.contains(&&***key)) {
            let Some(near) = did_you_mean(key, PAIR.iter().copied()) else { continue };
            meant = true;
            let problem = Diagnostic::error(entry.key_at, format!("unknown key `{key}` of a parameter"));
            self.report(problem.label("not known here").hint(format!("did you mean `{near}`?")));
        }
        if meant {
            return;
        }
        let Some(name) = item.child("ParameterKey").and_then(Value::text) else {
            return self.report(unreadable(item));
        };
        let keeps = item.child("UsePreviousValue").and_then(Value::as_bool) == Some(true);
        match item.child("ParameterValue").map(|value| (text(value), value)) {
            Some((Some(value), _)) => self.give(name, value, item.at),
            Some((None, value)) => self.report(not_a_value(&name, value)),
            // The value stays what it is in the stack; nothing is given here.
            None if keeps => {}
            None => self.report(
                Diagnostic::error(item.at, format!("parameter `{name}` has no `ParameterValue`"))
                    .hint("give a `ParameterValue`, or `\"UsePreviousValue\": true`"),
            ),
        }
    }

    fn give(&mut self, name: Arc<str>, value: Arc<str>, at: Span) {
        if let Some(&first) = self.places.get(&name) {
            let problem = Diagnostic::error(at, format!("parameter `{name}` is given twice"));
            return self.report(problem.label("given again here").related(first, "first given here"));
        }
        self.places.insert(Arc::clone(&name), at);
        self.values.insert(name, value);
    }

    fn report(&mut self, problem: Diagnostic) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
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
    let message = format!("the value of parameter `{name}` is neither text nor a list of texts");
    let problem = Diagnostic::error(value.at, message).label("no value");
    let function = value.as_map().and_then(|map| map.keys().next()).filter(|key| key.starts_with("Fn::"));
    match function.map(|key| &**key) {
        Some("Fn::GetArtifactAtt" | "Fn::GetParam") => {
            problem.hint("only the pipeline knows it: write the value itself")
        }
        Some(_) => problem.hint("a parameter's value cannot use functions"),
        None => problem,
    }
}

const FORMS: &str = "write a list of `{\"ParameterKey\": …, \"ParameterValue\": …}` or `\"Key=Value\"`, or a mapping of names to values";

fn unreadable(value: &Value) -> Diagnostic {
    Diagnostic::error(value.at, "no parameter values").label("not understood").hint(FORMS)
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
            r#"{"Parameters": {"Env": "prod", "Zones": ["a", "b"]}, "StackPolicy": {"Statement": []}}"#,
            r#"{"Env": "prod", "Zones": "a,b"}"#,
            r#"["Env=prod", "Zones=a,b"]"#,
            "Env: prod\nZones: [a, b]\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        assert_eq!(read("Account: 012345678901").unwrap(), [("Account".to_owned(), "012345678901".to_owned())]);
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert_eq!(read(r#"["A=b=c", "D="]"#).unwrap(), [("A", "b=c"), ("D", "")].map(|(k, v)| (k.into(), v.into())));
    }

    #[test]
    fn each_mistake_is_said_at_its_place() {
        for (text, message, place, hint) in [
            ("", "the file is empty", "", "Key=Value"),
            ("prod", "no parameter values", "prod", "mapping of names to values"),
            ("[5]", "no parameter values", "5", "ParameterKey"),
            (
                r#"[{"ParameterKey": "A"}]"#,
                "parameter `A` has no `ParameterValue`",
                r#"{"ParameterKey": "A"}"#,
                "UsePreviousValue",
            ),
            (
                r#"[{"ParamterKey": "A", "ParameterValue": "b"}]"#,
                "unknown key `ParamterKey` of a parameter",
                r#""ParamterKey""#,
                "`ParameterKey`",
            ),
            (r#"["A"]"#, "`A` gives no parameter a value", r#""A""#, "Key=Value"),
            (r#"["A=1", "A=2"]"#, "parameter `A` is given twice", r#""A=2""#, ""),
            ("{A: {b: c}}", "the value of parameter `A` is neither text nor a list of texts", "{b: c}", ""),
            (
                r#"{"Parameters": {"A": {"Fn::GetArtifactAtt": ["x", "y"]}}}"#,
                "the value of parameter `A` is neither text nor a list of texts",
                r#"{"Fn::GetArtifactAtt": ["x", "y"]}"#,
                "pipeline",
            ),
            (r#"{"Parameters": {"A": "b"}, "Tag": {}}"#, "`Tag` stands beside `Parameters`", r#""Tag""#, "`Tags`"),
        ] {
            let problems = read(text).unwrap_err();
            let found = &problems[0];
            let at = &text[found.at.start as usize..found.at.end as usize];
            assert_eq!((problems.len(), &*found.message, at), (1, message, place), "{text}");
            assert!(found.hint.as_deref().unwrap_or_default().contains(hint), "{text}: {:?}", found.hint);
        }
        assert_eq!(read(r#"[{"ParameterKey": "Env"}, 5, "x"]"#).unwrap_err().len(), 3, "all at once");
    }
}
