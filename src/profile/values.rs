//! Parameter values as YAML writes them.

use crate::rules::ParamValue;

/// A value as YAML writes it; `None` for shapes that no parameter has.
pub fn param_value(value: &serde_yaml::Value) -> Option<ParamValue> {
    use serde_yaml::Value;
    match value {
        Value::Null => Some(ParamValue::Nothing),
        Value::Bool(b) => Some(ParamValue::Bool(*b)),
        Value::Number(n) => n.as_i64().map(ParamValue::Int).or_else(|| n.as_f64().map(ParamValue::Share)),
        Value::String(s) => Some(ParamValue::Text(s.clone())),
        Value::Sequence(list) => {
            let ints = || list.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>();
            texts(list).map(ParamValue::Texts).or_else(|| ints().map(ParamValue::Ints))
        }
        Value::Mapping(map) if !map.is_empty() && map.values().all(Value::is_sequence) => {
            let entry = |(k, v): (&Value, &Value)| Some((k.as_str()?.to_owned(), texts(v.as_sequence()?)?));
            map.iter().map(entry).collect::<Option<_>>().map(ParamValue::Lists)
        }
        Value::Mapping(map) => {
            let entry = |(k, v): (&Value, &Value)| {
                Some((k.as_str()?.to_owned(), if v.is_null() { None } else { Some(scalar(v)?) }))
            };
            map.iter().map(entry).collect::<Option<_>>().map(ParamValue::Map)
        }
        Value::Tagged(_) => None,
    }
}

fn texts(list: &[serde_yaml::Value]) -> Option<Vec<String>> {
    list.iter().map(|v| v.as_str().map(str::to_owned)).collect()
}

fn scalar(value: &serde_yaml::Value) -> Option<String> {
    match value {
        serde_yaml::Value::String(s) => Some(s.clone()),
        serde_yaml::Value::Bool(b) => Some(b.to_string()),
        serde_yaml::Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}
