//! JSON answers as property values, for services whose answers have the shape of the CloudFormation schema but for names.
//!
//! As in [`super::shape`], what is missing, `null` or an empty text or collection is absent.

use serde_json::Value as Json;

use super::shape::{list, map};
use crate::model::{Kind, from_json};

/// The value as it is, what is empty in it left out.
pub(super) fn kind(json: &Json) -> Kind {
    shaped(json, &str::to_owned)
}

/// The value with every key, at every depth, written as in CloudFormation: `logGroupName` → `LogGroupName`. Not for mappings whose
/// keys are data (tags, environment variables): see [`kind`].
pub(super) fn upper(json: &Json) -> Kind {
    shaped(json, &capitalised)
}

/// Members of an object under their CloudFormation names: (path in the answer, property). A path goes into objects with dots.
pub(super) fn pick<'a>(json: &'a Json, members: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (&'a str, Kind)> {
    members.iter().map(|(path, property)| (*property, kind(at(json, path))))
}

/// A mapping whose keys are data (environment variables, stage variables, templates): every value as it is, an empty text too, sorted by key.
/// Absent if empty.
pub(super) fn data(json: &Json) -> Kind {
    let mut members: Vec<(&str, Kind)> =
        json.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), from_json(value).kind)).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    map(members)
}

/// A set, sorted so that the order in which a service happens to list it does not show.
pub(super) fn set(json: &Json) -> Kind {
    let mut items: Vec<&Json> = json.as_array().into_iter().flatten().collect();
    items.sort_by_cached_key(std::string::ToString::to_string);
    list(items.into_iter().map(kind))
}

/// What stands at a dotted path; `null` if nothing does.
pub(super) fn at<'a>(json: &'a Json, path: &str) -> &'a Json {
    path.split('.').try_fold(json, |json, part| json.get(part)).unwrap_or(&Json::Null)
}

/// A text at a dotted path; empty if there is none.
pub(super) fn text<'a>(json: &'a Json, path: &str) -> &'a str {
    at(json, path).as_str().unwrap_or_default()
}

/// The elements at a dotted path; none if there is no list.
pub(super) fn items<'a>(json: &'a Json, path: &str) -> &'a [Json] {
    at(json, path).as_array().map_or(&[], Vec::as_slice)
}

/// A document that is written as JSON in a text (a policy, a pattern): the document, or the text if it is none.
pub(super) fn document(text: Option<&str>) -> Kind {
    match text.filter(|text| !text.is_empty()) {
        None => Kind::Null,
        Some(text) => serde_json::from_str(text).map_or_else(|_| Kind::Str(text.into()), |json| from_json(&json).kind),
    }
}

fn shaped(json: &Json, name: &impl Fn(&str) -> String) -> Kind {
    match json {
        Json::String(text) if text.is_empty() => Kind::Null,
        Json::Array(items) => list(items.iter().map(|item| shaped(item, name))),
        Json::Object(members) => {
            let members: Vec<(String, Kind)> = members.iter().map(|(k, v)| (name(k), shaped(v, name))).collect();
            map(members.iter().map(|(k, v)| (k.as_str(), v.clone())))
        }
        scalar => from_json(scalar).kind,
    }
}

/// The word with a capital first letter.
pub(super) fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use serde_json::json;

    #[test]
    fn names_are_written_as_in_the_schema_and_what_is_empty_is_absent() {
        let answer = json!({"logGroupName": "a", "nested": {"kmsKeyId": "", "list": [{"one": 1}]}, "none": null});
        let shaped = to_json(&Value::live(upper(&answer)));
        assert_eq!(shaped, json!({"LogGroupName": "a", "Nested": {"List": [{"One": 1}]}}));
        let picked: Vec<_> = pick(&answer, &[("nested.list", "Items"), ("missing", "Missing")]).collect();
        assert_eq!(picked[1], ("Missing", Kind::Null));
        assert_eq!(to_json(&Value::live(picked[0].1.clone())), json!([{"one": 1}]));
    }

    #[test]
    fn data_keeps_an_empty_value_and_sets_are_sorted() {
        let answer = json!({"variables": {"B": "", "A": "1"}, "set": [{"Pattern": "b"}, {"Pattern": "a"}]});
        assert_eq!(Value::live(data(&answer["variables"])).to_string(), r#"{"A":"1","B":""}"#);
        assert_eq!(to_json(&Value::live(set(&answer["set"]))), json!([{"Pattern": "a"}, {"Pattern": "b"}]));
        assert_eq!((data(&json!({})), set(&Json::Null)), (Kind::Null, Kind::Null));
    }

    #[test]
    fn a_document_is_parsed_and_other_text_stays_text() {
        assert_eq!(
            to_json(&Value::live(document(Some(r#"{"Version": "2012-10-17"}"#)))),
            json!({"Version": "2012-10-17"})
        );
        assert_eq!(document(Some("plain")), Kind::Str("plain".into()));
        assert_eq!(document(Some("")), Kind::Null);
    }
}
