//! Sections, resources and their attributes.

use super::super::names::{ATTRIBUTES, SECTIONS, is_expansion};
use super::super::scope::Scope;
use super::suggest;
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Value};

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    // A macro may take any section or attribute away before CloudFormation looks.
    let strict = scope.transforms().is_empty();
    for (name, transform) in scope.transforms() {
        problems.push(
            Diagnostic::warning(transform.at, format!("transform `{name}` is not carried out"))
                .label("what it adds or changes is not seen"),
        );
    }
    for (name, entry) in scope.root.as_map().into_iter().flatten() {
        if strict && !SECTIONS.contains(&&**name) && !is_expansion(name) {
            let problem = Diagnostic::error(entry.key_at, format!("unknown section `{name}`"));
            problems.push(suggest(problem, name, SECTIONS.iter().copied()));
        } else if matches!(&**name, "Parameters" | "Mappings" | "Conditions" | "Outputs" | "Rules")
            && entry.value.as_map().is_none()
            && entry.value.kind != Kind::Null
        {
            problems
                .push(Diagnostic::error(entry.value.at, format!("`{name}` must be a mapping")).label("not a mapping"));
        }
    }
    match scope.root.as_map().and_then(|root| root.get("Resources")) {
        Some(section) => resources(scope, section, strict, problems),
        None if scope.root.child("Fn::Transform").is_some() => {}
        None => {
            let problem = Diagnostic::error(scope.root.at, "no `Resources` section");
            problems.push(problem.hint("a template declares at least one resource"));
        }
    }
    declarations(scope, problems);
}

fn resources(scope: &Scope<'_>, section: &Entry, strict: bool, problems: &mut Vec<Diagnostic>) {
    if scope.resources.is_empty() {
        let what = if section.value.as_map().is_some() || section.value.kind == Kind::Null {
            "`Resources` is empty"
        } else {
            "`Resources` must be a mapping"
        };
        problems.push(Diagnostic::error(section.key_at, what).hint("a template declares at least one resource"));
    }
    for (id, entry) in scope.resources {
        if is_expansion(id) {
            problems.push(
                Diagnostic::warning(entry.key_at, format!("`{id}` is not expanded"))
                    .label("the resources it makes are not seen"),
            );
        } else {
            resource(id, entry, strict, problems);
        }
    }
}

fn resource(id: &str, entry: &Entry, strict: bool, problems: &mut Vec<Diagnostic>) {
    let Some(body) = entry.value.as_map() else {
        problems.push(
            Diagnostic::error(entry.key_at, format!("resource `{id}` is not a mapping"))
                .hint("a resource has a `Type` and, as a rule, `Properties`"),
        );
        return;
    };
    if let Some(expansion) = body.keys().find(|key| is_expansion(key)) {
        problems.push(Diagnostic::warning(entry.key_at, format!("`{expansion}` in resource `{id}` is not expanded")));
    } else if !body.contains_key("Type") {
        let problem = Diagnostic::error(entry.key_at, format!("resource `{id}` has no `Type`"));
        problems.push(problem.hint("every resource names its type, `AWS::S3::Bucket` for example"));
    }
    let foreign = body.get("Type").is_some_and(|t| t.value.as_map().is_some());
    for (name, attribute) in body {
        if strict && !foreign && !ATTRIBUTES.contains(&&**name) && !is_expansion(name) {
            let problem = Diagnostic::error(attribute.key_at, format!("unknown attribute `{name}` of resource `{id}`"));
            let problem = problem.label("not an attribute of a resource");
            let hinted = suggest(problem.clone(), name, ATTRIBUTES.iter().copied());
            let fallback = || problem.hint("what describes the resource itself belongs under `Properties`");
            problems.push(if hinted.hint.is_some() { hinted } else { fallback() });
        }
    }
    match body.get("Type").map(|t| &t.value) {
        Some(Value { kind: Kind::Map(call), at }) => {
            let what = call.keys().next().map_or("a mapping", |key| key.strip_prefix("Fn::").unwrap_or(key));
            let problem = Diagnostic::warning(*at, format!("the type of resource `{id}` comes from `{what}`"));
            problems.push(problem.label("the resource is not seen"));
        }
        Some(Value { kind: Kind::Str(_), .. }) | None => {}
        Some(other) => {
            problems.push(Diagnostic::error(other.at, format!("the `Type` of resource `{id}` must be a text")));
        }
    }
    if let Some(properties) = body.get("Properties").map(|p| &p.value)
        && !matches!(properties.kind, Kind::Map(_) | Kind::Null)
    {
        let problem =
            Diagnostic::error(properties.at, format!("the `Properties` of resource `{id}` must be a mapping"));
        problems.push(problem.label("not a mapping"));
    }
}

/// Parameters have a type, mappings have two levels.
fn declarations(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    for (name, entry) in scope.parameters {
        if is_expansion(name) {
            continue;
        }
        let message = match entry.value.as_map() {
            None => format!("parameter `{name}` is not a mapping"),
            Some(body) if !body.contains_key("Type") => format!("parameter `{name}` has no `Type`"),
            Some(_) => continue,
        };
        problems.push(
            Diagnostic::error(entry.key_at, message).hint("every parameter names its type, `String` for example"),
        );
    }
    for (name, entry) in scope.mappings {
        let two_levels = entry
            .value
            .as_map()
            .is_some_and(|map| map.iter().all(|(k, e)| is_expansion(k) || e.value.as_map().is_some()));
        if !two_levels && !is_expansion(name) {
            problems.push(
                Diagnostic::error(entry.key_at, format!("mapping `{name}` does not have two levels of keys"))
                    .hint("`Fn::FindInMap` looks a value up by a first and a second key"),
            );
        }
    }
}
