//! Functions that look something up: `Fn::Select`, `Fn::FindInMap`, `Fn::Length`.

use super::super::check::calls::out_of_range;
use super::super::evaluator::{Evaluator, place};
use super::super::{condition, names};
use super::{Answer, network};
use crate::diag::Diagnostic;
use crate::model::{Kind, Unknown, Value};
use crate::source::Span;

/// `Fn::Select`: an element; of `Fn::GetAZs` a symbol, because nobody knows which zone it is but everybody knows whether two are the same.
pub(super) fn select(on: &Evaluator<'_>, argument: &Value, at: Span) -> Option<Value> {
    let unknown = |why| Some(Value { kind: Kind::Unknown(why), at });
    let unsupported = || Unknown::Unsupported("Fn::Select".into());
    let Some([written, list]) = argument.as_list() else { return unknown(unsupported()) };
    let list = branch(on, list);
    let index = match on.text(written, "Fn::Select") {
        Ok(text) => text.trim().parse::<usize>().ok(),
        Err(why) => return unknown(why),
    };
    let Some(index) = index else { return unknown(unsupported()) };
    if let Some((name, region)) = condition::call(list)
        && &**name == "Fn::GetAZs"
    {
        let symbol = network::zones(on, region).map(|region| Kind::Symbol(format!("az {index} of {region}").into()));
        return Some(Value { kind: symbol.unwrap_or_else(Kind::Unknown), at });
    }
    let beyond = || Unknown::Outside(format!("element {index} of the list").into());
    if let Kind::List(items) = &list.kind {
        return items.get(index).map_or_else(|| unknown(beyond()), |item| on.value(item));
    }
    let Some(list) = on.value(list) else { return unknown(unsupported()) };
    let why = list.why_unknown().unwrap_or_else(unsupported);
    match list.kind {
        Kind::List(mut items) if index < items.len() => Some(place(items.swap_remove(index).kind, at)),
        Kind::List(items) => {
            on.report(out_of_range(written, index, items.len()));
            unknown(beyond())
        }
        _ => unknown(why),
    }
}

/// What a chain of decided `Fn::If` leads to, as it is written.
fn branch<'v>(on: &Evaluator<'_>, mut value: &'v Value) -> &'v Value {
    while let Some((name, argument)) = condition::call(value)
        && &**name == "Fn::If"
        && let Some([condition, then, otherwise]) = argument.as_list()
        && let Some(truth) = condition.text().and_then(|condition| on.truth(&condition))
    {
        value = if truth { then } else { otherwise };
    }
    value
}

pub(super) fn find_in_map(on: &Evaluator<'_>, argument: &Value, at: Span) -> Option<Value> {
    let unknown = |why| Some(Value { kind: Kind::Unknown(why), at });
    let (keys, default) = match argument.as_list() {
        Some(keys @ [_, _, _]) => (keys, None),
        Some([keys @ .., options]) if keys.len() == 3 => (keys, options.child("DefaultValue")),
        _ => return unknown(Unknown::Unsupported("Fn::FindInMap".into())),
    };
    let keys = match keys.iter().map(|key| on.text(key, "Fn::FindInMap")).collect::<Result<Vec<_>, _>>() {
        Ok(keys) => keys,
        Err(why) => return unknown(why),
    };
    let [name, first, second] = &*keys else { return unknown(Unknown::Unsupported("Fn::FindInMap".into())) };
    let mapping = on.scope.mappings.get(name);
    let found = mapping.and_then(|mapping| mapping.value.child(first)?.child(second));
    if let (None, None, Some(levels)) = (found, default, mapping.and_then(|mapping| mapping.value.as_map())) {
        let inner = levels.get(first).and_then(|entry| entry.value.as_map());
        if std::iter::once(levels).chain(inner).all(|map| !map.keys().any(|key| names::is_expansion(key))) {
            let missing = if inner.is_some() { second } else { first };
            on.report(Diagnostic::error(at, format!("mapping `{name}` has no key `{missing}`")));
        }
    }
    match (found, default) {
        (Some(found), _) => Some(place(on.copy(&found.kind).unwrap_or_else(Kind::Unknown), at)),
        (None, Some(default)) => on.value(default),
        (None, None) => unknown(Unknown::Outside(format!("{name}.{first}.{second}").into())),
    }
}

