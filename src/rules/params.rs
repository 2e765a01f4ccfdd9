//! What a profile can set on a rule: declared with a default, checked, then read by the rule's closure.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;

/// A parameter of a rule.
#[derive(Debug)]
pub struct Param {
    /// Its name in a profile.
    pub name: &'static str,
    /// Its value unless a profile says otherwise; also decides its type.
    pub default: Preset,
    /// What it does.
    pub docs: &'static str,
}

/// What [`Preset::NamePattern`] allows besides regular expressions, each with the character that stands for it in the compiled pattern. Whoever
/// matches a name puts the character where the environment, the type or the account stands in it.
pub const PLACEHOLDERS: &[(&str, &str)] = &[("{env}", "\u{1}"), ("{type}", "\u{2}"), ("{account}", "\u{3}")];

/// A default, and with it a type.
#[derive(Clone, Copy, Debug)]
pub enum Preset {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A share between 0 and 1.
    Share(f64),
    /// Text.
    Text(&'static str),
    /// Text that may be missing.
    Nothing,
    /// Texts.
    Texts(&'static [&'static str]),
    /// Whole numbers.
    Ints(&'static [i64]),
    /// A regular expression.
    Pattern(&'static str),
    /// Regular expressions.
    Patterns(&'static [&'static str]),
    /// Names, each with a text or with nothing: `{Name: null, Environment: prod}`.
    Map(&'static [(&'static str, Option<&'static str>)]),
    /// Names, each with a regular expression or with nothing: `{Name: null, Environment: "^(dev|prod)$"}`.
    PatternMap(&'static [(&'static str, Option<&'static str>)]),
    /// A regular expression for names that may be missing. Its `{env}`, `{type}` and `{account}` stand for [`PLACEHOLDERS`].
    NamePattern,
    /// Names, each with texts: `{mysql: [error, slowquery]}`.
    Lists(&'static [(&'static str, &'static [&'static str])]),
}

/// A value of a parameter.
#[derive(Clone, Debug)]
pub enum ParamValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Share(f64),
    /// Text.
    Text(String),
    /// No text.
    Nothing,
    /// Texts.
    Texts(Vec<String>),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A regular expression, compiled once.
    Pattern(Regex),
    /// Regular expressions.
    Patterns(Vec<Regex>),
    /// Names with a text or nothing.
    Map(BTreeMap<String, Option<String>>),
    /// Names with a regular expression or nothing.
    PatternMap(BTreeMap<String, Option<Regex>>),
    /// Names with texts.
    Lists(BTreeMap<String, Vec<String>>),
}

/// Why a profile's value does not fit a rule's parameter.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParamError {
    /// There is no such parameter.
    #[error("rule {rule} has no parameter {name}")]
    NoSuchParameter {
        /// The rule.
        rule: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The value is of another type.
    #[error("parameter {name} wants {wants}")]
    WrongType {
        /// The parameter.
        name: &'static str,
        /// The type in words.
        wants: &'static str,
    },
    /// The text is no regular expression.
    #[error("parameter {name}: {why}")]
    NotAPattern {
        /// The parameter.
        name: &'static str,
        /// What the parser says.
        why: String,
    },
}

impl Preset {
    /// The default as a value.
    #[must_use]
    pub fn value(&self) -> ParamValue {
        match *self {
            Self::Bool(b) => ParamValue::Bool(b),
            Self::Int(n) => ParamValue::Int(n),
            Self::Share(x) => ParamValue::Share(x),
            Self::Text(t) => ParamValue::Text(t.to_owned()),
            Self::Nothing | Self::NamePattern => ParamValue::Nothing,
            Self::Texts(list) => ParamValue::Texts(list.iter().map(|&t| t.to_owned()).collect()),
            Self::Ints(list) => ParamValue::Ints(list.to_vec()),
            Self::Pattern(text) => pattern(text).map_or(ParamValue::Nothing, ParamValue::Pattern),
            Self::Patterns(list) => ParamValue::Patterns(list.iter().filter_map(|text| pattern(text).ok()).collect()),
            Self::Map(list) => {
                ParamValue::Map(list.iter().map(|&(k, v)| (k.to_owned(), v.map(str::to_owned))).collect())
            }
            Self::PatternMap(list) => ParamValue::PatternMap(
                list.iter().map(|&(k, v)| (k.to_owned(), v.and_then(|text| pattern(text).ok()))).collect(),
            ),
            Self::Lists(list) => {
                let texts = |v: &[&str]| v.iter().map(|&t| t.to_owned()).collect();
                ParamValue::Lists(list.iter().map(|&(k, v)| (k.to_owned(), texts(v))).collect())
            }
        }
    }

