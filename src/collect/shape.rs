//! Parts of an answer as property values.
//!
//! What an answer leaves out is absent: `null`, and no key at all inside a mapping. So are empty texts and collections:
//! the services use them and silence for the same thing.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::model::{Entry, Kind, Map, Resource, Unknown, Value};
use crate::source::Span;

/// What the SDK writes where an answer leaves out a member that its model calls required.
const MISSING: &str = "no value was set";

/// Text; absent if empty.
pub(super) fn text(value: Option<&str>) -> Kind {
    value.filter(|text| !text.is_empty() && *text != MISSING).map_or(Kind::Null, |text| Kind::Str(text.into()))
}

/// Where the next page starts; some services end a listing with an empty text.
pub(super) fn token(next: Option<&str>) -> Option<String> {
    next.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Truth.
pub(super) fn flag(value: Option<bool>) -> Kind {
    value.map_or(Kind::Null, Kind::Bool)
}

/// A whole number.
pub(super) fn number(value: Option<impl Into<i64>>) -> Kind {
    value.map_or(Kind::Null, |n| Kind::Int(n.into()))
}

/// A whole number that the schema writes as text.
pub(super) fn number_text(value: Option<impl Into<i64>>) -> Kind {
    value.map_or(Kind::Null, |n| Kind::Str(n.into().to_string().into()))
}

/// A point in time, RFC 3339 in UTC.
pub(super) fn time(value: Option<&DateTime>) -> Kind {
    text(value.and_then(|time| time.fmt(Format::DateTime).ok()).as_deref())
}

/// A list in the order given; absent if empty.
pub(super) fn list(items: impl IntoIterator<Item = Kind>) -> Kind {
    let items: Vec<Value> = items.into_iter().map(Value::live).collect();
    if items.is_empty() { Kind::Null } else { Kind::List(items) }
}

/// A set of texts, sorted so that the order in which a service happens to list them does not show.
pub(super) fn set<'a>(items: impl IntoIterator<Item = &'a str>) -> Kind {
    let mut items: Vec<&str> = items.into_iter().collect();
    items.sort_unstable();
    list(items.into_iter().map(|item| Kind::Str(item.into())))
}

/// A mapping without its absent members; absent if nothing is left.
pub(super) fn map<'a>(members: impl IntoIterator<Item = (&'a str, Kind)>) -> Kind {
    let members: Map = members
        .into_iter()
        .filter(|(_, kind)| *kind != Kind::Null)
        .map(|(key, kind)| (key.into(), Entry { key_at: Span::LIVE, value: Value::live(kind) }))
        .collect();
    if members.is_empty() { Kind::Null } else { Kind::Map(members) }
}

/// Tags as a list of `Key` and `Value`, sorted by key. A tag's value may be empty text.
pub(super) fn tags<'a>(pairs: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Kind {
    let mut pairs: Vec<(&str, &str)> =
        pairs.into_iter().filter_map(|(key, value)| Some((key?, value.unwrap_or_default()))).collect();
    pairs.sort_unstable();
    list(
        pairs.into_iter().map(|(key, value)| map([("Key", Kind::Str(key.into())), ("Value", Kind::Str(value.into()))])),
    )
}

/// Sets `Tags` to the user's tags, and keeps those that AWS itself put (`aws:cloudformation:stack-id`, …) as facts under
/// their own keys.
pub(super) fn set_tags<'a>(
    resource: &mut Resource,
    pairs: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
) {
    let (aws, own): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(key, _)| key.is_some_and(|key| key.starts_with("aws:")));
    resource.set("Tags", tags(own));
    for (key, value) in aws {
        resource.set_attribute(key.unwrap_or_default(), text(value));
    }
}

/// Leaves properties unknown, all for the same reason.
pub(super) fn set_unknown(
    resource: &mut Resource,
    properties: impl IntoIterator<Item = impl AsRef<str>>,
    why: &Unknown,
) {
    for property in properties {
        resource.set(property.as_ref(), Kind::Unknown(why.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, to_json};
    use serde_json::json;

    #[test]
    fn what_an_answer_leaves_out_is_absent_not_empty() {
        assert_eq!(text(Some("")), Kind::Null);
        assert_eq!(set([]), Kind::Null);
        assert_eq!(map([("A", Kind::Null)]), Kind::Null);
        assert_eq!(tags([]), Kind::Null);
    }

    #[test]
    fn sets_and_tags_are_sorted_and_an_empty_tag_value_stays() {
        assert_eq!(to_json(&Value::live(set(["b", "a"]))), json!(["a", "b"]));
        let tags = tags([(Some("b"), Some("2")), (Some("a"), Some("")), (None, Some("lost"))]);
        assert_eq!(to_json(&Value::live(tags)), json!([{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}]));
    }

    #[test]
    fn tags_that_aws_put_are_facts() {
        let mut r = Resource::new("T", Address::default(), World::Open { reads: &["Tags"] }, Span::LIVE);
        set_tags(&mut r, [(Some("aws:cloudformation:stack-name"), Some("web"))]);
        assert!(r.get("Tags").is_absent());
        assert_eq!(r.attribute("aws:cloudformation:stack-name").as_str(), Some("web"));
    }
}
