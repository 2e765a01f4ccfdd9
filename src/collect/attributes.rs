//! Settings that a service answers as a mapping of texts, under the names of the properties that they are.

use std::collections::HashMap;

use super::{Answer, json};
use crate::model::{Kind, Resource};

/// The answer: attribute → text.
pub(super) type Attributes = HashMap<String, String>;

/// An attribute that has the name of its property, and what its text means.
pub(super) type Attribute = (&'static str, fn(&str) -> Kind);

/// Sets the properties that attributes tell: absent where the answer leaves one out or gives it an empty text.
pub(super) fn set(r: &mut Resource, attributes: &[Attribute], answer: &Answer<Attributes>) {
    for (name, read) in attributes {
        let kind = match answer {
            Answer::Is(told) => told.get(*name).filter(|text| !text.is_empty()).map_or(Kind::Null, |text| read(text)),
            Answer::Absent => Kind::Null,
            Answer::Unknown(why) => Kind::Unknown(why.clone()),
        };
        r.set(name, kind);
    }
}

/// Text as it is.
pub(super) fn plain(text: &str) -> Kind {
    Kind::Str(text.into())
}

/// `true` or `false`, in any case.
pub(super) fn flag(text: &str) -> Kind {
    text.to_ascii_lowercase().parse().map_or_else(|_| plain(text), Kind::Bool)
}

/// A whole number.
pub(super) fn number(text: &str) -> Kind {
    text.parse().map_or_else(|_| plain(text), Kind::Int)
}

/// A JSON document.
pub(super) fn document(text: &str) -> Kind {
    json::document(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Unknown, World, to_json};
    use crate::source::Span;
    use serde_json::json;

    const ALL: &[Attribute] = &[("Delay", number), ("Fifo", flag), ("Key", plain), ("Policy", document)];

    fn read(answer: &Answer<Attributes>) -> Resource {
        let mut r = Resource::new("T", Address::default(), World::Open { reads: &["Delay"] }, Span::LIVE);
        set(&mut r, ALL, answer);
        r
    }

    #[test]
    fn texts_become_what_they_mean_and_what_is_no_number_stays_text() {
        let told = |pairs: &[(&str, &str)]| Answer::Is(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        let r = read(&told(&[("Delay", "5"), ("Fifo", "True"), ("Key", ""), ("Policy", r#"{"Version": "1"}"#)]));
        let expected = json!({"Delay": 5, "Fifo": true, "Key": null, "Policy": {"Version": "1"}});
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(read(&told(&[("Delay", "soon")])).get("Delay").as_str(), Some("soon"));
    }

    #[test]
    fn an_answer_that_did_not_come_leaves_every_property_unknown() {
        let r = read(&Answer::Unknown(Unknown::NotCollected));
        assert!(ALL.iter().all(|(name, _)| r.get(name).why_unknown() == Some(Unknown::NotCollected)));
    }
}
