//! Outputs.

use std::collections::HashMap;

use super::super::names::is_expansion;
use super::super::scope::Scope;
use super::limits::name as check_name;
use super::{MAX_PROBLEMS, sections, suggest};
use crate::diag::Diagnostic;
use crate::model::{Kind, Map, Value, to_json};
use crate::source::Span;

const KEYS: &[&str] = &["Condition", "Description", "Export", "Value"];

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    let mut exports: HashMap<String, Span> = HashMap::new();
    let outputs = scope.root.child("Outputs").and_then(Value::as_map);
    for (name, entry) in outputs.into_iter().flatten().filter(|(name, _)| !is_expansion(name)) {
        if problems.len() >= MAX_PROBLEMS {
            return;
        }
        let Some(body) = entry.value.as_map() else {
            let problem = Diagnostic::error(entry.key_at, format!("output `{name}` is not a mapping"));
            problems.push(problem.hint("an output has a `Value`"));
            continue;
        };
        if sections::is_misplaced(name, body, "Value") {
            continue;
        }
        problems.extend(check_name("output", name, entry.key_at, text));
        let meant = keys(name, body, problems);
        if !body.contains_key("Value") && !meant && !body.keys().any(|key| is_expansion(key)) {
            let problem = Diagnostic::error(entry.key_at, format!("output `{name}` has no `Value`"));
            problems.push(problem.hint("every output has a `Value`"));
        }
        if let Some(description) = body.get("Description")
            && !matches!(
                description.value.kind,
                Kind::Str(_) | Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) | Kind::Null
            )
        {
            let problem =
                Diagnostic::error(description.value.at, format!("the description of output `{name}` must be a text"));
            problems.push(problem.label("expected a text").hint("a description cannot use functions"));
        }
        let Some(export) = export(name, body, problems) else { continue };
        // Two outputs with conditions may take turns.
        if !body.contains_key("Condition")
            && let Some(first) = exports.insert(to_json(export).to_string(), export.at)
        {
            let problem =
                Diagnostic::error(export.at, format!("output `{name}` has the export name of another output"));
            problems.push(problem.label("given again here").related(first, "first given here"));
        }
    }
}

/// Unknown keys; whether one of them is meant to be `Value`.
fn keys(name: &str, body: &Map, problems: &mut Vec<Diagnostic>) -> bool {
    let mut meant = false;
    for (key, entry) in body {
        if !KEYS.contains(&&**key) && !is_expansion(key) {
            let problem = Diagnostic::error(entry.key_at, format!("unknown key `{key}` of output `{name}`"));
            let problem = suggest(problem.label("not a key of an output"), key, KEYS.iter().copied());
            meant |= problem.hint.as_deref() == Some("did you mean `Value`?");
            problems.push(problem);
        }
    }
    meant
}

/// The name under which a value is exported.
fn export<'a>(name: &str, body: &'a Map, problems: &mut Vec<Diagnostic>) -> Option<&'a Value> {
    let export = body.get("Export").filter(|export| export.value.kind != Kind::Null)?;
    if let Some(found) = export.value.child("Name") {
        return Some(found);
    }
    if export.value.as_map().is_none_or(|map| !map.keys().any(|key| is_expansion(key))) {
        let problem = Diagnostic::error(export.key_at, format!("the export of output `{name}` has no `Name`"));
        problems.push(problem.hint("write `Export: {Name: …}`"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clean, shown};

    fn says(outputs: &str, parts: &[&str]) {
        let shown = shown(&format!("Outputs:\n  O: {outputs}\nResources: {{R: {{Type: T::T::T}}}}\n"));
        assert_eq!(shown.len(), 1, "{outputs}: {shown:#?}");
        for part in parts {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    #[test]
    fn each_mistake_of_an_output_is_said_at_its_place() {
        says("x", &["output `O` is not a mapping", "t.yaml:2:3"]);
        says("{Description: d}", &["output `O` has no `Value`", "t.yaml:2:3"]);
        says("{value: d}", &["unknown key `value` of output `O`", "t.yaml:2:7", "did you mean `Value`?"]);
        says("{Value: d, Export: n}", &["the export of output `O` has no `Name`", "2:17", "Export: {Name: …}"]);
        says("{Value: d, Description: !Ref R}", &["the description of output `O` must be a text", "2:30"]);
        says(
            "{Value: d, Export: {Name: !Sub n}}\n  P: {Value: e, Export: {Name: !Sub n}}",
            &["output `P` has the export name of another output", "3:32", "first given here"],
        );
    }

    #[test]
    fn outputs_that_take_turns_may_export_the_same_name() {
        let text = "Conditions: {C: !Equals [a, b], D: !Not [!Condition C]}\nResources: {R: {Type: T::T::T}}\n\
                    Outputs:\n  O: {Condition: C, Value: d, Export: {Name: n}}\n  P: {Condition: D, Value: e, Export: {Name: n}}\n";
        clean(text);
    }
}
