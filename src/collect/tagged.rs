//! What [`super::Cx::tags_of`] told of one resource, as its `Tags`.

use std::collections::HashMap;

use super::Answer;
use super::shape::{map, set_tags, text};
use super::tags::Tags;
use crate::model::{Kind, Resource, Unknown};

/// What was told of all resources of a type, by ARN.
pub(super) type Told = HashMap<String, Answer<Tags>>;

/// Takes out what was told of one; nobody was asked about the rest.
pub(super) fn take(told: &mut Told, arn: &str) -> Answer<Tags> {
    told.remove(arn).unwrap_or(Answer::Unknown(Unknown::NotCollected))
}

/// From ARN to physical id, for services that list the tags of one by its id.
pub(super) fn ids(resources: &[(String, String)]) -> impl Fn(&str) -> String {
    let ids: HashMap<String, String> = resources.iter().map(|(id, arn)| (arn.clone(), id.clone())).collect();
    move |arn| ids.get(arn).cloned().unwrap_or_default()
}

/// Sets `Tags`, a list of `Key` and `Value`, to what was told of the resource; nothing is told of what nobody asked about.
pub(super) fn set(r: &mut Resource, told: Option<&Answer<Tags>>) {
    match told {
        Some(Answer::Is(tags)) => {
            set_tags(r, tags.iter().map(|(key, value)| (Some(key.as_str()), Some(value.as_str()))));
        }
        Some(Answer::Absent) => r.set("Tags", Kind::Null),
        Some(Answer::Unknown(why)) => r.set("Tags", Kind::Unknown(why.clone())),
        None => r.set("Tags", Kind::Unknown(Unknown::NotCollected)),
    }
}

/// The resource with what was told of its ARN, as in [`set`].
pub(super) fn of(mut resource: Resource, told: &Told) -> Resource {
    let arn = resource.address.arn.clone().unwrap_or_default();
    set(&mut resource, told.get(&*arn));
    resource
}

/// Sets `Tags`, a mapping. Those that AWS itself put are facts, as in [`set_tags`].
pub(super) fn as_map(r: &mut Resource, tags: Answer<Tags>) {
    let tags = tags.map(|mut tags| {
        tags.sort();
        tags.into_iter().partition::<Tags, _>(|(key, _)| key.starts_with("aws:"))
    });
    if let Answer::Is((aws, _)) = &tags {
        for (key, value) in aws {
            r.set_attribute(key, text(Some(value)));
        }
    }
    // Not `text`: the value of a tag may be empty.
    let own = |(_, own): (Tags, Tags)| map(own.iter().map(|(k, v)| (k.as_str(), Kind::Str(v.as_str().into()))));
    r.set("Tags", tags.into_kind(own));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, to_json};
    use crate::source::Span;
    use serde_json::json;

    fn read(set: fn(&mut Resource, Answer<Tags>), tags: Answer<Tags>) -> Resource {
        let mut r = Resource::new("T", Address::default(), World::Open { reads: &["Tags"] }, Span::LIVE);
        set(&mut r, tags);
        r
    }

    fn told() -> Answer<Tags> {
        let pairs = [("b", ""), ("a", "1"), ("aws:cloudformation:stack-name", "web")];
        Answer::Is(pairs.map(|(key, value)| (key.into(), value.into())).to_vec())
    }

    const AS_LIST: fn(&mut Resource, Answer<Tags>) = |r, tags| set(r, Some(&tags));

    #[test]
    fn tags_are_sorted_in_both_shapes_and_those_of_aws_are_facts() {
        let list = read(AS_LIST, told());
        assert_eq!(to_json(&list.properties)["Tags"], json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]));
        let map = read(as_map, told());
        assert_eq!(to_json(&map.properties)["Tags"].to_string(), r#"{"a":"1","b":""}"#);
        for r in [list, map] {
            assert_eq!(r.attribute("aws:cloudformation:stack-name").as_str(), Some("web"));
        }
    }

    #[test]
    fn what_nobody_was_asked_about_is_unknown_and_what_has_no_tags_has_none() {
        let mut nothing = Told::default();
        for set in [AS_LIST, as_map] {
            assert_eq!(read(set, take(&mut nothing, "arn")).get("Tags").why_unknown(), Some(Unknown::NotCollected));
            assert!(read(set, Answer::Absent).get("Tags").is_absent());
            assert!(read(set, Answer::Is(Tags::new())).get("Tags").is_absent());
        }
    }

    #[test]
    fn tags_that_nobody_asked_for_are_unknown_and_no_tags_are_absent() {
        let tagged = |answer: Option<Answer<Tags>>| {
            let address = Address { arn: Some("arn:1".into()), ..Address::default() };
            let r = Resource::new("T", address, World::Open { reads: &["Tags"] }, Span::LIVE);
            of(r, &answer.into_iter().map(|answer| ("arn:1".to_owned(), answer)).collect())
        };
        assert_eq!(tagged(None).get("Tags").why_unknown(), Some(Unknown::NotCollected));
        assert!(tagged(Some(Answer::Absent)).get("Tags").is_absent());
        let is = Answer::Is(vec![("team".into(), "net".into())]);
        assert_eq!(tagged(Some(is)).tag("team").as_deref(), Some("net"));
        let denied = Unknown::Denied { action: "a:B".into() };
        assert_eq!(tagged(Some(Answer::Unknown(denied.clone()))).get("Tags").why_unknown(), Some(denied));
    }
}
