//! JSON that is not well-formed. A template in JSON is read as the YAML that it also is, whose reader speaks of things that no writer of JSON
//! knows, and takes what CloudFormation does not.

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::source::{FileId, Span};

/// The first mistake.
pub(in crate::load) struct Flaw {
    /// What and where.
    pub(in crate::load) problem: Diagnostic,
    /// Whether YAML takes it in the same meaning.
    pub(in crate::load) is_yaml: bool,
}

/// Whether a text is meant as JSON: it begins with a mapping in brackets whose first key stands in double quotes.
pub(in crate::load) fn is_meant(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '/']))
}

/// What keeps a text from being JSON; `None` if nothing does.
pub(in crate::load) fn flaw(file: FileId, text: &str) -> Option<Flaw> {
    let mut reader = Reader { file, text, at: 0, last: 0, open: Vec::new(), expect: Expect::Value, suspect: None };
    loop {
        match reader.step() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(flaw) => return Some(*flaw),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// Just after `[`.
    ValueOrClose,
    Key,
    /// Just after `{`.
    KeyOrClose,
    Colon,
    CommaOrClose,
    End,
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    /// The end of the last token.
    last: usize,
    open: Vec<usize>,
    expect: Expect,
    /// The first bracket whose closing one is not indented like it.
    suspect: Option<usize>,
}

type Step = Result<bool, Box<Flaw>>;

impl Reader<'_> {
    fn step(&mut self) -> Step {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\u{feff}', ' ', '\t', '\n', '\r']).len();
        self.at += blank;
        let Some(c) = rest.get(blank..).and_then(|rest| rest.chars().next()) else { return self.end() };
        match c {
            '"' => self.string(),
            '{' | '[' => self.opening(c),
            '}' | ']' => self.closing(c),
            ',' if self.expect == Expect::CommaOrClose => {
                self.expect = if self.in_map() { Expect::Key } else { Expect::Value };
                self.take(1);
                Ok(true)
            }
            ':' if self.expect == Expect::Colon => {
                self.expect = Expect::Value;
                self.take(1);
                Ok(true)
            }
            ',' | ':' => {
                self.wrong(1, format!("`{c}` stands where {} is expected", self.expected()), "not here", "", false)
            }
            '/' | '#' => {
                let line = self.line();
                self.wrong(
                    line,
                    "JSON knows no comments".into(),
                    "a comment",
                    "take it out, or write the template in YAML",
                    false,
                )
            }
            _ => self.word(c),
        }
    }

    fn string(&mut self) -> Step {
        let inside = self.text.get(self.at + 1..).unwrap_or_default();
        let mut escaped = false;
        let end = inside.find(|c| {
            let ends = (c == '"' && !escaped) || c == '\n';
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end.filter(|&end| inside.get(end..).is_some_and(|rest| rest.starts_with('"'))) else {
            let line = self.line();
            return self.wrong(line, "a text is not closed".into(), "opened here", "close the quotes", false);
        };
        self.value(end + 2, true)
    }

    fn opening(&mut self, c: char) -> Step {
        if matches!(self.expect, Expect::Key | Expect::KeyOrClose) {
            return self.wrong(1, "a key must be a text in double quotes".into(), "not a key", "", false);
        }
        let at = self.at;
        self.value(1, false)?;
        self.open.push(at);
        self.expect = if c == '{' { Expect::KeyOrClose } else { Expect::ValueOrClose };
        Ok(true)
    }

    fn closing(&mut self, c: char) -> Step {
        let Some(&open) = self.open.last() else {
            return self.wrong(
                1,
                format!("`{c}` closes nothing"),
                "one too many",
                "take it out, or check the brackets above",
                false,
            );
        };
        let opened = self.text.get(open..=open).unwrap_or_default();
        if (opened == "{") != (c == '}') {
            let flaw = Diagnostic::error(self.span(self.at..self.at + 1), format!("`{c}` does not close `{opened}`"));
            return Err(Box::new(Flaw {
                problem: flaw.label("closed here").related(self.span(open..open + 1), "opened here"),
                is_yaml: false,
            }));
        }
        match self.expect {
            Expect::CommaOrClose | Expect::KeyOrClose | Expect::ValueOrClose => {}
            Expect::Key | Expect::Value if self.text.get(self.last.wrapping_sub(1)..self.last) == Some(",") => {
                self.at = self.last - 1;
                let hint = "take the comma out: CloudFormation reads this as JSON";
                return self.wrong(1, "a comma stands before a closing bracket".into(), "nothing follows", hint, true);
            }
            _ => {
                return self.wrong(
                    1,
                    format!("`{c}` stands where {} is expected", self.expected()),
                    "not here",
                    "",
                    false,
                );
            }
        }
        let begins_line = self.text.get(self.last..self.at).is_some_and(|blank| blank.contains('\n'));
        if begins_line && self.suspect.is_none() && self.indent(open).is_some_and(|at| self.indent(self.at) != Some(at))
        {
            self.suspect = Some(open);
        }
        self.open.pop();
        self.expect = if self.open.is_empty() { Expect::End } else { Expect::CommaOrClose };
        self.take(1);
        Ok(true)
    }

    /// A number, `true`, `false`, `null`, or a word that is none of them.
    fn word(&mut self, c: char) -> Step {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let long =
            rest.find(|c: char| c.is_whitespace() || ",:]}[{\"".contains(c)).unwrap_or(rest.len()).max(c.len_utf8());
        let word = rest.get(..long).unwrap_or_default();
        let is_value =
            serde_json::from_str::<serde_json::Number>(word).is_ok() || matches!(word, "true" | "false" | "null");
        match self.expect {
            Expect::Key | Expect::KeyOrClose => {
                let message = "a key must be a text in double quotes".to_owned();
                self.wrong(long, message, "not in double quotes", "CloudFormation reads this as JSON", true)
            }
            Expect::Value | Expect::ValueOrClose if !is_value => {
                let lower = word.to_ascii_lowercase();
                let hint = match &*lower {
                    "true" | "false" | "null" => format!("write `{lower}`"),
                    _ => "put it into double quotes".to_owned(),
                };
                self.wrong(long, format!("`{word}` is no JSON value"), "not in double quotes", &hint, true)
            }
            _ => self.value(long, false),
        }
    }

    /// Takes a value, or a key if `may_be_key`, of so many bytes.
    fn value(&mut self, bytes: usize, may_be_key: bool) -> Step {
        self.expect = match self.expect {
            Expect::Key | Expect::KeyOrClose if may_be_key => Expect::Colon,
            Expect::Value | Expect::ValueOrClose if self.open.is_empty() => Expect::End,
            Expect::Value | Expect::ValueOrClose => Expect::CommaOrClose,
            Expect::CommaOrClose => return self.missing(",", "a comma is missing"),
            Expect::Colon => return self.missing(":", "a colon is missing"),
            Expect::End | Expect::Key | Expect::KeyOrClose => {
                return self.wrong(
                    bytes,
                    "something follows the end of the document".into(),
                    "not part of it",
                    "check the brackets above",
                    false,
                );
            }
        };
        self.take(bytes);
        Ok(true)
    }

    fn end(&self) -> Step {
        if self.expect == Expect::End {
            return Ok(false);
        }
        let open = self.suspect.or_else(|| self.open.last().copied()).unwrap_or(0);
        let problem = Diagnostic::error(self.span(open..open + 1), "a bracket is not closed").label("opened here");
        Err(Box::new(Flaw { problem: problem.hint("close it"), is_yaml: false }))
    }

    /// Something that belongs behind the last token.
    fn missing(&self, what: &str, message: &str) -> Step {
        let start = (0..self.last).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        let problem =
            Diagnostic::error(self.span(start..self.last), message).label(format!("`{what}` belongs behind this"));
        let next = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Err(Box::new(Flaw {
            problem: problem.related(self.span(self.at..self.at + next), "before this"),
            is_yaml: false,
        }))
    }

    fn wrong(&self, bytes: usize, message: String, label: &str, hint: &str, is_yaml: bool) -> Step {
        let mut problem = Diagnostic::error(self.span(self.at..self.at + bytes), message).label(label);
        if !hint.is_empty() {
            problem = problem.hint(hint);
        }
        Err(Box::new(Flaw { problem, is_yaml }))
    }

    fn take(&mut self, bytes: usize) {
        self.at += bytes;
        self.last = self.at;
    }

    fn expected(&self) -> &'static str {
        match self.expect {
            Expect::Value | Expect::ValueOrClose => "a value",
            Expect::Key | Expect::KeyOrClose => "a key",
            Expect::Colon => "`:`",
            Expect::CommaOrClose => "`,` or a closing bracket",
            Expect::End => "the end",
        }
    }

    fn in_map(&self) -> bool {
        self.open.last().is_some_and(|&open| self.text.get(open..=open) == Some("{"))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start.min(self.text.len()), range.end.min(self.text.len()))
    }

    /// Bytes to the end of the line.
    fn line(&self) -> usize {
        self.text.get(self.at..).and_then(|rest| rest.lines().next()).map_or(0, |line| line.trim_end().len())
    }

    /// The indentation of the line that a bracket stands in, unless it stands far out.
    fn indent(&self, at: usize) -> Option<usize> {
        const FAR: usize = 500;
        let from = (at.saturating_sub(FAR)..=at).find(|&from| self.text.is_char_boundary(from))?;
        let line = match self.text.get(from..at)?.rfind('\n') {
            Some(newline) => from + newline + 1,
            None if from == 0 => 0,
            None => return None,
        };
        let line = self.text.get(line..)?;
        Some(line.find(|c| c != ' ' && c != '\t').unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn says(text: &str) -> Option<(String, String, bool)> {
        assert!(is_meant(text), "{text}");
        let flaw = flaw(Sources::default().add("t.json", text), text)?;
        let at = flaw.problem.at;
        Some((flaw.problem.message, text[at.start as usize..at.end as usize].to_owned(), flaw.is_yaml))
    }

    #[test]
    fn json_has_no_flaw() {
        for text in [
            r#"{"a": [1, -2.5e3, true, null, "b\"", {}, []], "c": {"d": {}}}"#,
            "\u{feff} {\r\n\t\"a\" : \"ä€\"\r\n}\r\n",
        ] {
            assert_eq!(says(text), None, "{text}");
        }
        assert!(!is_meant("{a: b}") && !is_meant("a: {\"b\": 1}"), "YAML");
    }

    #[test]
    fn each_flaw_is_said_where_it_is() {
        for (text, message, place, is_yaml) in [
            ("{\"a\": 1\n \"b\": 2}", "a comma is missing", "1", false),
            ("{\"a\": [{} {}]}", "a comma is missing", "}", false),
            ("{\"a\" {}}", "a colon is missing", "\"", false),
            ("{\"a\": 1,}", "a comma stands before a closing bracket", ",", true),
            ("{\"a\": 1,, \"b\": 2}", "`,` stands where a key is expected", ",", false),
            ("{\"a\": }", "`}` stands where a value is expected", "}", false),
            ("{\"a\": \"b}\n", "a text is not closed", "\"b}", false),
            ("{\"a\": [1}", "`}` does not close `[`", "}", false),
            ("{\"a\": {}}}", "`}` closes nothing", "}", false),
            ("{\"a\": {}} x", "something follows the end of the document", "x", false),
            ("{\"a\": True}", "`True` is no JSON value", "True", true),
            ("{\"a\": 1, b: 2}", "a key must be a text in double quotes", "b", true),
            ("{ // note\n\"a\": 1}", "JSON knows no comments", "// note", false),
            ("{\"a\": {\n \"b\": {\n }\n", "a bracket is not closed", "{", false),
        ] {
            assert_eq!(says(text), Some((message.to_owned(), place.to_owned(), is_yaml)), "{text}");
        }
    }

    #[test]
    fn the_bracket_that_is_not_closed_is_told_by_the_indentation() {
        let text = "{\n  \"a\": {\n    \"b\": {\n      \"c\": 1\n  },\n  \"d\": 2\n}\n";
        let flaw = flaw(Sources::default().add("t.json", text), text).unwrap();
        assert_eq!(flaw.problem.at.start as usize, text.find("{\n      \"c\"").unwrap());
    }
}