    /// The type in words, for messages.
    #[must_use]
    pub fn wants(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Share(_) => "a number",
            Self::Text(_) | Self::Nothing => "text",
            Self::Texts(_) => "a list of texts",
            Self::Ints(_) => "a list of whole numbers",
            Self::Pattern(_) => "a regular expression",
            Self::Patterns(_) => "a list of regular expressions",
            Self::Map(_) => "a mapping of names to text or null",
            Self::PatternMap(_) => "a mapping of names to regular expressions or null",
            Self::NamePattern => "a regular expression, with {env}, {type} and {account}",
            Self::Lists(_) => "a mapping of names to lists of texts",
        }
    }
}

impl fmt::Display for ParamValue {
    /// As a profile writes it, in flow style.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
            items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
        }
        match self {
            Self::Bool(b) => b.fmt(f),
            Self::Int(n) => n.fmt(f),
            Self::Share(x) => x.fmt(f),
            Self::Text(t) => f.write_str(t),
            Self::Nothing => f.write_str("null"),
            Self::Texts(items) => write!(f, "[{}]", list(items)),
            Self::Ints(items) => write!(f, "[{}]", list(items)),
            Self::Pattern(pattern) => pattern.fmt(f),
            Self::Patterns(items) => write!(f, "[{}]", list(items)),
            Self::Map(map) => {
                write!(f, "{{{}}}", list(map.iter().map(|(k, v)| format!("{k}: {}", v.as_deref().unwrap_or("null")))))
            }
            Self::PatternMap(map) => {
                let shown = |p: &Option<Regex>| p.as_ref().map_or("null", Regex::as_str).to_owned();
                write!(f, "{{{}}}", list(map.iter().map(|(k, v)| format!("{k}: {}", shown(v)))))
            }
            Self::Lists(map) => write!(f, "{{{}}}", list(map.iter().map(|(k, v)| format!("{k}: [{}]", list(v))))),
        }
    }
}

/// The parameters in force for one rule.
#[derive(Clone, Debug, Default)]
pub struct Params {
    values: BTreeMap<&'static str, ParamValue>,
}

impl Params {
    /// The defaults of a rule.
    #[must_use]
    pub fn defaults(params: &'static [Param]) -> Self {
        Self { values: params.iter().map(|p| (p.name, p.default.value())).collect() }
    }

    /// Sets a parameter to a value of the right type.
    ///
    /// # Errors
    /// If the rule has no such parameter, or the value is of another type.
    pub fn set(&mut self, rule: &'static super::Rule, name: &str, value: ParamValue) -> Result<(), ParamError> {
        let param = rule
            .params
            .iter()
            .find(|p| p.name == name)
            .ok_or_else(|| ParamError::NoSuchParameter { rule: rule.id, name: name.to_owned() })?;
        let value = fit(param.default, value)
            .map_err(|why| ParamError::NotAPattern { name: param.name, why })?
            .ok_or(ParamError::WrongType { name: param.name, wants: param.default.wants() })?;
        self.values.insert(param.name, value);
        Ok(())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &ParamValue)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// A yes-or-no parameter; `false` for a name the rule does not declare.
    #[must_use]
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(ParamValue::Bool(true)))
    }

    /// A number; 0 for a name the rule does not declare.
    #[must_use]
    pub fn int(&self, name: &str) -> i64 {
        match self.values.get(name) {
            Some(ParamValue::Int(n)) => *n,
            _ => 0,
        }
    }

    /// A share; 0 for a name the rule does not declare.
    #[must_use]
    pub fn share(&self, name: &str) -> f64 {
        match self.values.get(name) {
            Some(ParamValue::Share(x)) => *x,
            _ => 0.0,
        }
    }

    /// A text, if it is set.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(ParamValue::Text(t)) => Some(t),
            _ => None,
        }
    }

    /// A list of texts; empty for a name the rule does not declare.
    #[must_use]
    pub fn texts(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(ParamValue::Texts(list)) => list,
            _ => &[],
        }
    }

    /// A list of numbers; empty for a name the rule does not declare.
    #[must_use]
    pub fn ints(&self, name: &str) -> &[i64] {
        match self.values.get(name) {
            Some(ParamValue::Ints(list)) => list,
            _ => &[],
        }
    }

    /// A regular expression, if it is set.
    #[must_use]
    pub fn pattern(&self, name: &str) -> Option<&Regex> {
        match self.values.get(name) {
            Some(ParamValue::Pattern(pattern)) => Some(pattern),
            _ => None,
        }
    }

    /// A list of regular expressions; empty for a name the rule does not declare.
    #[must_use]
    pub fn patterns(&self, name: &str) -> &[Regex] {
        match self.values.get(name) {
            Some(ParamValue::Patterns(list)) => list,
            _ => &[],
        }
    }

    /// Names with a text or nothing, by name.
    pub fn map(&self, name: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        let map = match self.values.get(name) {
            Some(ParamValue::Map(map)) => Some(map),
            _ => None,
        };
        map.into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_deref()))
    }

    /// Names with a regular expression or nothing, by name.
    pub fn pattern_map(&self, name: &str) -> impl Iterator<Item = (&str, Option<&Regex>)> {
        let map = match self.values.get(name) {
            Some(ParamValue::PatternMap(map)) => Some(map),
            _ => None,
        };
        map.into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_ref()))
    }

    /// Names with texts, by name.
    pub fn lists(&self, name: &str) -> impl Iterator<Item = (&str, &[String])> {
        let map = match self.values.get(name) {
            Some(ParamValue::Lists(map)) => Some(map),
            _ => None,
        };
        map.into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_slice()))
    }
}

