//! What stands at the outermost level beside the sections with names: version, description, metadata; and nothing where something must be.

use super::super::names::is_expansion;
use super::super::scope::Scope;
use super::MAX_PROBLEMS;
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Value};

const VERSION: &str = "2010-09-09";
/// Bytes of a description.
const MAX_DESCRIPTION: usize = 1024;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let section = |name: &str| scope.root.as_map().and_then(|root| root.get(name));
    if let Some(version) = section("AWSTemplateFormatVersion")
        && version.value.text().is_none_or(|text| *text != *VERSION)
        && version.value.kind != Kind::Null
    {
        let problem = Diagnostic::error(version.value.at, format!("`{}` is no template format version", version.value));
        problems
            .push(problem.label("unsupported").hint(format!("write \"{VERSION}\": it is the only version there is")));
    }
    if let Some(description) = section("Description") {
        problems.extend(described(description));
    }
    if let Some(metadata) = section("Metadata")
        && !matches!(metadata.value.kind, Kind::Map(_) | Kind::Null)
    {
        problems.push(Diagnostic::error(metadata.value.at, "`Metadata` must be a mapping").label("not a mapping"));
    }
    for (name, entry) in scope.root.as_map().into_iter().flatten().filter(|(name, _)| !is_expansion(name)) {
        nothing(name, entry, problems);
    }
}

fn described(description: &Entry) -> Option<Diagnostic> {
    let value = &description.value;
    match value.text() {
        None if value.kind == Kind::Null => None,
        None => {
            let problem = Diagnostic::error(value.at, "the template's description must be a text");
            Some(problem.label("expected a text").hint("a description cannot use functions"))
        }
        Some(text) if text.len() > MAX_DESCRIPTION => {
            let message = format!("the template's description has {} bytes", text.len());
            let problem = Diagnostic::error(description.key_at, message);
            Some(problem.label(format!("CloudFormation takes {MAX_DESCRIPTION}")))
        }
        Some(_) => None,
    }
}

/// A key without a value. CloudFormation takes none anywhere; what metadata hold is for other readers.
fn nothing(key: &str, entry: &Entry, problems: &mut Vec<Diagnostic>) {
    if problems.len() >= MAX_PROBLEMS || key == "Metadata" {
        return;
    }
    // `!GetAZs` alone is a text without characters, and some tools write it as `null`.
    if entry.value.kind == Kind::Null && key != "Fn::GetAZs" {
        let problem = Diagnostic::error(entry.key_at, format!("`{key}` has no value"));
        problems.push(problem.label("nothing follows").hint("give it a value, or take it out"));
        return;
    }
    each(&entry.value, problems);
}

fn each(value: &Value, problems: &mut Vec<Diagnostic>) {
    match &value.kind {
        Kind::List(items) => items.iter().for_each(|item| each(item, problems)),
        Kind::Map(map) => map.iter().for_each(|(key, entry)| nothing(key, entry, problems)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clean, shown};

    fn says(document: &str, parts: &[&str]) {
        let shown = shown(&format!("{document}\nResources: {{R: {{Type: T::T::T}}}}\n"));
        assert_eq!(shown.len(), 1, "{document}: {shown:#?}");
        for part in parts {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    #[test]
    fn the_only_version_may_be_quoted_or_not() {
        for good in ["2010-09-09", "'2010-09-09'", "\"2010-09-09\""] {
            clean(&format!("AWSTemplateFormatVersion: {good}\nResources: {{R: {{Type: T::T::T}}}}\n"));
        }
        for bad in ["2010-09-9", "2010", "'2024-01-01'", "2010-09-09T00:00:00Z", "[2010-09-09]"] {
            says(
                &format!("AWSTemplateFormatVersion: {bad}"),
                &["is no template format version", "t.yaml:1:27", "2010-09-09"],
            );
        }
    }

    #[test]
    fn descriptions_and_metadata_have_their_shapes() {
        says("Description: {a: b}", &["the template's description must be a text", "1:14"]);
        says(&format!("Description: {}", "é".repeat(513)), &["has 1026 bytes", "CloudFormation takes 1024"]);
        says("Metadata: [a]", &["`Metadata` must be a mapping", "1:11"]);
    }

    #[test]
    fn a_key_without_a_value_is_said_where_it_stands() {
        says("Parameters:", &["`Parameters` has no value", "1:1", "take it out"]);
        says("Outputs:\n  O:\n    Value: [{A: }]", &["`A` has no value", "3:14"]);
        clean("Metadata: {A: }\nResources: {R: {Type: T::T::T, Metadata: {B: }, Properties: {A: {'Fn::GetAZs': }}}}");
    }
}
