//! JSON documents that a property holds as a mapping, as text, or as text that a function puts together.

use serde_json::Value as Json;

use super::policy::principal::written;
use crate::model::{Field, Kind, Read, Reference, Unknown, Value};

/// A document. A reference to a resource of the template stands in it as `${LogicalId}` or `${LogicalId.Attribute}`.
#[derive(Debug)]
pub(in crate::rules) struct Document {
    /// What it says; `null` where it cannot be read.
    pub json: Json,
    /// Why a part of it, or all of it, cannot be read.
    pub open: Option<Unknown>,
}

impl Document {
    /// The document of a property. Text that holds what only AWS knows (`Fn::Sub` with an ARN) is read as it is written.
    pub(in crate::rules) fn of(read: &Read<'_>) -> Self {
        let mut open = None;
        let json = match &read.field {
            Field::Absent { .. } => Json::Null,
            Field::Is(Value { kind: Kind::Str(text), .. }) => parsed(text, &mut open),
            Field::Is(value) if value.why_unknown().is_none() => plain(value, &mut open),
            _ => {
                let text = written(read).and_then(rendered);
                match text.as_deref().map(serde_json::from_str::<Json>) {
                    Some(Ok(json)) if json.is_object() || json.is_array() => json,
                    _ => {
                        open = read.why_unknown();
                        Json::Null
                    }
                }
            }
        };
        Self { json, open }
    }
}

/// The text of a scalar; of a reference its placeholder.
pub(in crate::rules) fn text(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Ref(Reference { value: None, logical_id, attribute, .. }) => {
            Some(attribute.as_ref().map_or_else(|| format!("${{{logical_id}}}"), |a| format!("${{{logical_id}.{a}}}")))
        }
        _ => value.text().map(|text| text.to_string()),
    }
}

fn parsed(text: &str, open: &mut Option<Unknown>) -> Json {
    match serde_json::from_str::<Json>(text) {
        Ok(json) if json.is_object() || json.is_array() => json,
        _ => {
            *open = Some(Unknown::Unsupported("a document that is not JSON".into()));
            Json::Null
        }
    }
}

fn plain(value: &Value, open: &mut Option<Unknown>) -> Json {
    match &value.kind {
        Kind::List(items) => Json::Array(items.iter().map(|item| plain(item, open)).collect()),
        Kind::Map(map) => {
            Json::Object(map.iter().map(|(key, entry)| (key.to_string(), plain(&entry.value, open))).collect())
        }
        Kind::Unknown(_) | Kind::Symbol(_) => {
            *open = open.take().or_else(|| value.why_unknown());
            Json::Null
        }
        Kind::Ref(_) => text(value).map_or(Json::Null, Json::String),
        _ => crate::model::to_json(value),
    }
}

/// The text that a function writes, with placeholders for what it takes from elsewhere.
fn rendered(written: &Value) -> Option<String> {
    let Kind::Map(map) = &written.kind else { return written.text().map(|text| text.to_string()) };
    let (name, entry) = map.first().filter(|_| map.len() == 1)?;
    let argument = &entry.value;
    match &**name {
        "Ref" => Some(format!("${{{}}}", argument.as_str()?)),
        "Fn::GetAtt" => {
            let path = match argument.as_list() {
                Some(parts) => parts.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("."),
                None => argument.as_str()?.to_owned(),
            };
            Some(format!("${{{path}}}"))
        }
        "Fn::Sub" => {
            let (text, own) = (argument.as_str().or_else(|| argument.child("0")?.as_str())?, argument.child("1"));
            let own = own.and_then(Value::as_map).into_iter().flatten();
            Some(own.fold(text.to_owned(), |text, (key, entry)| match rendered(&entry.value) {
                Some(value) => text.replace(&format!("${{{key}}}"), &value),
                None => text,
            }))
        }
        "Fn::Join" => {
            let (between, parts) = (argument.child("0")?.as_str()?, argument.child("1")?.as_list()?);
            Some(parts.iter().map(rendered).collect::<Option<Vec<_>>>()?.join(between))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    /// A property that is written like this and of which only AWS knows what it comes to.
    fn unresolved(written: &Json) -> Document {
        let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        r.raw = Some(from_json(&json!({ "Text": written })).into());
        r.set("Text", Kind::Unknown(Unknown::Runtime("Shift.Arn".into())));
        Document::of(&r.get("Text"))
    }

    #[test]
    fn text_of_functions_is_read_with_placeholders() {
        let expected = json!({"Resource": "${Shift.Arn}"});
        for written in [
            json!({"Fn::Sub": r#"{"Resource": "${Shift.Arn}"}"#}),
            json!({"Fn::Sub": [r#"{"Resource": "${Arn}"}"#, {"Arn": {"Fn::GetAtt": ["Shift", "Arn"]}}]}),
            json!({"Fn::Join": ["", [r#"{"Resource": ""#, {"Fn::GetAtt": "Shift.Arn"}, r#""}"#]]}),
        ] {
            let document = unresolved(&written);
            assert_eq!((document.json, document.open), (expected.clone(), None), "{written}");
        }
        assert!(unresolved(&json!({"Fn::ImportValue": "text"})).open.is_some());
    }

    #[test]
    fn mappings_keep_their_references_and_say_what_is_open() {
        let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"Map": {"a": 1, "b": [null]}, "Text": "{\"a\": 1}", "Bad": "a: 1"}));
        let reference = Reference { stack: "s".into(), logical_id: "F".into(), attribute: None, value: None };
        if let Kind::Map(map) = &mut r.properties.kind
            && let Kind::Map(inner) = &mut map.get_mut("Map").unwrap().value.kind
        {
            inner.get_mut("a").unwrap().value.kind = Kind::Ref(reference);
            inner.get_mut("b").unwrap().value.kind = Kind::Unknown(Unknown::Parameter("P".into()));
        }
        let map = Document::of(&r.get("Map"));
        assert_eq!(map.json, json!({"a": "${F}", "b": null}));
        assert_eq!(map.open, Some(Unknown::Parameter("P".into())));
        assert_eq!(Document::of(&r.get("Text")).json, json!({"a": 1}));
        assert!(Document::of(&r.get("Bad")).open.is_some());
        assert!(Document::of(&r.get("None")).open.is_none());
    }
}
