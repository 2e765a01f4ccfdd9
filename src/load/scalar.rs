//! What an unquoted word means, and what a short-form tag stands for.

use std::sync::Arc;

use crate::model::{Entry, Kind, Map, Value};
use crate::source::Span;

/// The kind of a plain (unquoted) scalar. A number becomes one only if writing it again gives the same text: account ids with a leading
/// zero, versions like `1.10` and dates stay text.
pub(super) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => number(text).unwrap_or_else(|| Kind::Str(text.into())),
    }
}

/// The number that a text writes in its canonical form, if it does.
pub(super) fn number(text: &str) -> Option<Kind> {
    if !text.strip_prefix('-').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let whole = text.parse::<i64>().ok().filter(|n| n.to_string() == text).map(Kind::Int);
    whole.or_else(|| text.parse::<f64>().ok().filter(|n| n.to_string() == text).map(Kind::Float))
}

/// A tagged value in long form: `!Sub x` is `{"Fn::Sub": "x"}`. `tag` is the name without its `!`.
pub(super) fn long_form(tag: &str, tag_at: Span, value: Value) -> Value {
    let key: Arc<str> = match tag {
        "Ref" | "Condition" => tag.into(),
        _ => format!("Fn::{tag}").into(),
    };
    let one_line = value.at.start >= tag_at.start;
    let at = Span { end: if one_line { value.at.end.max(tag_at.end) } else { tag_at.end }, ..tag_at };
    let value = if tag == "GetAtt" { dotted(value) } else { value };
    Value { kind: Kind::Map(Map::from_iter([(key, Entry { key_at: tag_at, value })])), at }
}

/// `"A.B.C"` as `["A", "B.C"]`; anything else as it is.
fn dotted(value: Value) -> Value {
    let Some((id, attribute)) = value.as_str().and_then(|s| s.split_once('.')) else { return value };
    let text = |s: &str| Value { kind: Kind::Str(s.into()), at: value.at };
    Value { kind: Kind::List(vec![text(id), text(attribute)]), at: value.at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_words_become_numbers_and_booleans() {
        for (text, kind) in [
            ("true", Kind::Bool(true)),
            ("yes", Kind::Str("yes".into())),
            ("on", Kind::Str("on".into())),
            ("~", Kind::Null),
            ("", Kind::Null),
            ("42", Kind::Int(42)),
            ("-1", Kind::Int(-1)),
            ("0.5", Kind::Float(0.5)),
            ("1.10", Kind::Str("1.10".into())),
            ("012345678901", Kind::Str("012345678901".into())),
            ("2010-09-09", Kind::Str("2010-09-09".into())),
            ("NaN", Kind::Str("NaN".into())),
            ("0x1F", Kind::Str("0x1F".into())),
        ] {
            assert_eq!(plain(text), kind, "{text}");
        }
    }

    #[test]
    fn a_dotted_attribute_is_split_at_its_first_dot() {
        let written = Value::live(Kind::Str("Nested.Outputs.VpcId".into()));
        let long = long_form("GetAtt", Span::LIVE, written);
        let parts: Vec<_> =
            long.child("Fn::GetAtt").and_then(Value::as_list).unwrap().iter().map(Value::as_str).collect();
        assert_eq!(parts, [Some("Nested"), Some("Outputs.VpcId")]);
    }
}
