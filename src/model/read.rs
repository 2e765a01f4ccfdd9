//! Reading a property: what is there, that nothing is there, or that it cannot be known.

use super::{Kind, Resource, Unknown, Value};
use crate::source::Span;

/// What reading a path gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// A value; possibly a reference or a symbol.
    Is(&'a Value),
    /// Known to be absent.
    Absent {
        /// The nearest parent that exists.
        near: Span,
    },
    /// Cannot be known.
    Unknown {
        /// Why.
        why: Unknown,
        /// Where the template says what cannot be resolved.
        at: Span,
    },
}

impl<'a> Field<'a> {
    /// What a value gives when it is read: `null` is absence.
    #[must_use]
    pub fn of(value: &'a Value) -> Self {
        match &value.kind {
            Kind::Unknown(why) => Self::Unknown { why: why.clone(), at: value.at },
            Kind::Null => Self::Absent { near: value.at },
            _ => Self::Is(value),
        }
    }
}

/// A field together with the resource and path it was read from, so that evidence falls out by itself.
#[derive(Clone, Debug)]
pub struct Read<'a> {
    /// The resource that was read.
    pub resource: &'a Resource,
    /// The property path, `SecurityGroupIngress.0.CidrIp`.
    pub path: String,
    /// What was found.
    pub field: Field<'a>,
}

/// The elements of a list-like property.
#[derive(Clone, Debug)]
pub enum Items<'a> {
    /// The elements; a lone scalar or mapping counts as a list of one, as CloudFormation and IAM take it.
    Are(Vec<Read<'a>>),
    /// There is no list.
    Absent,
    /// It cannot be known.
    Unknown,
}

impl<'a> Read<'a> {
    /// Pairs a field with its origin.
    #[must_use]
    pub fn new(resource: &'a Resource, path: String, field: Field<'a>) -> Self {
        Self { resource, path, field }
    }

    /// Reads further down, from where this read stands.
    #[must_use]
    pub fn get(&self, path: &str) -> Self {
        let mut field = self.field.clone();
        for key in path.split('.') {
            field = match field {
                Field::Is(value) => match (&value.kind, value.child(key)) {
                    (_, Some(child)) => Field::of(child),
                    (Kind::Ref(_) | Kind::Symbol(_), None) => {
                        Field::Unknown { why: value.why_unknown().unwrap_or(Unknown::NotCollected), at: value.at }
                    }
                    (_, None) => Field::Absent { near: value.at },
                },
                other => other,
            };
        }
        Self { resource: self.resource, path: format!("{}.{path}", self.path), field }
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        match self.field {
            Field::Is(value) => Some(value),
            _ => None,
        }
    }

    /// Text of a known scalar.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        self.value().and_then(Value::as_str)
    }

    /// Whether it is known to be absent.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.field, Field::Absent { .. })
    }

    /// Why it cannot be used as a scalar, if so.
    #[must_use]
    pub fn why_unknown(&self) -> Option<Unknown> {
        match &self.field {
            Field::Is(value) => value.why_unknown(),
            Field::Absent { .. } => None,
            Field::Unknown { why, .. } => Some(why.clone()),
        }
    }

    /// Where the template says it, or the nearest place to say it.
    #[must_use]
    pub fn at(&self) -> Span {
        match &self.field {
            Field::Is(value) => value.at,
            Field::Absent { near } => *near,
            Field::Unknown { at, .. } => *at,
        }
    }

    /// The elements.
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        match &self.field {
            Field::Absent { .. } => Items::Absent,
            Field::Unknown { .. } => Items::Unknown,
            Field::Is(value) => match &value.kind {
                Kind::List(list) => Items::Are(
                    list.iter()
                        .enumerate()
                        .filter(|(_, item)| item.kind != Kind::Null)
                        .map(|(n, item)| Self::new(self.resource, format!("{}.{n}", self.path), Field::of(item)))
                        .collect(),
                ),
                _ => Items::Are(vec![self.clone()]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};

    fn resource(world: World) -> Resource {
        let mut r = Resource::new("AWS::EC2::Volume", Address::default(), world, Span::LIVE);
        r.properties = from_json(&serde_json::json!({"Encrypted": true, "Tags": [{"Key": "a"}], "Size": null}));
        r
    }

    #[test]
    fn an_unread_property_is_unknown_in_the_open_world_and_absent_in_the_closed() {
        let open = resource(World::Open { reads: &["Encrypted", "Iops"] });
        assert!(open.get("Iops").is_absent(), "read, and nothing there");
        assert_eq!(open.get("KmsKeyId").why_unknown(), Some(Unknown::NotCollected));
        assert!(resource(World::Closed).get("KmsKeyId").is_absent());
    }

    #[test]
    fn paths_walk_mappings_and_lists_and_null_is_absence() {
        let r = resource(World::Closed);
        assert_eq!(r.get("Tags.0.Key").as_str(), Some("a"));
        assert!(r.get("Tags.1.Key").is_absent());
        assert!(r.get("Size").is_absent());
    }
}
