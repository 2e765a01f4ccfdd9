//! Syntax errors, said so that they can be put right.

mod cause;
pub(super) mod json;

use std::sync::LazyLock;

use granit_parser::{ErrorKind, ScanError};
use regex::Regex;

use crate::diag::Diagnostic;
use crate::source::{FileId, Span};

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by a test")]
static TWO_TAGS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"!([A-Za-z0-9]+)[ \t]+!([A-Za-z0-9]+)").unwrap());

/// A parser's error as a diagnostic with a place and, where the cause is a usual one, a hint.
pub(super) fn diagnostic(file: FileId, text: &str, error: &ScanError) -> Diagnostic {
    let at = floor(text, error.marker().byte_offset().unwrap_or(0));
    if let Some(nested) = nested_tags(file, text, at) {
        return nested;
    }
    let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(Span::new(file, at, end));
    }
    if let Some(elsewhere) = cause::of(error.kind(), file, text, at) {
        return elsewhere;
    }
    let diagnostic = Diagnostic::error(Span::new(file, at, end), error.info().trim().to_owned()).label("here");
    match hint(error.kind()) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// A collection inside of too many others.
pub(super) fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error(at, format!("nested more than {} levels deep", super::tree::MAX_DEPTH)).label("too deep")
}

/// `!Base64 !Sub x` puts two tags on one node. The parser notices one or two lines later.
fn nested_tags(file: FileId, text: &str, at: usize) -> Option<Diagnostic> {
    let (mut from, mut seen) = (at, 0);
    while from > 0 && seen < 2 {
        from = text.get(..from)?.rfind('\n').unwrap_or(0);
        seen += 1;
    }
    let to = text.get(at..)?.find('\n').map_or(text.len(), |n| at + n);
    let found = TWO_TAGS.captures(text.get(from..to)?)?;
    let (whole, outer, inner) = (found.get(0)?, found.get(1)?.as_str(), found.get(2)?.as_str());
    let outer = if outer == "Ref" { "Ref".to_owned() } else { format!("Fn::{outer}") };
    Some(
        Diagnostic::error(
            Span::new(file, from + whole.start(), from + whole.end()),
            "two short-form functions in a row",
        )
        .label("YAML allows one tag")
        .hint(format!("write the outer one in long form: `{outer}: !{inner} …`")),
    )
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => "indent with spaces: YAML does not allow tabs there",
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => {
            "quote a text that contains `: `, and check the indentation of this line and the one above"
        }
        ErrorKind::UnclosedQuotedScalar => "close the quotes",
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockSequenceEntry => {
            "check the indentation of this line and the one above"
        }
        ErrorKind::UnclosedFlowCollection { .. } => "close the bracket",
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            "a comma or a closing bracket is missing"
        }
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::MissingAnchorOrAliasName => {
            "quote a text that starts with a special character"
        }
        ErrorKind::UnknownAnchor => "an alias needs an anchor above it; quote a text that starts with `*`",
        ErrorKind::UnknownQuotedScalarEscape => "write `\\\\` for a backslash, or use single quotes",
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            "check the brackets above"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "double a quote inside of single quotes, write `\\\"` inside of double quotes"
        }
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => "a space belongs behind the dash",
        _ => return None,
    })
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use crate::load::parse;
    use crate::source::Sources;

    fn first(text: &str) -> (String, usize, Option<String>) {
        let mut sources = Sources::default();
        let problem = parse(&mut sources, "t.yaml", text).unwrap_err().remove(0);
        let line = sources.place(problem.at).unwrap().start.line;
        (problem.message, line, problem.hint)
    }

    #[test]
    fn two_tags_in_a_row_are_recognised_where_they_stand() {
        for rest in ["", "\n  C: d\n"] {
            let (message, line, hint) = first(&format!("A:\n  B: !Base64 !Sub x{rest}"));
            assert_eq!((message.as_str(), line), ("two short-form functions in a row", 2));
            assert!(hint.unwrap().contains("`Fn::Base64: !Sub …`"));
        }
    }

    #[test]
    fn usual_mistakes_come_with_a_hint() {
        for (text, line, hint) in [
            ("A:\n\tB: 1\n", 2, "spaces"),
            ("A: b: c\n", 1, "quote"),
            ("A: [1, 2\n", 1, "bracket"),
            ("A:\n  B: 1\n C: 2\n", 3, "indentation"),
            ("A: \"x\n", 1, "quotes"),
        ] {
            let (message, at, found) = first(text);
            let found = found.unwrap_or_else(|| panic!("no hint for {message} in {text:?}"));
            assert!(found.contains(hint), "{message}: {found}");
            assert!(at <= line + 1 && !message.is_empty(), "{message} at line {at} in {text:?}");
        }
    }
}