pub(super) fn length(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let unsupported = || Unknown::Unsupported("Fn::Length".into());
    let list = on.value(argument).ok_or_else(unsupported)?;
    let open = |item: &Value| matches!(item.kind, Kind::Unknown(Unknown::Condition(_)));
    match &list.kind {
        // An element that hangs on a condition may be none.
        Kind::List(items) if items.iter().any(open) => {
            Err(items.iter().find_map(Value::why_unknown).unwrap_or_else(unsupported))
        }
        Kind::List(items) => i64::try_from(items.len()).map(Kind::Int).map_err(|_| unsupported()),
        _ => Err(list.why_unknown().unwrap_or_else(unsupported)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Inputs;
    use super::super::super::testing::{resource, shown, value};

    const MAP: &str = "Transform: AWS::LanguageExtensions\nParameters: {Env: {Type: String, Default: prod}, Other: {Type: String, Default: test}, Ids: {Type: CommaDelimitedList, Default: 'a,b'}}\n\
                       Mappings: {Sizes: {prod: {Class: large, Zones: [x, y]}, dev: {Class: small}}}";

    #[test]
    fn a_mapping_is_looked_up_by_names_that_functions_may_give() {
        let shown = |written| value(written, MAP, &Inputs::default()).to_string();
        assert_eq!(shown("!FindInMap [Sizes, !Ref Env, Class]"), "large");
        assert_eq!(shown("!FindInMap [Sizes, prod, Zones]"), r#"["x","y"]"#);
        assert_eq!(shown("!FindInMap [Sizes, !Ref Other, Class]"), "unknown (Sizes.test.Class is not in the template)");
        assert_eq!(shown("!FindInMap [Sizes, test, Class, {DefaultValue: tiny}]"), "tiny");
        assert_eq!(
            shown("!FindInMap [Sizes, !Ref AWS::Region, Class]"),
            "unknown (parameter AWS::Region has no value)"
        );
    }

    #[test]
    fn select_takes_elements_of_written_and_of_given_lists() {
        let shown = |written| value(written, MAP, &Inputs::default()).to_string();
        assert_eq!(shown("!Select [1, [a, b]]"), "b");
        assert_eq!(shown("!Select ['0', !Ref Ids]"), "a");
        assert_eq!(shown("!Select [7, !Ref Ids]"), "unknown (element 7 of the list is not in the template)");
        assert_eq!(shown("{'Fn::Length': !Ref Ids}"), "2");
    }

    #[test]
    fn zones_are_symbols_that_can_be_told_apart() {
        let zone = |written| value(written, "", &Inputs::default()).kind;
        assert_eq!(zone("!Select [0, !GetAZs '']"), zone("!Select ['0', {'Fn::GetAZs': !Ref AWS::Region}]"));
        assert_ne!(zone("!Select [0, !GetAZs '']"), zone("!Select [1, !GetAZs '']"));
        let here = Inputs { region: "eu-west-1".into(), ..Inputs::default() };
        assert_eq!(shown("!Select [1, !GetAZs ]", &here), "az 1 of eu-west-1");
        let bare = "unknown (the list of availability zones of eu-west-1 is known only once deployed)";
        assert_eq!(shown("!GetAZs ''", &here), bare);
    }

    #[test]
    fn what_a_parameter_gives_stands_where_it_is_used() {
        let text = "Parameters: {Ids: {Type: CommaDelimitedList, Default: 'a,b'}}\n\
                    Resources: {R: {Type: T::T::T, Properties: {P: !Ref Ids}}}";
        let resource = resource(text, "R", &Inputs::default());
        let first = resource.get("P.0").at();
        assert_eq!(&text[first.start as usize..first.end as usize], "!Ref Ids");
    }
}
