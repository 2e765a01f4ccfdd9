//! EC2's answers as properties and facts. What AWS does not answer is left out.

use aws_sdk_ec2::types::Tag;

use crate::collect::shape;
use crate::model::{Entry, Kind, Map, Resource, Unknown, Value};
use crate::source::Span;

/// Something that an answer may say.
pub(super) trait Said {
    /// The value, or `None` if the answer does not say it.
    fn said(self) -> Option<Kind>;
}

/// An empty element of EC2's XML says nothing: a volume that was made from no snapshot has an empty `snapshotId`.
impl Said for &str {
    fn said(self) -> Option<Kind> {
        (!self.is_empty()).then(|| Kind::Str(self.into()))
    }
}

impl Said for bool {
    fn said(self) -> Option<Kind> {
        Some(Kind::Bool(self))
    }
}

impl Said for i32 {
    fn said(self) -> Option<Kind> {
        Some(Kind::Int(self.into()))
    }
}

impl Said for i64 {
    fn said(self) -> Option<Kind> {
        Some(Kind::Int(self))
    }
}

impl Said for Kind {
    fn said(self) -> Option<Kind> {
        (self != Self::Null).then_some(self)
    }
}

impl Said for Shape {
    fn said(self) -> Option<Kind> {
        (!self.0.is_empty()).then_some(Kind::Map(self.0))
    }
}

impl<T: Said> Said for Option<T> {
    fn said(self) -> Option<Kind> {
        self.and_then(Said::said)
    }
}

/// A mapping in the making.
#[derive(Default)]
pub(super) struct Shape(Map);

impl Shape {
    /// Adds a member, if the answer says it.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Said) -> Self {
        if let Some(kind) = value.said() {
            self.0.insert(name.into(), Entry { key_at: Span::LIVE, value: Value::live(kind) });
        }
        self
    }

    /// The mapping, also where it is empty: an element of a list must not vanish.
    pub(super) fn into_kind(self) -> Kind {
        Kind::Map(self.0)
    }
}

/// Setting what an answer says.
pub(super) trait Fill {
    /// Sets a property of the schema.
    fn property(&mut self, name: &str, value: impl Said);
    /// Sets a read-only fact.
    fn fact(&mut self, name: &str, value: impl Said);
}

impl Fill for Resource {
    fn property(&mut self, name: &str, value: impl Said) {
        if let Some(kind) = value.said() {
            self.set(name, kind);
        }
    }

    fn fact(&mut self, name: &str, value: impl Said) {
        if let Some(kind) = value.said() {
            self.set_attribute(name, kind);
        }
    }
}

/// Something that the answer says but nobody converts: unknown rather than absent.
pub(super) fn unread<T>(value: Option<T>) -> Option<Kind> {
    value.map(|_| Kind::Unknown(Unknown::NotCollected))
}

/// The same for a list of the answer.
pub(super) fn unread_list<T>(items: &[T]) -> Option<Kind> {
    unread(items.first())
}

/// The user's tags as the schema has them. Names that begin with `aws:` are not the user's.
pub(super) fn tag_list(tags: &[Tag]) -> Kind {
    let own = tags.iter().filter(|tag| !tag.key().unwrap_or_default().starts_with("aws:"));
    shape::tags(own.map(|tag| (tag.key(), tag.value())))
}

/// Sets `Tags`, and keeps the tags that AWS itself put (`aws:cloudformation:stack-id`, …) as facts under their own keys.
pub(super) fn tags(resource: &mut Resource, tags: &[Tag]) {
    resource.property("Tags", tag_list(tags));
    for tag in tags {
        if let Some(key) = tag.key().filter(|key| key.starts_with("aws:")) {
            resource.fact(key, tag.value());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, to_json};

    #[test]
    fn tags_of_the_user_are_a_sorted_property_and_tags_of_aws_are_facts() {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let mut r = Resource::new("AWS::EC2::VPC", Address::default(), World::Open { reads: &["Tags"] }, Span::LIVE);
        tags(&mut r, &[tag("b", ""), tag("aws:cloudformation:stack-id", "arn:s"), tag("a", "1")]);
        let expected = serde_json::json!({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]});
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("aws:cloudformation:stack-id").as_str(), Some("arn:s"));
    }

    #[test]
    fn an_empty_text_says_nothing() {
        let shape = Shape::default().with("SnapshotId", "").with("Size", 8).with("Iops", None::<i32>);
        assert_eq!(to_json(&Value::live(shape.into_kind())), serde_json::json!({"Size": 8}));
    }
}
