//! What verdicts on lists and on missing things rest on.

use crate::model::{Field, Items, Read, Resource};
use crate::rules::{Verdict, check};

/// What stands for a missing thing in the evidence on a place: the type, or the property, that should be there.
pub(in crate::rules) fn missing<'a>(place: &'a Resource, what: &str) -> Read<'a> {
    Read::new(place, what.to_owned(), Field::Absent { near: place.at })
}

/// A list holds something, whatever it is.
pub(in crate::rules) fn holds(list: &Read<'_>, expected: &str) -> Verdict {
    match list.items() {
        Items::Unknown => check::unknown(list, expected),
        Items::Are(items) if !items.is_empty() => Verdict::Pass,
        Items::Are(_) | Items::Absent => check::fail(list, expected),
    }
}

/// Each piece of evidence once: many resources that lack the same thing are one fact.
pub(in crate::rules) fn once(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fail(mut list) => {
            list.sort();
            list.dedup();
            Verdict::Fail(list)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn a_list_holds_something_unless_it_is_empty_or_absent() {
        let mut r = Resource::new("T", Address::default(), World::Open { reads: &["Absent"] }, Span::LIVE);
        r.properties = from_json(&json!({"Full": [1], "Lone": "x", "Empty": []}));
        let word = |name: &str| holds(&r.get(name), "something").word();
        assert_eq!(
            ["Full", "Lone", "Empty", "Absent", "Unread"].map(word),
            ["pass", "pass", "fail", "fail", "unknown"]
        );
    }

    #[test]
    fn the_same_fact_is_told_once() {
        let r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        let fault = || check::fail(&missing(&r, "AWS::SNS::Topic"), "a topic");
        assert_eq!(once(fault().and(fault())).evidence().len(), 1);
    }
}
