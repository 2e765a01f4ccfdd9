//! Values as JSON, without loss: what is not known keeps its reason.

use serde_json::{Map as JsonMap, Value as Json};

use crate::model::{Entry, Kind, Value, from_json};
use crate::source::Span;

/// The key of an object that stands for an unknown value. Keys of data that begin like it get one more `$`.
const UNKNOWN: &str = "$unknown";

/// A live value as JSON.
pub(super) fn encode(value: &Value) -> Json {
    match &value.kind {
        Kind::Null => Json::Null,
        Kind::Bool(b) => Json::Bool(*b),
        Kind::Int(n) => (*n).into(),
        Kind::Float(n) => serde_json::Number::from_f64(*n).map_or(Json::Null, Json::Number),
        Kind::Str(s) => Json::String(s.to_string()),
        Kind::List(items) => Json::Array(items.iter().map(encode).collect()),
        Kind::Map(map) => Json::Object(map.iter().map(|(key, e)| (escaped(key), encode(&e.value))).collect()),
        Kind::Unknown(why) => {
            let why = serde_json::to_value(why).unwrap_or_default();
            Json::Object(JsonMap::from_iter([(UNKNOWN.to_owned(), why)]))
        }
        // Only templates hold these.
        Kind::Ref(_) | Kind::Symbol(_) => Json::String(value.to_string()),
    }
}

/// A live value from JSON; an error says what is wrong with it.
pub(super) fn decode(json: Json) -> Result<Value, String> {
    let kind = match json {
        Json::Array(items) => Kind::List(items.into_iter().map(decode).collect::<Result<_, _>>()?),
        Json::Object(mut members) => match members.remove(UNKNOWN) {
            Some(why) => Kind::Unknown(serde_json::from_value(why).map_err(|e| format!("{UNKNOWN}: {e}"))?),
            None => Kind::Map(
                members
                    .into_iter()
                    .map(|(key, value)| {
                        Ok((unescaped(&key).into(), Entry { key_at: Span::LIVE, value: decode(value)? }))
                    })
                    .collect::<Result<_, String>>()?,
            ),
        },
        scalar => return Ok(from_json(&scalar)),
    };
    Ok(Value::live(kind))
}

fn escaped(key: &str) -> String {
    if key.starts_with('$') && key.trim_start_matches('$') == "unknown" { format!("${key}") } else { key.to_owned() }
}

fn unescaped(key: &str) -> &str {
    match key.strip_prefix('$') {
        Some(rest) if rest.starts_with('$') && rest.trim_start_matches('$') == "unknown" => rest,
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unknown;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let why = prop_oneof![
            Just(Unknown::NotCollected),
            Just(Unknown::Denied { action: "a:B".into() }),
            Just(Unknown::Failed { action: "a:B".into(), code: "C".into() }),
        ];
        let leaf = prop_oneof![
            Just(Kind::Null),
            any::<bool>().prop_map(Kind::Bool),
            any::<i64>().prop_map(Kind::Int),
            (-1.0e6..1.0e6_f64).prop_map(|n| Kind::Float(n + 0.5)),
            ".{0,8}".prop_map(|s| Kind::Str(s.into())),
            why.prop_map(Kind::Unknown),
        ]
        .prop_map(Value::live);
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = prop_oneof!["[a-z]{1,4}", Just("$unknown".to_owned()), Just("$$unknown".to_owned())];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| Value::live(Kind::List(items))),
                prop::collection::btree_map(key, inner, 0..4).prop_map(|map| {
                    let entry = |(k, value): (String, Value)| (k.into(), Entry { key_at: Span::LIVE, value });
                    Value::live(Kind::Map(map.into_iter().map(entry).collect()))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost(value in any_value()) {
            let text = encode(&value).to_string();
            prop_assert_eq!(decode(serde_json::from_str(&text).unwrap()).unwrap(), value);
        }
    }
}
