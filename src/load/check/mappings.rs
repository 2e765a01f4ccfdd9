//! Mappings: two levels of keys, and texts or lists of texts.

use super::super::names::is_expansion;
use super::super::scope::Scope;
use super::MAX_PROBLEMS;
use super::limits::name as check_name;
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Value};

/// Keys of the first level.
const MAX_KEYS: usize = 200;

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    for (name, entry) in scope.mappings.iter().filter(|(name, _)| !is_expansion(name)) {
        if problems.len() >= MAX_PROBLEMS {
            return;
        }
        problems.extend(check_name("mapping", name, entry.key_at, text));
        mapping(name, entry, problems);
    }
}

fn mapping(name: &str, entry: &Entry, problems: &mut Vec<Diagnostic>) {
    let levels = entry.value.as_map();
    let two =
        levels.is_some_and(|map| map.iter().all(|(key, level)| is_expansion(key) || level.value.as_map().is_some()));
    let Some(levels) = levels.filter(|_| two) else {
        problems.push(
            Diagnostic::error(entry.key_at, format!("mapping `{name}` does not have two levels of keys"))
                .hint("`Fn::FindInMap` looks a value up by a first and a second key"),
        );
        return;
    };
    if let Some((_, surplus)) = levels.get_index(MAX_KEYS) {
        let problem = Diagnostic::error(surplus.key_at, format!("mapping `{name}` has {} keys", levels.len()));
        problems.push(problem.label(format!("CloudFormation takes {MAX_KEYS}; this is one more")));
    }
    for (key, level) in levels.iter().filter(|(key, _)| !is_expansion(key)) {
        problems.extend(key_name(name, key, level));
        for (key, entry) in level.value.as_map().into_iter().flatten().filter(|(key, _)| !is_expansion(key)) {
            if problems.len() >= MAX_PROBLEMS {
                return;
            }
            problems.extend(key_name(name, key, entry));
            if let Some((expected, hint)) = wrong(&entry.value) {
                let problem = Diagnostic::error(entry.value.at, format!("a value of mapping `{name}` is no text"));
                let problem = problem.label(expected);
                problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
            }
        }
    }
}

/// Keys are letters, digits, `-` and `.`.
fn key_name(mapping: &str, key: &str, entry: &Entry) -> Option<Diagnostic> {
    let wrong = key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    wrong.then(|| {
        let problem = Diagnostic::error(entry.key_at, format!("`{key}` cannot be a key of mapping `{mapping}`"));
        problem.label("letters, digits, `-` and `.` only")
    })
}

fn wrong(value: &Value) -> Option<(&'static str, &'static str)> {
    const EXPECTED: &str = "expected a text or a list of texts";
    let call = |value: &Value| super::super::condition::call(value).is_some();
    match &value.kind {
        Kind::Map(map) if map.keys().any(|key| is_expansion(key)) => None,
        Kind::Map(_) if call(value) => Some((EXPECTED, "mappings cannot use functions")),
        Kind::Map(_) => Some((EXPECTED, "a mapping has two levels of keys, not three")),
        Kind::List(items) if items.iter().any(|item| matches!(item.kind, Kind::Map(_) | Kind::List(_))) => {
            Some((EXPECTED, if items.iter().any(call) { "mappings cannot use functions" } else { "" }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    fn says(mapping: &str, parts: &[&str]) {
        let shown = shown(&format!("Mappings:\n  M: {mapping}\nResources: {{R: {{Type: T::T::T}}}}\n"));
        assert_eq!(shown.len(), 1, "{mapping}: {shown:#?}");
        for part in parts {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    #[test]
    fn each_mistake_of_a_mapping_is_said_at_its_place() {
        says("x", &["mapping `M` does not have two levels of keys", "t.yaml:2:3"]);
        says("{a: b}", &["mapping `M` does not have two levels of keys", "a first and a second key"]);
        says("{a: {b_c: d}}", &["`b_c` cannot be a key of mapping `M`", "2:11"]);
        says("{a: {b: {c: d}}}", &["a value of mapping `M` is no text", "2:14", "not three"]);
        says("{a: {b: !Ref R}}", &["a value of mapping `M` is no text", "2:14", "cannot use functions"]);
        says("{a: {b: [!Ref R]}}", &["a value of mapping `M` is no text", "cannot use functions"]);
        let keys = (0..201).map(|n| format!("k{n}: {{a: b}}")).collect::<Vec<_>>().join(", ");
        says(&format!("{{{keys}}}"), &["mapping `M` has 201 keys"]);
    }
}
