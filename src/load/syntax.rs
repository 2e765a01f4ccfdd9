//! Syntax errors, said so that they can be put right.

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
    let diagnostic = Diagnostic::error(Span::new(file, at, end), error.info().trim().to_owned()).label("here");
    match hint(error.kind()) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
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
        Diagnostic::error(Span::new(file, from + whole.start(), from + whole.end()), "two short-form functions in a row")
            .label("YAML allows one tag")
            .hint(format!("write the outer one in long form: `{outer}: !{inner} …`")),
    )
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            "indent with spaces: YAML does not allow tabs there"
        }
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
        ErrorKind::UnexpectedCharacter { .. } => "quote a text that starts with a special character",
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
