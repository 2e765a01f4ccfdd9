//! Parameters: their declarations and the values they take.

pub(super) mod constraints;
pub(super) mod kind;
pub(super) mod pattern;

use std::sync::Arc;

use super::{Inputs, scalar};
use crate::model::{Kind, Unknown, Value};
use crate::source::Span;

/// A parameter's declaration.
pub(super) struct Parameter<'a> {
    /// Its name.
    pub(super) name: &'a Arc<str>,
    /// The `Type`, `String` if it is missing.
    kind: &'a str,
    declaration: &'a Value,
}

impl<'a> Parameter<'a> {
    /// Reads a declaration.
    pub(super) fn new(name: &'a Arc<str>, declaration: &'a Value) -> Self {
        let kind = declaration.child("Type").and_then(Value::as_str).unwrap_or("String");
        Self { name, kind, declaration }
    }

    /// Whether CloudFormation hides its value.
    pub(super) fn no_echo(&self) -> bool {
        self.declaration.child("NoEcho").and_then(Value::as_bool) == Some(true)
    }

    /// A key of the declaration.
    pub(super) fn attribute(&self, key: &str) -> Option<&'a Value> {
        self.declaration.child(key)
    }

    /// The values it may take, if they are listed.
    pub(super) fn allowed(&self) -> Option<&'a Value> {
        self.attribute("AllowedValues").filter(|values| values.as_list().is_some())
    }

    /// Whether a value is one of the listed ones; `true` if none are listed.
    pub(super) fn allows(&self, value: &str) -> bool {
        let listed = self.allowed().and_then(Value::as_list);
        listed.is_none_or(|all| all.iter().any(|v| v.text().is_none_or(|v| *v == *value)))
    }

    /// The parts that constraints and types speak of: the elements of a list, or the whole value. A name in Parameter Store is one.
    pub(super) fn parts<'t>(&self, text: &'t str) -> Vec<&'t str> {
        if self.is_list() && self.stored().is_none() { split(text) } else { vec![text] }
    }

    /// Whether every part must be a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, "Number" | "List<Number>")
    }

    /// Whether the value is a list.
    pub(super) fn is_list(&self) -> bool {
        self.inner() == "CommaDelimitedList" || kind::element(self.inner()).is_some()
    }

    /// The type of the value; for a value kept in Parameter Store, the type of what is kept there.
    fn inner(&self) -> &str {
        self.stored().unwrap_or(self.kind)
    }

    /// The type of what Parameter Store keeps under the name that is given, if the parameter is of that kind.
    pub(super) fn stored(&self) -> Option<&str> {
        kind::stored(self.kind)
    }

    /// The default as text.
    pub(super) fn default(&self) -> Option<Arc<str>> {
        let default = self.declaration.child("Default")?;
        match &default.kind {
            Kind::Null => Some("".into()),
            Kind::List(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Value::text).collect();
                texts.map(|texts| texts.join(",").into())
            }
            _ => default.text(),
        }
    }

    /// What `Ref` gives, placed at `at` by the caller.
    pub(super) fn value(&self, inputs: &Inputs) -> Kind {
        if self.no_echo() {
            return Kind::Unknown(Unknown::NoEcho(Arc::clone(self.name)));
        }
        if let Some(kind) = inputs.handed.get(self.name) {
            return kind.clone();
        }
        let default = self.default();
        let given = inputs.parameters.get(self.name).cloned();
        // A value kept in Parameter Store is given by the name it is kept under; a deployed stack gives what was found there.
        let unresolved = inputs.stack_id.is_none()
            || given.is_none()
            || given == default
            || given.as_deref().is_some_and(|v| v.starts_with('/'));
        if self.stored().is_some() && unresolved && (given.is_some() || default.is_some()) {
            return Kind::Unknown(Unknown::Dynamic("ssm".into()));
        }
        let Some(text) = given.or(default) else {
            return Kind::Unknown(Unknown::Parameter(Arc::clone(self.name)));
        };
        if self.is_list() {
            let number = self.is_number();
            return Kind::List(split(&text).into_iter().map(|part| placeless(typed(part, number))).collect());
        }
        if self.is_number() { typed(&text, true) } else { Kind::Str(text) }
    }
}

fn split(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).collect()
}

/// A number only where writing it again gives the same text: what is compared is the text.
fn typed(text: &str, number: bool) -> Kind {
    number.then(|| scalar::number(text)).flatten().unwrap_or_else(|| Kind::Str(text.into()))
}

fn placeless(kind: Kind) -> Value {
    Value { kind, at: Span::LIVE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;

    fn value(declaration: &serde_json::Value, given: Option<&str>) -> Kind {
        let (name, declaration) = (Arc::from("P"), from_json(declaration));
        let parameters = given.map(|v| (Arc::clone(&name), v.into())).into_iter().collect();
        Parameter::new(&name, &declaration).value(&Inputs { parameters, ..Inputs::default() })
    }

    /// The value in a deployed stack.
    fn deployed(declaration: &serde_json::Value, given: &str) -> Kind {
        let (name, declaration) = (Arc::from("P"), from_json(declaration));
        let parameters = [(Arc::clone(&name), given.into())].into();
        let inputs = Inputs { parameters, stack_id: Some("arn:…".into()), ..Inputs::default() };
        Parameter::new(&name, &declaration).value(&inputs)
    }

    #[test]
    fn a_value_has_the_type_of_its_parameter() {
        use serde_json::json;
        let text = |s: &str| Value::live(Kind::Str(s.into()));
        assert_eq!(value(&json!({"Type": "Number", "Default": 5}), None), Kind::Int(5));
        assert_eq!(value(&json!({"Type": "Number"}), Some("007")), Kind::Str("007".into()), "compared as text");
        assert_eq!(value(&json!({"Type": "String", "Default": "5"}), None), Kind::Str("5".into()));
        let list = Kind::List(vec![text("a"), text("b")]);
        assert_eq!(value(&json!({"Type": "CommaDelimitedList"}), Some("a, b")), list);
        assert_eq!(value(&json!({"Type": "List<AWS::EC2::Subnet::Id>"}), Some("a,b")), list);
    }

    #[test]
    fn a_hidden_value_stays_unknown_even_if_it_is_given() {
        let hidden = serde_json::json!({"Type": "String", "NoEcho": "true", "Default": "hunter2"});
        assert_eq!(value(&hidden, Some("hunter3")), Kind::Unknown(Unknown::NoEcho("P".into())));
    }

    #[test]
    fn the_name_of_a_stored_value_is_not_the_value() {
        let ami = serde_json::json!({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/aws/ami"});
        let stored = Kind::Unknown(Unknown::Dynamic("ssm".into()));
        assert_eq!(value(&ami, None), stored);
        assert_eq!(value(&ami, Some("/aws/ami")), stored);
        assert_eq!(value(&ami, Some("my-ami")), stored);
        assert_eq!(deployed(&ami, "/aws/ami"), stored);
        assert_eq!(deployed(&ami, "ami-1"), Kind::Str("ami-1".into()), "a deployed stack tells what was found");
        let list = serde_json::json!({"Type": "AWS::SSM::Parameter::Value<List<String>>"});
        let found = ["a", "b"].map(|s| Value::live(Kind::Str(s.into()))).to_vec();
        assert_eq!(deployed(&list, "a,b"), Kind::List(found));
    }
}
