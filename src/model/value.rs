//! Values: what a template says or AWS answers, and where it was said.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::source::Span;

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where the template says it; [`Span::LIVE`] if AWS said it.
    pub at: Span,
}

/// The shapes a value can have.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// A list.
    List(Vec<Value>),
    /// A mapping; keys keep their order.
    Map(Map),
    /// A reference to a resource of the same template (`Ref`, `Fn::GetAtt`).
    Ref(Reference),
    /// A value that only the service knows but that can be told from others: `Fn::Select [0, Fn::GetAZs]`.
    Symbol(Arc<str>),
    /// Not known, and why.
    Unknown(Unknown),
}

/// A mapping with spanned keys.
pub type Map = IndexMap<Arc<str>, Entry>;

/// A value of a mapping together with the position of its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key stands.
    pub key_at: Span,
    /// The value.
    pub value: Value,
}

/// `Ref` or `Fn::GetAtt` on a resource of the template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The stack (or template) whose logical ids are meant; see [`super::Address::stack`].
    pub stack: Arc<str>,
    /// The logical id.
    pub logical_id: Arc<str>,
    /// The attribute of a `Fn::GetAtt`; `None` for `Ref`.
    pub attribute: Option<Arc<str>>,
    /// What it evaluates to, where that is known (a deployed stack's physical id).
    pub value: Option<Arc<str>>,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.value, &self.attribute) {
            (Some(value), _) => f.write_str(value),
            (None, Some(attribute)) => write!(f, "!GetAtt {}.{attribute}", self.logical_id),
            (None, None) => write!(f, "!Ref {}", self.logical_id),
        }
    }
}

/// Why a value is not known. There is no unknown without a reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Unknown {
    /// A template parameter without a value.
    Parameter(Arc<str>),
    /// A parameter whose value CloudFormation hides.
    NoEcho(Arc<str>),
    /// Known only once the resource exists: an attribute, a generated name.
    Runtime(Arc<str>),
    /// A dynamic reference (`{{resolve:ssm:…}}`); holds the service, never the name of a secret's value.
    Dynamic(Arc<str>),
    /// An import whose export is not known.
    Import(Arc<str>),
    /// A function, transform or section that is not understood (yet).
    Unsupported(Arc<str>),
    /// A resource or value that hangs on a condition that cannot be decided.
    Condition(Arc<str>),
    /// AWS refused the call.
    Denied {
        /// The IAM action, `rds:DescribeDBInstances`.
        action: Arc<str>,
    },
    /// AWS went on throttling the call after all retries.
    Throttled {
        /// The IAM action.
        action: Arc<str>,
    },
    /// The call failed in another way: not supported in this region, unreachable, malformed.
    Failed {
        /// The IAM action.
        action: Arc<str>,
        /// AWS's error code, or a word for what went wrong below it.
        code: Arc<str>,
    },
    /// No collector reads it.
    NotCollected,
    /// It depends on something outside of the template that only AWS can tell.
    Outside(Arc<str>),
}

impl Unknown {
    /// The IAM action whose answer is missing, if it is one.
    #[must_use]
    pub fn action(&self) -> Option<&Arc<str>> {
        match self {
            Self::Denied { action } | Self::Throttled { action } | Self::Failed { action, .. } => Some(action),
            _ => None,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(f, "parameter {name} has no value"),
            Self::NoEcho(name) => write!(f, "parameter {name} is NoEcho"),
            Self::Runtime(what) => write!(f, "{what} is known only once deployed"),
            Self::Dynamic(service) => write!(f, "dynamic reference to {service}"),
            Self::Import(name) => write!(f, "import of {name}, whose export is not known"),
            Self::Unsupported(what) => write!(f, "{what} is not evaluated"),
            Self::Condition(name) => write!(f, "condition {name} cannot be decided"),
            Self::Denied { action } => write!(f, "{action} was denied"),
            Self::Throttled { action } => write!(f, "{action} was throttled"),
            Self::Failed { action, code } => write!(f, "{action} failed: {code}"),
            Self::NotCollected => f.write_str("not collected"),
            Self::Outside(what) => write!(f, "{what} is not in the template"),
        }
    }
}

impl Value {
    /// A value that AWS observed.
    #[must_use]
    pub fn live(kind: Kind) -> Self {
        Self { kind, at: Span::LIVE }
    }

    /// An unknown observed value.
    #[must_use]
    pub fn unknown(why: Unknown) -> Self {
        Self::live(Kind::Unknown(why))
    }

    /// The text, also of numbers and booleans (CloudFormation writes them either way) and of references whose value is known.
    #[must_use]
    pub fn text(&self) -> Option<Arc<str>> {
        match &self.kind {
            Kind::Str(s) => Some(Arc::clone(s)),
            Kind::Bool(b) => Some(if *b { "true".into() } else { "false".into() }),
            Kind::Int(n) => Some(n.to_string().into()),
            Kind::Float(n) => Some(n.to_string().into()),
            Kind::Ref(r) => r.value.clone(),
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(s) => Some(s),
            Kind::Ref(r) => r.value.as_deref(),
            _ => None,
        }
    }

    /// Truth as CloudFormation reads it: `true`, `"true"`, `"True"` and `1` are the same.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(b) => Some(*b),
            Kind::Int(1) => Some(true),
            Kind::Int(0) => Some(false),
            _ => match self.as_str()? {
                s if s.eq_ignore_ascii_case("true") || s == "1" => Some(true),
                s if s.eq_ignore_ascii_case("false") || s == "0" => Some(false),
                _ => None,
            },
        }
    }

    /// A whole number, also where it is written as text.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match &self.kind {
            Kind::Int(n) => Some(*n),
            _ => self.as_str()?.trim().parse().ok(),
        }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    /// A member of a mapping, or of a list by its index.
    #[must_use]
    pub fn child(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(map) => map.get(key).map(|entry| &entry.value),
            Kind::List(list) => list.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Why the value, taken as a scalar, is not known: it is unknown itself, or a reference or symbol without a value.
    #[must_use]
    pub fn why_unknown(&self) -> Option<Unknown> {
        match &self.kind {
            Kind::Unknown(why) => Some(why.clone()),
            Kind::Ref(r) if r.value.is_none() => Some(Unknown::Runtime(r.to_string().into())),
            Kind::Symbol(s) => Some(Unknown::Runtime(Arc::clone(s))),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    /// One line for a person: scalars as they are, collections as compact JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Null => f.write_str("null"),
            Kind::Unknown(why) => write!(f, "unknown ({why})"),
            Kind::Ref(reference) => write!(f, "{reference}"),
            Kind::Symbol(symbol) => f.write_str(symbol),
            Kind::List(_) | Kind::Map(_) => write!(f, "{}", super::to_json(self)),
            _ => f.write_str(&self.text().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The output of a nested stack, for example.
    fn reference(value: Option<&str>) -> Kind {
        Kind::Ref(Reference { stack: "s".into(), logical_id: "R".into(), attribute: None, value: value.map(Arc::from) })
    }

    #[test]
    fn truth_is_read_as_cloudformation_reads_it() {
        for (kind, expected) in [
            (Kind::Bool(true), Some(true)),
            (Kind::Str("True".into()), Some(true)),
            (Kind::Int(1), Some(true)),
            (Kind::Str("false".into()), Some(false)),
            (reference(Some("true")), Some(true)),
            (reference(None), None),
            (Kind::Str("yes".into()), None),
            (Kind::Unknown(Unknown::NotCollected), None),
        ] {
            assert_eq!(Value::live(kind.clone()).as_bool(), expected, "{kind:?}");
        }
    }
}
