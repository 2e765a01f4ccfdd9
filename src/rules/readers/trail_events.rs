//! What `CloudTrail` trails record: basic and advanced event selectors.

use super::sketch::sketch;
use crate::model::{Items, Read, Resource, Value};
use crate::rules::check::{self, allow_absent, require};
use crate::rules::verdict::Verdict;

/// Whether a trail records every management event, read and write. A trail without selectors does.
pub(in crate::rules) fn all_management_events(trail: &Resource, accept_default: bool) -> Verdict {
    let expected = "a selector of all management events";
    let (basic, advanced) = (trail.get("EventSelectors"), trail.get("AdvancedEventSelectors"));
    if basic.is_absent() && advanced.is_absent() {
        return if accept_default { Verdict::Pass } else { check::fail(&basic, expected) };
    }
    any(&basic, expected, |selector| {
        let sources = selector.get("ExcludeManagementEventSources");
        allow_absent(&selector.get("IncludeManagementEvents"), "true", Value::as_bool)
            .and(reads_and_writes(selector))
            .and(allow_absent(&sources, "no excluded sources", |v| Some(v.as_list().is_some_and(<[_]>::is_empty))))
    })
    .or(|| {
        any(&advanced, expected, |selector| {
            is(selector, "eventCategory", "Management").and(only(selector, &["eventCategory"]))
        })
    })
}

/// Whether a trail records every read and write of the data of a type of resource; of these buckets alone if there are any.
pub(in crate::rules) fn data_events(trail: &Resource, kind: &str, buckets: &[String]) -> Verdict {
    let expected = format!("a selector of all data events of {kind}");
    let basic = any(&trail.get("EventSelectors"), &expected, |selector| {
        let resources = any(&selector.get("DataResources"), &expected, |resource| {
            let of_kind = require(&resource.get("Type"), kind, |v| v.text().map(|t| *t == *kind));
            of_kind.and(values(&resource.get("Values"), buckets, &expected))
        });
        reads_and_writes(selector).and(resources)
    });
    basic.or(|| {
        any(&trail.get("AdvancedEventSelectors"), &expected, |selector| {
            let scoped = if buckets.is_empty() { Verdict::Pass } else { arns(selector, buckets, &expected) };
            let fields: &[&str] = if buckets.is_empty() {
                &["eventCategory", "resources.type"]
            } else {
                &["eventCategory", "resources.type", "resources.ARN"]
            };
            is(selector, "eventCategory", "Data")
                .and(is(selector, "resources.type", kind))
                .and(only(selector, fields))
                .and(scoped)
        })
    })
}

/// One element satisfies `test`; fails if there is none. What the others lack is no evidence.
fn any<'a>(list: &Read<'a>, expected: &str, test: impl Fn(&Read<'a>) -> Verdict) -> Verdict {
    match list.items() {
        Items::Absent => check::fail(list, expected),
        Items::Unknown => check::unknown(list, expected),
        Items::Are(items) => {
            let judge = |item: &Read<'a>| {
                if item.why_unknown().is_some() { check::unknown(item, expected) } else { test(item) }
            };
            match Verdict::any(items.iter().map(judge), || check::fail(list, expected)) {
                Verdict::Fail(_) => check::fail(list, expected),
                decided => decided,
            }
        }
    }
}

fn reads_and_writes(selector: &Read<'_>) -> Verdict {
    allow_absent(&selector.get("ReadWriteType"), "All", |v| v.text().map(|kind| &*kind == "All"))
}

/// The values of a basic selector name everything of the service, or every one of these buckets.
fn values(list: &Read<'_>, buckets: &[String], expected: &str) -> Verdict {
    let names = |test: &dyn Fn(&str) -> bool| {
        any(list, expected, |value| match sketch(value) {
            Some(text) if test(&text) => Verdict::Pass,
            Some(_) => check::fail(value, expected),
            None => check::unknown(value, expected),
        })
    };
    // `arn:aws:s3`, with or without the empty parts behind it.
    let everything =
        || names(&|text| text.starts_with("arn:") && text.split(':').filter(|part| !part.is_empty()).count() <= 3);
    if buckets.is_empty() {
        return everything();
    }
    let each = buckets.iter().map(|bucket| names(&|text| whole_bucket(text, bucket)));
    Verdict::all(each.collect::<Vec<_>>()).or(everything)
}

/// An ARN that begins every object's of a bucket.
fn whole_bucket(text: &str, bucket: &str) -> bool {
    let named = text.split_once(":::").map_or(text, |(_, named)| named);
    named.trim_end_matches('/') == bucket
}

