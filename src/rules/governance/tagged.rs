//! The tags of a resource, whatever their shape.

use crate::model::{Field, Items, Kind, Read, Resource, Unknown, Value};
use crate::rules::Verdict;

use super::table::tags_of;

/// The tags of a resource as far as they can be read.
pub(super) struct Tags<'a> {
    /// The property that holds them.
    pub read: Read<'a>,
    /// Key, value, and the tag as a whole where it has more to say. Tags that AWS sets (`aws:…`) are left out.
    pub list: Vec<Tag<'a>>,
    /// Why there may be more.
    pub incomplete: Option<Unknown>,
}

/// One tag.
#[derive(Clone)]
pub(super) struct Tag<'a> {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Read<'a>,
    /// The whole tag.
    pub whole: Read<'a>,
    /// Whether it comes from the stack.
    pub of_stack: bool,
}

impl Tag<'_> {
    /// Judges whether the tag reaches the instances of a group.
    pub(super) fn propagates(&self) -> Verdict {
        crate::rules::check::is_true(&self.whole.get("PropagateAtLaunch"))
    }
}

impl<'a> Tags<'a> {
    /// The tags of a resource; `None` if its type takes none.
    pub(super) fn of(r: &'a Resource) -> Option<Self> {
        Some(Self::read(&r.get(tags_of(&r.kind)?)))
    }

    /// The tags in a property: a list of `Key` and `Value`, or a mapping.
    pub(super) fn read(read: &Read<'a>) -> Self {
        let mut tags = Self { incomplete: read.why_unknown(), list: Vec::new(), read: read.clone() };
        let lone = !read.get("Key").is_absent() && !read.get("Value").is_absent();
        match read.value().map(|value| &value.kind) {
            Some(Kind::Map(map)) if !lone => {
                for (key, entry) in map {
                    let value = Read::new(read.resource, format!("{}.{key}", read.path), Field::of(&entry.value));
                    tags.push(key, value.clone(), value);
                }
            }
            _ => {
                if let Items::Are(items) = read.items() {
                    for item in &items {
                        tags.item(item);
                    }
                }
            }
        }
        tags
    }

    fn item(&mut self, item: &Read<'a>) {
        let key = ["Key", "TagKey", "key"].iter().map(|name| item.get(name)).find(|key| !key.is_absent());
        let value = ["Value", "TagValue", "value"].iter().map(|name| item.get(name)).find(|value| !value.is_absent());
        let Some(key) = key else { return };
        match key.as_str() {
            Some(text) => self.push(text, value.unwrap_or_else(|| item.get("Value")), item.clone()),
            None => self.incomplete = self.incomplete.take().or_else(|| key.why_unknown()),
        }
    }

    fn push(&mut self, key: &str, value: Read<'a>, whole: Read<'a>) {
        if !key.starts_with("aws:") {
            self.list.push(Tag { key: key.to_owned(), value, whole, of_stack: false });
        }
    }

    /// Adds the tags of the stack, but for those that the resource has itself.
    pub(super) fn inherit(&mut self, stack: &Self) {
        for tag in &stack.list {
            if self.get(&tag.key).is_none() {
                self.list.push(Tag { of_stack: true, ..tag.clone() });
            }
        }
    }

    /// The tag of a key, spelled exactly so.
    pub(super) fn get(&self, key: &str) -> Option<&Tag<'a>> {
        self.list.iter().find(|tag| tag.key == key)
    }
}

/// A value of the template's text that cannot be empty, whatever its parameters are.
pub(super) fn never_empty(value: &Value) -> bool {
    if let Some(text) = value.as_str() {
        return !text.trim().is_empty();
    }
    if let Some(sub) = value.child("Fn::Sub") {
        let text = sub.as_str().or_else(|| sub.child("0").and_then(Value::as_str)).unwrap_or_default();
        return text.split("${").enumerate().any(|(n, part)| {
            let (name, rest) = if n == 0 { ("", part) } else { part.split_once('}').unwrap_or((part, "")) };
            name.starts_with("AWS::") || !rest.trim().is_empty()
        });
    }
    if let Some(parts) = value.child("Fn::Join").and_then(|join| join.child("1")).and_then(Value::as_list) {
        return parts.iter().any(never_empty);
    }
    if let Some(branches) = value.child("Fn::If").and_then(Value::as_list) {
        return branches.iter().skip(1).all(never_empty);
    }
    let name = value.child("Ref").and_then(Value::as_str);
    name.is_some_and(|name| name.starts_with("AWS::") && name != "AWS::NoValue")
}

/// The value of a tag as the template writes it.
pub(super) fn written<'a>(r: &'a Resource, property: &str, key: &str) -> Option<&'a Value> {
    let tags = r.raw.as_deref()?.child(property)?;
    match tags.as_list() {
        Some(list) => list.iter().find(|tag| tag.child("Key").and_then(Value::as_str) == Some(key))?.child("Value"),
        None => tags.child(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn tags_are_read_in_every_shape() {
        for tags in [
            json!([{"Key": "Owner", "Value": "shop"}, {"Key": "aws:cloudformation:stack-name", "Value": "x"}]),
            json!({"Owner": "shop", "aws:x": "y"}),
            json!({"Key": "Owner", "Value": "shop"}),
        ] {
            let mut r = Resource::new("AWS::EC2::VPC", Address::default(), World::Closed, Span::LIVE);
            r.properties = from_json(&json!({"Tags": tags}));
            let tags = Tags::of(&r).unwrap();
            let found: Vec<_> = tags.list.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
            assert_eq!(found, [("Owner", Some("shop"))]);
        }
    }

    #[test]
    fn a_text_with_something_in_it_is_never_empty() {
        for (value, expected) in [
            (json!("web"), true),
            (json!(""), false),
            (json!({"Fn::Sub": "${Environment}-web"}), true),
            (json!({"Fn::Sub": "${Environment}"}), false),
            (json!({"Fn::Sub": "${AWS::StackName}"}), true),
            (json!({"Fn::Join": ["-", [{"Ref": "A"}, "web"]]}), true),
            (json!({"Ref": "AWS::StackName"}), true),
            (json!({"Ref": "AWS::NoValue"}), false),
            (json!({"Fn::If": ["X", "a", {"Ref": "B"}]}), false),
        ] {
            assert_eq!(never_empty(&from_json(&value)), expected, "{value}");
        }
    }
}
