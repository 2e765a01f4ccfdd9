//! `AllowedPattern`: a regular expression in Java's flavour that must match the whole value.

use regex::bytes;

/// Enough for every pattern of a person; a larger one takes too long to prepare.
const MAX_COMPILED: usize = 1 << 20;

/// A pattern, prepared.
pub(in crate::load) struct Pattern<'a> {
    written: &'a str,
    ascii: bytes::Regex,
}

/// Why a pattern cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::load) enum Refused {
    /// It is no regular expression in any flavour; holds what is wrong.
    Invalid(&'static str),
    /// It says something that only Java's flavour knows, such as lookahead.
    NotJudged,
}

impl<'a> Pattern<'a> {
    /// Prepares a pattern.
    pub(in crate::load) fn new(written: &'a str) -> Result<Self, Refused> {
        let translated = translate(written).ok_or(Refused::NotJudged)?;
        let mut builder = bytes::RegexBuilder::new(&whole(&translated));
        // Java's `\d`, `\w` and `\s` mean ASCII characters.
        let compiled = builder.unicode(false).size_limit(MAX_COMPILED).build();
        let compiled = compiled.or_else(|_| builder.unicode(true).build());
        compiled.map(|ascii| Self { written, ascii }).map_err(|error| refused(&error))
    }

    /// Whether it matches the whole of a value; `None` if that cannot be told.
    pub(in crate::load) fn matches(&self, value: &str) -> Option<bool> {
        if value.is_ascii() {
            return Some(self.ascii.is_match(value.as_bytes()));
        }
        // Of other characters the flavours think differently where a class is named rather than written out.
        let named = ["\\d", "\\w", "\\s", "\\b", "\\p", "\\D", "\\W", "\\S", "\\B", "\\P", "(?"];
        if named.iter().any(|name| self.written.contains(name)) {
            return None;
        }
        let regex = regex::RegexBuilder::new(&whole(&translate(self.written)?)).size_limit(MAX_COMPILED).build();
        regex.ok().map(|regex| regex.is_match(value))
    }
}

fn whole(pattern: &str) -> String {
    format!(r"\A(?:{pattern})\z")
}

fn refused(error: &regex::Error) -> Refused {
    let regex::Error::Syntax(text) = error else { return Refused::NotJudged };
    // The same in every flavour.
    let known = [
        ("unclosed group", "a group is not closed"),
        ("unopened group", "a group is closed that was not opened"),
        ("unclosed character class", "a character class is not closed"),
    ];
    let found = known.iter().find(|(theirs, _)| text.contains(theirs));
    found.map_or(Refused::NotJudged, |&(_, ours)| Refused::Invalid(ours))
}

/// Java's POSIX classes in the `regex` crate's words; `None` where the same text means something else there.
fn translate(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let (mut depth, mut repeated) = (0_usize, false);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        let mut repeats = false;
        match c {
            '\\' => match rest.as_str().split_once('}') {
                Some((class, after)) if class.starts_with("p{") && posix(class).is_some() => {
                    out.push_str(posix(class)?);
                    rest = after.chars();
                }
                _ => {
                    out.push('\\');
                    out.extend(rest.next());
                }
            },
            '[' if depth > 0 && rest.as_str().starts_with(':') => return None,
            '[' => {
                depth += 1;
                out.push('[');
            }
            ']' => {
                depth = depth.saturating_sub(1);
                out.push(']');
            }
            '-' | '~' if depth > 0 && rest.as_str().starts_with(c) => return None,
            // Possessive: `a++`.
            '+' if depth == 0 && repeated => return None,
            '*' | '+' | '?' | '}' if depth == 0 => {
                repeats = true;
                out.push(c);
            }
            _ => out.push(c),
        }
        repeated = repeats;
    }
    Some(out)
}

fn posix(class: &str) -> Option<&'static str> {
    Some(match class {
        "p{Lower" => "[[:lower:]]",
        "p{Upper" => "[[:upper:]]",
        "p{ASCII" => "[[:ascii:]]",
        "p{Alpha" => "[[:alpha:]]",
        "p{Digit" => "[[:digit:]]",
        "p{Alnum" => "[[:alnum:]]",
        "p{Punct" => "[[:punct:]]",
        "p{Graph" => "[[:graph:]]",
        "p{Print" => "[[:print:]]",
        "p{Blank" => "[[:blank:]]",
        "p{Cntrl" => "[[:cntrl:]]",
        "p{XDigit" => "[[:xdigit:]]",
        "p{Space" => "[[:space:]]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_value_must_match() {
        for (pattern, value, expected) in [
            ("[a-z]+", "abc", Some(true)),
            ("[a-z]+", "abc1", Some(false)),
            ("a|b", "ab", Some(false)),
            (r"^\d+$", "12", Some(true)),
            (r"\d+", "٣", None),
            ("[é]+", "é", Some(true)),
            ("[^/]*", "é", Some(true)),
            (r"[\p{Alnum}_.]+", "a_1.b", Some(true)),
            (r"[\u0020-\u007E]*", "a b", Some(true)),
            (r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/(\d{1,2})", "10.0.0.0/16", Some(true)),
            (r"\++", "++", Some(true)),
        ] {
            assert_eq!(Pattern::new(pattern).ok().unwrap().matches(value), expected, "{pattern} on {value}");
        }
    }

    #[test]
    fn what_only_java_knows_is_not_judged_and_what_nobody_knows_is_invalid() {
        let refused = |pattern: &str| Pattern::new(pattern).err().unwrap();
        for java in [r"(?=.*[A-Z]).{8,}", "a*+a", r"(a)\1", "[a--b]", "[[:a]]", r"\Qa\E", "(a{1000}){1000}"] {
            assert_eq!(refused(java), Refused::NotJudged, "{java}");
        }
        assert_eq!(refused("(a"), Refused::Invalid("a group is not closed"));
        assert_eq!(refused("[a"), Refused::Invalid("a character class is not closed"));
    }
}
