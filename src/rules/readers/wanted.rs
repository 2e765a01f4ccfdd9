//! What a profile wants of a setting, written as text: anything, a value, or a range of numbers.

use std::fmt;

use crate::model::Value;

/// What a setting has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Wanted<'p> {
    /// Set, to whatever.
    Anything,
    /// This text, whatever its case.
    Exactly(&'p str),
    /// A number between two others, both included; an end that is missing bounds nothing.
    Between(Option<i64>, Option<i64>),
}

impl<'p> Wanted<'p> {
    /// Reads `null`, `5..60`, `5..`, `..60` or a literal.
    pub(in crate::rules) fn of(text: Option<&'p str>) -> Self {
        let Some(text) = text else { return Self::Anything };
        let end = |part: &str| if part.is_empty() { Some(None) } else { part.trim().parse().ok().map(Some) };
        let range = text.split_once("..").and_then(|(from, to)| Some((end(from)?, end(to)?)));
        range.map_or(Self::Exactly(text), |(from, to)| Self::Between(from, to))
    }

    /// Whether a known value will do; `None` if it is no number where one is wanted.
    pub(in crate::rules) fn accepts(&self, value: &Value) -> Option<bool> {
        match self {
            Self::Anything => Some(true),
            Self::Exactly(text) => value.text().map(|found| found.eq_ignore_ascii_case(text)),
            Self::Between(from, to) => {
                value.as_int().map(|n| from.is_none_or(|from| from <= n) && to.is_none_or(|to| n <= to))
            }
        }
    }
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anything => f.write_str("any value"),
            Self::Exactly(text) => f.write_str(text),
            Self::Between(Some(from), Some(to)) => write!(f, "a number from {from} to {to}"),
            Self::Between(Some(from), None) => write!(f, "at least {from}"),
            Self::Between(None, Some(to)) => write!(f, "at most {to}"),
            Self::Between(None, None) => f.write_str("a number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn ranges_literals_and_nothing_are_told_apart() {
        assert_eq!(Wanted::of(None), Wanted::Anything);
        assert_eq!(Wanted::of(Some("5..60")), Wanted::Between(Some(5), Some(60)));
        assert_eq!(Wanted::of(Some("..60")), Wanted::Between(None, Some(60)));
        assert_eq!(Wanted::of(Some("a..b")), Wanted::Exactly("a..b"), "no range of numbers");
    }

    #[test]
    fn numbers_may_be_text_and_truth_may_be_a_word() {
        let text = |t: &str| Value::live(Kind::Str(t.into()));
        assert_eq!(Wanted::of(Some("5..60")).accepts(&text("60")), Some(true));
        assert_eq!(Wanted::of(Some("5..60")).accepts(&text("61")), Some(false));
        assert_eq!(Wanted::of(Some("5..60")).accepts(&text("soon")), None);
        assert_eq!(Wanted::of(Some("true")).accepts(&Value::live(Kind::Bool(true))), Some(true));
        assert_eq!(Wanted::of(Some("true")).accepts(&text("True")), Some(true));
    }
}