/// The value in the parameter's own type, if it can be taken for that; an error if it is no regular expression where one is wanted.
fn fit(default: Preset, value: ParamValue) -> Result<Option<ParamValue>, String> {
    Ok(match (default, value) {
        (Preset::Bool(_), v @ ParamValue::Bool(_))
        | (Preset::Int(_), v @ ParamValue::Int(_))
        | (Preset::Share(_), v @ ParamValue::Share(_))
        | (Preset::Text(_) | Preset::Nothing, v @ ParamValue::Text(_))
        | (Preset::Nothing, v @ ParamValue::Nothing)
        | (Preset::Texts(_), v @ ParamValue::Texts(_))
        | (Preset::Ints(_), v @ ParamValue::Ints(_))
        | (Preset::Map(_), v @ ParamValue::Map(_))
        | (Preset::Lists(_), v @ ParamValue::Lists(_)) => Some(v),
        #[expect(clippy::cast_precision_loss, reason = "shares are small numbers")]
        (Preset::Share(_), ParamValue::Int(n)) => Some(ParamValue::Share(n as f64)),
        (Preset::Ints(_), ParamValue::Texts(list)) if list.is_empty() => Some(ParamValue::Ints(Vec::new())),
        (Preset::Texts(_), ParamValue::Ints(list)) if list.is_empty() => Some(ParamValue::Texts(Vec::new())),
        (Preset::Texts(_), ParamValue::Ints(list)) => {
            Some(ParamValue::Texts(list.iter().map(ToString::to_string).collect()))
        }
        (Preset::Lists(_), ParamValue::Map(map)) if map.is_empty() => Some(ParamValue::Lists(BTreeMap::new())),
        (Preset::Pattern(_), ParamValue::Text(text)) => Some(ParamValue::Pattern(pattern(&text)?)),
        (Preset::Pattern(_) | Preset::NamePattern, ParamValue::Nothing) => Some(ParamValue::Nothing),
        (Preset::NamePattern, ParamValue::Text(text)) => {
            let filled = PLACEHOLDERS.iter().fold(text, |text, (name, character)| text.replace(name, character));
            Some(ParamValue::Pattern(pattern(&filled)?))
        }
        (Preset::PatternMap(_), ParamValue::Map(map)) => {
            let compiled =
                |(name, text): (String, Option<String>)| Ok((name, text.map(|text| pattern(&text)).transpose()?));
            Some(ParamValue::PatternMap(map.into_iter().map(compiled).collect::<Result<_, String>>()?))
        }
        (Preset::Patterns(_), ParamValue::Texts(list)) => {
            Some(ParamValue::Patterns(list.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?))
        }
        _ => None,
    })
}

fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text)
        .map_err(|why| why.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_compiled_once_and_name_what_is_wrong_with_them() {
        let text = |text: &str| ParamValue::Text(text.to_owned());
        let Ok(Some(ParamValue::Pattern(name))) = fit(Preset::NamePattern, text("^shop-{env}-[a-z]{2}$")) else {
            panic!("no pattern")
        };
        assert!(name.is_match("shop-\u{1}-eu") && !name.is_match("shop-{env}-eu"));
        assert!(matches!(fit(Preset::NamePattern, ParamValue::Nothing), Ok(Some(ParamValue::Nothing))));
        assert!(fit(Preset::NamePattern, text("(")).is_err());

        let map = |value: &str| ParamValue::Map(BTreeMap::from([("Tier".to_owned(), Some(value.to_owned()))]));
        assert!(matches!(fit(Preset::PatternMap(&[]), map("^public$")), Ok(Some(ParamValue::PatternMap(_)))));
        assert!(fit(Preset::PatternMap(&[]), map("(")).is_err());
    }

    #[test]
    fn every_default_is_of_its_own_type() {
        for rule in crate::rules::all() {
            for p in rule.params {
                let drops = |kept: usize| matches!(p.default, Preset::Patterns(list) if list.len() != kept);
                let broken = match p.default.value() {
                    ParamValue::Nothing => !matches!(p.default, Preset::Nothing | Preset::NamePattern),
                    ParamValue::PatternMap(map) => {
                        let dropped =
                            |(k, v): &(&str, Option<&str>)| v.is_some() != map.get(*k).is_some_and(Option::is_some);
                        matches!(p.default, Preset::PatternMap(known) if known.iter().any(dropped))
                    }
                    ParamValue::Patterns(list) => drops(list.len()),
                    _ => false,
                };
                assert!(!broken, "{}: the default of {} is no regular expression", rule.id, p.name);
            }
        }
    }
}