/// The fields of an advanced selector of this name.
fn fields<'a>(selector: &Read<'a>, name: &str) -> Vec<Read<'a>> {
    match selector.get("FieldSelectors").items() {
        Items::Are(items) => items.into_iter().filter(|field| field.get("Field").as_str() == Some(name)).collect(),
        Items::Absent | Items::Unknown => Vec::new(),
    }
}

/// A field must equal a value, alone or among others.
fn is(selector: &Read<'_>, name: &str, value: &str) -> Verdict {
    let expected = format!("{name} {value}");
    let list = selector.get("FieldSelectors");
    if list.why_unknown().is_some() {
        return check::unknown(&list, &expected);
    }
    let found = fields(selector, name).into_iter().map(|field| {
        any(&field.get("Equals"), &expected, |v| require(v, value, |v| v.text().map(|text| *text == *value)))
    });
    Verdict::any(found, || check::fail(&list, &expected))
}

/// No other field narrows the selector.
fn only(selector: &Read<'_>, names: &[&str]) -> Verdict {
    check::each(&selector.get("FieldSelectors"), "no field that narrows it", |field| {
        check::one_of(&field.get("Field"), names)
    })
}

/// Without a field for ARNs all are meant; with one it must begin with each bucket's.
fn arns(selector: &Read<'_>, buckets: &[String], expected: &str) -> Verdict {
    let found = fields(selector, "resources.ARN");
    Verdict::all(found.iter().map(|field| values(&field.get("StartsWith"), buckets, expected)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn trail(properties: &Json) -> Resource {
        let mut r = Resource::new("AWS::CloudTrail::Trail", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    #[test]
    fn management_events_are_all_recorded_unless_a_selector_says_less() {
        let fields = |fields: Json| json!({"AdvancedEventSelectors": [{"FieldSelectors": fields}]});
        let management = json!({"Field": "eventCategory", "Equals": ["Management"]});
        for (properties, expected) in [
            (json!({}), "pass"),
            (json!({"EventSelectors": [{"IncludeManagementEvents": true, "ReadWriteType": "All"}]}), "pass"),
            (json!({"EventSelectors": [{}]}), "pass"),
            (json!({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}), "fail"),
            (json!({"EventSelectors": [{"IncludeManagementEvents": "false"}]}), "fail"),
            (json!({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}), "fail"),
            (fields(json!([management])), "pass"),
            (fields(json!([management, {"Field": "readOnly", "Equals": ["false"]}])), "fail"),
            (fields(json!([{"Field": "eventCategory", "Equals": ["Data"]}])), "fail"),
        ] {
            assert_eq!(all_management_events(&trail(&properties), true).word(), expected, "{properties}");
        }
        assert_eq!(all_management_events(&trail(&json!({})), false).word(), "fail");
    }

    #[test]
    fn data_events_are_recorded_where_a_selector_says_so() {
        let kind = "AWS::S3::Object";
        let basic = |values: Json| json!({"EventSelectors": [{"DataResources": [{"Type": kind, "Values": values}]}]});
        let category = json!({"Field": "eventCategory", "Equals": ["Data"]});
        let of_kind = json!({"Field": "resources.type", "Equals": [kind]});
        let advanced = |fields: Json| json!({"AdvancedEventSelectors": [{"FieldSelectors": fields}]});
        let starts = json!({"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::cards/"]});
        let cards = ["cards".to_owned()];
        for (properties, buckets, expected) in [
            (json!({}), &[][..], "fail"),
            (basic(json!(["arn:aws:s3"])), &[], "pass"),
            (basic(json!(["arn:aws:s3:::"])), &[], "pass"),
            (basic(json!(["arn:aws:s3:::cards/"])), &[], "fail"),
            (basic(json!(["arn:aws:s3:::cards/"])), &cards, "pass"),
            (basic(json!(["arn:aws:s3:::other/"])), &cards, "fail"),
            (advanced(json!([category, of_kind])), &[], "pass"),
            (advanced(json!([category, of_kind])), &cards, "pass"),
            (advanced(json!([category, of_kind, starts])), &cards, "pass"),
            (advanced(json!([category, of_kind, starts])), &[], "fail"),
            (advanced(json!([category, of_kind, {"Field": "readOnly", "Equals": ["true"]}])), &[], "fail"),
        ] {
            assert_eq!(data_events(&trail(&properties), kind, buckets).word(), expected, "{properties}");
        }
    }
}
