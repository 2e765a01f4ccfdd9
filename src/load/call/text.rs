//! Functions that make text: `Fn::Sub`, `Fn::Join`, `Fn::Split`, `Fn::Base64`, `Fn::ToJsonString`.

use std::sync::Arc;

use super::super::evaluator::{ELEMENT, Evaluator, dynamic};
use super::Answer;
use super::placeholder::{Piece, pieces};
use super::reference;
use crate::model::{Kind, Map, Unknown, Value, to_json};
use crate::source::Span;

pub(super) fn sub(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let (template, variables) = match argument.as_list() {
        Some([template, variables]) => (template.as_str(), variables.as_map()),
        Some([template]) => (template.as_str(), None),
        _ => (argument.as_str(), None),
    };
    let template = template.ok_or_else(|| Unknown::Unsupported("Fn::Sub".into()))?;
    if let Some(why) = dynamic(template) {
        return Err(why);
    }
    let pieces = pieces(template);
    if let [Piece::Name { name, .. }] = *pieces {
        return single(variable(on, name, variables));
    }
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Name { name, .. } => {
                let part = known(variable(on, name, variables), "Fn::Sub")?;
                on.spend(part.len())?;
                text.push_str(&part);
            }
        }
    }
    finished(text)
}

/// A text that is nothing but one placeholder keeps what it stands for, so that a reference can still be followed.
fn single(kind: Kind) -> Answer {
    match kind {
        Kind::Ref(_) | Kind::Symbol(_) => Ok(kind),
        other => known(other, "Fn::Sub").map(Kind::Str),
    }
}

fn variable(on: &Evaluator<'_>, name: &str, variables: Option<&Map>) -> Kind {
    if let Some(entry) = variables.and_then(|map| map.get(name)) {
        let value = on.value(&entry.value);
        return value.map_or_else(|| Kind::Unknown(Unknown::Unsupported("AWS::NoValue".into())), |value| value.kind);
    }
    match name.split_once('.') {
        Some((id, attribute)) => reference::resource(on, id, Some(attribute)),
        None => reference::named(on, name),
    }
}

fn known(kind: Kind, function: &str) -> Result<Arc<str>, Unknown> {
    let value = Value { kind, at: Span::LIVE };
    value.text().ok_or_else(|| value.why_unknown().unwrap_or_else(|| Unknown::Unsupported(function.into())))
}

/// A made-up text may hold a dynamic reference that none of its parts holds.
fn finished(text: String) -> Answer {
    dynamic(&text).map_or_else(|| Ok(Kind::Str(text.into())), Err)
}

pub(super) fn join(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let unsupported = || Unknown::Unsupported("Fn::Join".into());
    let Some([delimiter, list]) = argument.as_list() else { return Err(unsupported()) };
    let delimiter = on.text(delimiter, "Fn::Join")?;
    let list = on.value(list).ok_or_else(unsupported)?;
    let why = list.why_unknown().unwrap_or_else(unsupported);
    let Kind::List(items) = list.kind else { return Err(why) };
    let parts = items.into_iter().map(|item| known(item.kind, "Fn::Join")).collect::<Result<Vec<_>, _>>()?;
    on.spend(parts.iter().map(|part| part.len() + delimiter.len()).sum())?;
    finished(parts.join(&*delimiter))
}

pub(super) fn split(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let Some([delimiter, source]) = argument.as_list() else { return Err(Unknown::Unsupported("Fn::Split".into())) };
    let (delimiter, source) = (on.text(delimiter, "Fn::Split")?, on.text(source, "Fn::Split")?);
    if delimiter.is_empty() {
        return Err(Unknown::Unsupported("Fn::Split".into()));
    }
    on.spend(source.matches(&*delimiter).count() * ELEMENT)?;
    let part = |part: &str| Value { kind: Kind::Str(part.into()), at: Span::LIVE };
    Ok(Kind::List(source.split(&*delimiter).map(part).collect()))
}

pub(super) fn base64(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let text = on.text(argument, "Fn::Base64")?;
    on.spend(text.len())?;
    Ok(Kind::Str(aws_smithy_types::base64::encode(text.as_bytes()).into()))
}

pub(super) fn to_json_string(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let value = on.value(argument).ok_or_else(|| Unknown::Unsupported("Fn::ToJsonString".into()))?;
    if let Some(why) = first_unknown(&value) {
        return Err(why);
    }
    let text = to_json(&value).to_string();
    on.spend(text.len())?;
    finished(text)
}

fn first_unknown(value: &Value) -> Option<Unknown> {
    match &value.kind {
        Kind::List(items) => items.iter().find_map(first_unknown),
        Kind::Map(map) => map.values().find_map(|entry| first_unknown(&entry.value)),
        _ => value.why_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Inputs;
    use super::super::super::testing::{shown, value};
    use super::*;

    fn deployed() -> Inputs {
        Inputs {
            region: "eu-west-1".into(),
            physical_ids: [("Vpc".into(), "vpc-1".into())].into(),
            ..Inputs::default()
        }
    }

    #[test]
    fn sub_fills_in_what_is_known_and_takes_the_reason_of_what_is_not() {
        assert_eq!(shown("!Sub 'in-${AWS::Region}-${Vpc}-${!X}'", &deployed()), "in-eu-west-1-vpc-1-${X}");
        assert_eq!(shown("!Sub ['${A}-${AWS::Region}', {A: !Ref Vpc}]", &deployed()), "vpc-1-eu-west-1");
        assert_eq!(shown("!Sub 'x-${AWS::AccountId}'", &deployed()), "unknown (parameter AWS::AccountId has no value)");
        assert_eq!(
            shown("!Sub 'x-${Vpc.VpcArn}'", &deployed()),
            "unknown (!GetAtt Vpc.VpcArn is known only once deployed)"
        );
    }

    #[test]
    fn a_lone_placeholder_stays_a_reference() {
        let vpc = value("!Sub '${Vpc}'", "", &Inputs::default());
        assert!(matches!(&vpc.kind, Kind::Ref(r) if &*r.logical_id == "Vpc"), "{vpc}");
    }

    #[test]
    fn join_and_split_undo_each_other_and_base64_encodes() {
        assert_eq!(shown("!Join ['-', [a, 1, !Ref AWS::Region, !Ref AWS::NoValue]]", &deployed()), "a-1-eu-west-1");
        assert_eq!(shown("!Split [',', !Join [',', [a, b]]]", &deployed()), r#"["a","b"]"#);
        assert_eq!(shown("!Base64 hello", &deployed()), "aGVsbG8=");
        let json = value("{'Fn::ToJsonString': {a: [1, !Ref Vpc]}}", "Transform: AWS::LanguageExtensions", &deployed());
        assert_eq!(json.to_string(), r#"{"a":[1,"vpc-1"]}"#);
    }

    #[test]
    fn a_dynamic_reference_is_never_a_value_even_if_it_is_put_together() {
        let secret = "unknown (dynamic reference to secretsmanager)";
        assert_eq!(shown("'{{resolve:secretsmanager:db:SecretString:password}}'", &deployed()), secret);
        assert_eq!(shown("!Sub 'x{{resolve:secretsmanager:${Vpc}}}'", &deployed()), secret);
        assert_eq!(shown("!Join ['', ['{{resolve:', 'secretsmanager:db}}']]", &deployed()), secret);
        assert_eq!(shown("'{{resolve:other:x}}'", &deployed()), "{{resolve:other:x}}");
    }
}
