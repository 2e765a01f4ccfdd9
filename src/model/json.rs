//! Values from and to JSON: SDK answers, policy documents, evidence.

use serde_json::Value as Json;

use super::{Entry, Kind, Value};
use crate::source::Span;

/// An observed value from JSON.
#[must_use]
pub fn from_json(json: &Json) -> Value {
    Value::live(match json {
        Json::Null => Kind::Null,
        Json::Bool(b) => Kind::Bool(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Kind::Float(n.as_f64().unwrap_or(f64::NAN)), Kind::Int),
        Json::String(s) => Kind::Str(s.as_str().into()),
        Json::Array(items) => Kind::List(items.iter().map(from_json).collect()),
        Json::Object(map) => Kind::Map(
            map.iter().map(|(k, v)| (k.as_str().into(), Entry { key_at: Span::LIVE, value: from_json(v) })).collect(),
        ),
    })
}

/// JSON for evidence and snapshots. References, symbols and unknowns become the text that a person would read.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    match &value.kind {
        Kind::Null => Json::Null,
        Kind::Bool(b) => Json::Bool(*b),
        Kind::Int(n) => (*n).into(),
        Kind::Float(n) => serde_json::Number::from_f64(*n).map_or(Json::Null, Json::Number),
        Kind::Str(s) => Json::String(s.to_string()),
        Kind::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Kind::Map(map) => Json::Object(map.iter().map(|(k, e)| (k.to_string(), to_json(&e.value))).collect()),
        Kind::Ref(_) | Kind::Symbol(_) | Kind::Unknown(_) => Json::String(value.to_string()),
    }
}
