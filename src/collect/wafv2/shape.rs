//! WAF's own JSON, which is the schema's but for three things.

use aws_smithy_types::base64;
use serde_json::Value as Json;

use crate::collect::shape::{list, map};
use crate::model::{Kind, Map, from_json};

/// The value as CloudFormation declares it. Empty objects stay: `{"Allow": {}}` and `{"UriPath": {}}` say all by their name. What is
/// searched for is bytes to the API, and text and bytes to the schema; the ARN of what a statement refers to is written `Arn`.
pub(super) fn kind(json: &Json) -> Kind {
    match json {
        Json::String(text) if text.is_empty() => Kind::Null,
        Json::Array(items) => list(items.iter().map(kind)),
        Json::Object(members) if members.is_empty() => Kind::Map(Map::new()),
        Json::Object(members) => {
            let shaped = members.iter().flat_map(|(name, value)| match name.as_str() {
                "SearchString" => searched(value),
                "ARN" => vec![("Arn", kind(value))],
                name => vec![(name, kind(value))],
            });
            match map(shaped) {
                // Nothing but nulls and empty lists.
                Kind::Null => Kind::Map(Map::new()),
                shaped => shaped,
            }
        }
        scalar => from_json(scalar).kind,
    }
}

/// What is searched for, in both spellings; bytes that are no text have one.
fn searched(value: &Json) -> Vec<(&'static str, Kind)> {
    let bytes = value.as_str().and_then(|text| base64::decode(text).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    vec![("SearchString", text.map_or(Kind::Null, |text| Kind::Str(text.into()))), ("SearchStringBase64", kind(value))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use serde_json::json;

    #[test]
    fn statements_read_as_cloudformation_would_declare_them() {
        let answer = json!({
            "AndStatement": {"Statements": [
                {"IPSetReferenceStatement": {"ARN": "arn:set"}},
                {"NotStatement": {"Statement": {"ByteMatchStatement": {
                    "SearchString": "YmFkLWJvdA==", "FieldToMatch": {"UriPath": {}}, "PositionalConstraint": "CONTAINS",
                    "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                }}}},
                {"ByteMatchStatement": {"SearchString": "/w=="}},
            ]},
            "Action": {"Block": {}}, "OverrideAction": null, "RuleLabels": [], "Description": "",
        });
        let expected = json!({
            "AndStatement": {"Statements": [
                {"IPSetReferenceStatement": {"Arn": "arn:set"}},
                {"NotStatement": {"Statement": {"ByteMatchStatement": {
                    "SearchString": "bad-bot", "SearchStringBase64": "YmFkLWJvdA==", "FieldToMatch": {"UriPath": {}},
                    "PositionalConstraint": "CONTAINS", "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                }}}},
                {"ByteMatchStatement": {"SearchStringBase64": "/w=="}},
            ]},
            "Action": {"Block": {}},
        });
        assert_eq!(to_json(&Value::live(kind(&answer))), expected);
    }
}
