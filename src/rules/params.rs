//! What a profile can set on a rule: declared with a default, checked, then read by the rule's closure.

use std::collections::BTreeMap;

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
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
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
            Self::Nothing => ParamValue::Nothing,
            Self::Texts(list) => ParamValue::Texts(list.iter().map(|&t| t.to_owned()).collect()),
            Self::Ints(list) => ParamValue::Ints(list.to_vec()),
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
        }
    }
}

/// The parameters in force for one rule.
#[derive(Clone, Debug, Default, PartialEq)]
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
            .ok_or(ParamError::WrongType { name: param.name, wants: param.default.wants() })?;
        self.values.insert(param.name, value);
        Ok(())
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
}

/// The value in the parameter's own type, if it can be taken for that.
fn fit(default: Preset, value: ParamValue) -> Option<ParamValue> {
    match (default, value) {
        (Preset::Bool(_), v @ ParamValue::Bool(_))
        | (Preset::Int(_), v @ ParamValue::Int(_))
        | (Preset::Share(_), v @ ParamValue::Share(_))
        | (Preset::Text(_) | Preset::Nothing, v @ ParamValue::Text(_))
        | (Preset::Nothing, v @ ParamValue::Nothing)
        | (Preset::Texts(_), v @ ParamValue::Texts(_))
        | (Preset::Ints(_), v @ ParamValue::Ints(_)) => Some(v),
        #[expect(clippy::cast_precision_loss, reason = "shares are small numbers")]
        (Preset::Share(_), ParamValue::Int(n)) => Some(ParamValue::Share(n as f64)),
        (Preset::Ints(_), ParamValue::Texts(list)) if list.is_empty() => Some(ParamValue::Ints(Vec::new())),
        (Preset::Texts(_), ParamValue::Ints(list)) if list.is_empty() => Some(ParamValue::Texts(Vec::new())),
        _ => None,
    }
}
