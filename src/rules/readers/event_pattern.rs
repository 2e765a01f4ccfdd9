//! Event patterns of `EventBridge`: which events a rule waits for.

use serde_json::Value as Json;

use super::json::Document;
use crate::model::{Read, Unknown};

/// The pattern of a rule.
#[derive(Debug)]
pub(in crate::rules) struct Pattern {
    document: Document,
}

impl Pattern {
    /// The pattern that a property holds, as a mapping or as JSON text.
    pub(in crate::rules) fn of(read: &Read<'_>) -> Self {
        Self { document: Document::of(read) }
    }

    /// Whether it names a field at all: `source`, `detail.state`.
    pub(in crate::rules) fn has(&self, field: &str) -> bool {
        self.field(field).is_some_and(|value| !value.is_null())
    }

    /// Whether an event with this value in a field gets through. A field that the pattern does not name lets everything through.
    pub(in crate::rules) fn accepts(&self, field: &str, value: &str) -> Result<bool, Unknown> {
        let open = |otherwise| self.document.open.clone().map_or(Ok(otherwise), Err);
        let Some(matchers) = self.field(field) else { return open(true) };
        let list = matchers.as_array().map_or(std::slice::from_ref(matchers), Vec::as_slice);
        if list.iter().any(|matcher| matches(matcher, value)) {
            return Ok(true);
        }
        if list.iter().any(Json::is_null) { open(false) } else { Ok(false) }
    }

    fn field(&self, field: &str) -> Option<&Json> {
        field.split('.').try_fold(&self.document.json, |json, key| json.get(key))
    }
}

/// Whether one matcher of a field lets a value through.
fn matches(matcher: &Json, value: &str) -> bool {
    match matcher {
        Json::String(text) => text == value,
        Json::Object(map) => map.iter().all(|(name, argument)| content(name, argument, value)),
        _ => false,
    }
}

/// Content filters; one that is not about text lets nothing through.
fn content(name: &str, argument: &Json, value: &str) -> bool {
    let text = argument.as_str();
    match name {
        "prefix" => text.is_some_and(|text| value.starts_with(text)),
        "suffix" => text.is_some_and(|text| value.ends_with(text)),
        "equals-ignore-case" => text.is_some_and(|text| value.eq_ignore_ascii_case(text)),
        "wildcard" => text.is_some_and(|pattern| super::policy::matches(pattern, value)),
        "exists" => argument.as_bool() == Some(true),
        "anything-but" => match argument {
            Json::Array(list) => !list.iter().any(|other| matches(other, value)),
            other => !matches(other, value),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    fn rule(pattern: &Json) -> Resource {
        let mut r = Resource::new("AWS::Events::Rule", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({ "EventPattern": pattern }));
        r
    }

    #[test]
    fn matchers_let_through_what_eventbridge_lets_through() {
        for (matcher, expected) in [
            (json!(["aws.codedeploy"]), true),
            (json!("aws.codedeploy"), true),
            (json!(["aws.ec2"]), false),
            (json!([{"prefix": "aws.code"}]), true),
            (json!([{"suffix": "pipeline"}]), false),
            (json!([{"wildcard": "aws.*deploy"}]), true),
            (json!([{"equals-ignore-case": "AWS.CodeDeploy"}]), true),
            (json!([{"anything-but": ["aws.ec2"]}]), true),
            (json!([{"anything-but": {"prefix": "aws."}}]), false),
            (json!([{"exists": true}]), true),
            (json!([{"numeric": [">", 0]}]), false),
        ] {
            let r = rule(&json!({ "source": matcher }));
            assert_eq!(
                Pattern::of(&r.get("EventPattern")).accepts("source", "aws.codedeploy"),
                Ok(expected),
                "{matcher}"
            );
        }
    }

    #[test]
    fn a_field_that_is_not_named_filters_nothing_and_text_is_read_like_a_mapping() {
        let r = rule(&json!(r#"{"source": ["aws.states"], "detail": {"status": ["FAILED"]}}"#));
        let pattern = Pattern::of(&r.get("EventPattern"));
        assert_eq!(pattern.accepts("detail-type", "anything"), Ok(true));
        assert_eq!(pattern.accepts("detail.status", "SUCCEEDED"), Ok(false));
        assert!(pattern.has("detail.status") && !pattern.has("detail.state"));
    }

    #[test]
    fn an_unreadable_matcher_leaves_it_open_unless_another_decides() {
        let mut r = rule(&json!({"source": ["aws.ec2", "x"]}));
        let why = Unknown::Parameter("Source".into());
        if let Some(item) = r.properties.child("EventPattern").and_then(|p| p.child("source")).and_then(|s| s.as_list())
        {
            let mut list = item.to_vec();
            list[1].kind = Kind::Unknown(why.clone());
            let source = crate::model::Entry { key_at: Span::LIVE, value: crate::model::Value::live(Kind::List(list)) };
            r.set("EventPattern", Kind::Map([("source".into(), source)].into_iter().collect()));
        }
        let pattern = Pattern::of(&r.get("EventPattern"));
        assert_eq!(pattern.accepts("source", "aws.ec2"), Ok(true));
        assert_eq!(pattern.accepts("source", "aws.codedeploy"), Err(why));
    }
}
