//! Mistakes that the parser notices only further down.

use granit_parser::ErrorKind;

use crate::diag::Diagnostic;
use crate::source::{FileId, Span};

/// How many lines above an error are looked at.
const MAX_LINES: usize = 50;

/// The mistake behind an error, where the lines above tell it.
pub(super) fn of(kind: &ErrorKind, file: FileId, text: &str, at: usize) -> Option<Diagnostic> {
    let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    let noticed = |problem: Diagnostic| problem.related(Span::new(file, at, end), "noticed here");
    match kind {
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            let quote = if *kind == ErrorKind::InvalidTrailingDoubleQuotedScalar { '"' } else { '\'' };
            let (start, line) = above(text, at).find(|(_, line)| line.matches(quote).count() % 2 == 1)?;
            let open = start + line.rfind(quote)?;
            let problem = Diagnostic::error(Span::new(file, open, start + line.len()), "a quote is not closed");
            Some(noticed(problem.label("opened here")).hint("close the quotes"))
        }
        ErrorKind::InvalidColonPlacement
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => {
            let (start, line) = above(text, at).find(|(_, line)| unclosed(line).is_some())?;
            let open = start + unclosed(line)?;
            let problem = Diagnostic::error(Span::new(file, open, start + line.len()), "a bracket is not closed");
            Some(noticed(problem.label("opened here")).hint("close the bracket"))
        }
        ErrorKind::MappingValueNotAllowed => {
            let (start, line) = above(text, at).find(|(_, line)| !line.trim().is_empty())?;
            let word = line.trim();
            let from = start + line.len() - line.trim_start().len();
            let span = Span::new(file, from, from + word.len());
            if word.starts_with('-') && !word.starts_with("- ") {
                let problem = Diagnostic::error(Span::new(file, from, from + 1), "a dash stands without a space");
                return Some(problem.label("a space belongs behind this"));
            }
            let is_key = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric());
            is_key.then(|| Diagnostic::error(span, "a key stands without a colon").label("`:` belongs behind this"))
        }
        _ => None,
    }
}

/// The lines above the one that `at` lies in, the nearest first, each with where it starts.
fn above(text: &str, at: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut end = text.get(..at).and_then(|before| before.rfind('\n'));
    std::iter::from_fn(move || {
        let stop = end?;
        let start = text.get(..stop)?.rfind('\n').map_or(0, |n| n + 1);
        end = start.checked_sub(1);
        Some((start, text.get(start..stop)?.trim_end()))
    })
    .take(MAX_LINES)
}

/// Where the last bracket of a line stands that the line does not close.
fn unclosed(line: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, c) in line.char_indices() {
        match c {
            '[' | '{' => open.push(at),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use crate::load::parse;
    use crate::source::Sources;

    #[test]
    fn the_cause_is_shown_not_the_line_where_it_is_noticed() {
        for (text, message, line, place) in [
            ("A:\n  B: \"x\n  C: \"y\"\n", "a quote is not closed", 2, "\"x"),
            ("A:\n  B: 'x\n  C: 'y'\n", "a quote is not closed", 2, "'x"),
            ("A:\n  B: [a, b\n  C: d\n", "a bracket is not closed", 2, "[a, b"),
            ("A:\n  B: !Join ['', [a, b]\n  C: d\n", "a bracket is not closed", 2, "['', [a, b]"),
            ("A:\n  Name\n    B: c\n", "a key stands without a colon", 2, "Name"),
            ("A:\n  -B: c\n   D: e\n", "a dash stands without a space", 2, "-"),
        ] {
            let mut sources = Sources::default();
            let problems = parse(&mut sources, "t.yaml", text).unwrap_err();
            let found = &problems[0];
            let place_found = &text[found.at.start as usize..found.at.end as usize];
            let line_found = sources.place(found.at).unwrap().start.line;
            assert_eq!((problems.len(), &*found.message, line_found, place_found), (1, message, line, place), "{text}");
        }
    }
}
