//! The functions. Each gives a kind or the reason why it is not known.

pub(super) mod blocks;
mod list;
mod network;
pub(super) mod placeholder;
mod reference;
mod same;
#[cfg(test)]
mod table;
mod text;

use super::evaluator::{Evaluator, place};
use super::{foreach, names};
use crate::model::{Kind, Unknown, Value};
use crate::source::Span;

type Answer = Result<Kind, Unknown>;

/// What a function gives; `None` if it is `AWS::NoValue`. A function or an argument that is not understood is unknown, by its name.
pub(super) fn call(on: &Evaluator<'_>, name: &str, argument: &Value, at: Span) -> Option<Value> {
    let answer = match name {
        "Ref" if argument.as_str() == Some("AWS::NoValue") => return None,
        "Fn::If" => return choose(on, argument, at),
        "Fn::FindInMap" => return list::find_in_map(on, argument, at),
        "Fn::Select" => return list::select(on, argument, at),
        "Ref" => reference::reference(on, argument),
        "Fn::GetAtt" => reference::attribute(on, argument),
        "Fn::ImportValue" => reference::import(on, argument),
        "Fn::Sub" => text::sub(on, argument),
        "Fn::Join" => text::join(on, argument),
        "Fn::Split" => text::split(on, argument),
        "Fn::Base64" => text::base64(on, argument),
        "Fn::ToJsonString" => text::to_json_string(on, argument),
        "Fn::Length" => list::length(on, argument),
        "Fn::GetAZs" => Err(network::zones(on, argument).map_or_else(
            |why| why,
            |region| Unknown::Runtime(format!("the list of availability zones of {region}").into()),
        )),
        "Fn::Cidr" => network::cidr(on, argument),
        _ => Err(why(on, name, argument)),
    };
    Some(place(answer.unwrap_or_else(Kind::Unknown), at))
}

/// Why a function that is not evaluated gives nothing: a loop over what is not known, an include, something foreign.
pub(super) fn why(on: &Evaluator<'_>, name: &str, argument: &Value) -> Unknown {
    if names::is_loop(name) {
        return foreach::why(on, argument);
    }
    let argument = argument.as_list().and_then(|all| all.first()).unwrap_or(argument);
    let named = (name == "Fn::Transform").then(|| argument.child("Name")).flatten();
    match named.and_then(Value::as_str) {
        Some("AWS::Include") => {
            let location = argument.child("Parameters").and_then(|parameters| parameters.child("Location"));
            let location = location.and_then(|location| on.text(location, name).ok());
            let what = location
                .map_or_else(|| "what AWS::Include adds".into(), |from| format!("what AWS::Include adds from {from}"));
            Unknown::Outside(what.into())
        }
        Some(other) => Unknown::Unsupported(format!("macro {other}").into()),
        None => Unknown::Unsupported(name.into()),
    }
}

/// `Fn::If`: the branch itself, so that a message points at it.
fn choose(on: &Evaluator<'_>, argument: &Value, at: Span) -> Option<Value> {
    let unknown = |why| Some(Value { kind: Kind::Unknown(why), at });
    let Some([condition, then, otherwise]) = argument.as_list() else {
        return unknown(Unknown::Unsupported("Fn::If".into()));
    };
    let Some(name) = condition.text() else { return unknown(Unknown::Unsupported("Fn::If".into())) };
    match on.truth(&name) {
        Some(true) => on.value(then),
        Some(false) => on.value(otherwise),
        None => unknown(Unknown::Condition(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Inputs;
    use super::super::testing::{resource, shown};

    #[test]
    fn a_branch_is_picked_and_no_value_takes_the_property_away() {
        let text = "Conditions: {Yes: !Equals [a, a]}\n\
                    Resources: {R: {Type: T::T::T, Properties: {A: !If [Yes, 1, 2], B: !If [Yes, !Ref AWS::NoValue, 2], \
                    C: [x, !If [Yes, !Ref AWS::NoValue, y]]}}}";
        let r = resource(text, "R", &Inputs::default());
        assert_eq!(r.properties.to_string(), r#"{"A":1,"C":["x"]}"#);
        assert!(r.get("B").is_absent());
        let at = r.get("A").at();
        assert_eq!(&text[at.start as usize..at.end as usize], "1", "a message points at the branch");
    }

    #[test]
    fn what_is_not_evaluated_is_unknown_by_its_name() {
        let shown = |written: &str| shown(written, &Inputs::default());
        assert_eq!(
            shown("{'Fn::Transform': {Name: AWS::Include, Parameters: {Location: !Sub 's3://b/x'}}}"),
            "unknown (what AWS::Include adds from s3://b/x is not in the template)"
        );
        assert_eq!(shown("{'Fn::Transform': {Name: Mine}, a: 1}"), "unknown (macro Mine is not evaluated)");
        assert_eq!(shown("!Tool::Embed file.sh"), "unknown (Fn::Tool::Embed is not evaluated)");
    }
}
