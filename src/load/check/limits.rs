//! CloudFormation's limits.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>

use super::super::names::is_expansion;
use super::super::scope::Scope;
use crate::diag::Diagnostic;
use crate::model::{Map, Value};
use crate::source::Span;

pub(super) const MAX_PARAMETERS: usize = 200;
const MAX_RESOURCES: usize = 500;
const MAX_OUTPUTS: usize = 200;
const MAX_MAPPINGS: usize = 200;
const MAX_NAME: usize = 255;
/// Bytes of a template that a request carries.
const MAX_REQUEST: usize = 51_200;
/// Bytes of a template in S3.
const MAX_OBJECT: usize = 1_000_000;

/// How many there are of everything.
pub(super) fn counts(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let outputs = scope.root.child("Outputs").and_then(Value::as_map);
    let sections = [
        ("parameters", Some(scope.parameters), MAX_PARAMETERS, "hand several values down in one list"),
        ("mappings", Some(scope.mappings), MAX_MAPPINGS, "put several levels into one mapping"),
        ("resources", Some(scope.resources), MAX_RESOURCES, "split the template into nested stacks"),
        ("outputs", outputs, MAX_OUTPUTS, "split the template into nested stacks"),
    ];
    for (what, map, most, hint) in sections {
        let named: Vec<_> = map.into_iter().flat_map(Map::iter).filter(|(key, _)| !is_expansion(key)).collect();
        if let Some((_, entry)) = named.get(most) {
            let problem = Diagnostic::error(entry.key_at, format!("the template has {} {what}", named.len()));
            problems.push(problem.label(format!("CloudFormation takes {most}; this is one more")).hint(hint));
        }
    }
}

/// How many bytes the text has.
pub(super) fn size(root: &Value, text: &str) -> Option<Diagnostic> {
    let bytes = text.len();
    let at = Span { end: root.at.start, ..root.at };
    if bytes > MAX_OBJECT {
        let problem =
            Diagnostic::error(at, format!("the template has {bytes} bytes; CloudFormation takes {MAX_OBJECT}"));
        return Some(problem.hint("that is the limit for a template in S3; split the template into nested stacks"));
    }
    (bytes > MAX_REQUEST).then(|| {
        let problem =
            Diagnostic::warning(at, format!("the template has {bytes} bytes; a request carries {MAX_REQUEST}"));
        problem.hint(format!("upload it to S3 and give its URL, which takes {MAX_OBJECT} bytes"))
    })
}

/// The name of something that the template declares. One that a loop makes is checked where the loop is.
pub(super) fn name(what: &str, name: &str, at: Span, text: &str) -> Option<Diagnostic> {
    let range = usize::try_from(at.start).ok().zip(usize::try_from(at.end).ok());
    if range.and_then(|(start, end)| text.get(start..end)).is_some_and(|written| written.contains('{')) {
        return None;
    }
    if name.len() > MAX_NAME {
        let message = format!("the name of a {what} has {} characters", name.chars().count());
        return Some(Diagnostic::error(at, message).label(format!("CloudFormation takes {MAX_NAME}")));
    }
    let wrong = name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric());
    wrong.then(|| {
        let kept: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let problem = Diagnostic::error(at, format!("the name of {what} `{name}` is not alphanumeric"));
        let problem = problem.label("letters and digits only");
        if kept.is_empty() { problem } else { problem.hint(format!("`{kept}` would do")) }
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::super::tests::{clean, shown};

    fn many(section: &str, n: usize, body: &str) -> String {
        let mut text = format!("{section}:\n");
        for i in 0..n {
            writeln!(text, "  N{i}: {body}").unwrap();
        }
        if section == "Resources" { text } else { text + "Resources: {R: {Type: T::T::T}}\n" }
    }

    #[test]
    fn one_more_than_the_limit_is_shown_where_it_stands() {
        for (section, most, body) in [
            ("Parameters", 200, "{Type: String}"),
            ("Mappings", 200, "{a: {b: c}}"),
            ("Resources", 500, "{Type: T::T::T}"),
            ("Outputs", 200, "{Value: x}"),
        ] {
            clean(&many(section, most, body));
            let shown = shown(&many(section, most + 1, body));
            let said = format!("the template has {} {}", most + 1, section.to_lowercase());
            let place = format!("t.yaml:{}:3", most + 2);
            assert!(shown.len() == 1 && shown[0].contains(&said) && shown[0].contains(&place), "{shown:#?}");
        }
    }

    #[test]
    fn a_large_template_is_told_the_way_that_takes_it() {
        let of = |bytes: usize| shown(&format!("Resources: {{R: {{Type: T::T::T}}}}\n#{}", "x".repeat(bytes)));
        assert!(of(51_300)[0].starts_with("warning") && of(51_300)[0].contains("upload it to S3"));
        assert!(of(1_000_001)[0].starts_with("error") && of(1_000_001)[0].contains("CloudFormation takes 1000000"));
    }

    #[test]
    fn logical_ids_are_alphanumeric_and_short() {
        let shown_of = |id: &str| shown(&format!("Resources: {{'{id}': {{Type: T::T::T}}}}")).concat();
        assert!(shown_of("My-Bucket").contains("the name of resource `My-Bucket` is not alphanumeric"));
        assert!(shown_of("My-Bucket").contains("`MyBucket` would do"));
        assert!(shown_of(&"x".repeat(300)).contains("the name of a resource has 300 characters"));
    }
}
