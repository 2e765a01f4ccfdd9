//! Functions that look something up: `Fn::Select`, `Fn::FindInMap`, `Fn::Length`.

use super::super::condition;
use super::super::evaluator::{Evaluator, place};
use super::{Answer, network};
use crate::model::{Kind, Unknown, Value};
use crate::source::Span;

/// `Fn::Select`: an element; of `Fn::GetAZs` a symbol, because nobody knows which zone it is but everybody knows whether two are the same.
pub(super) fn select(on: &Evaluator<'_>, argument: &Value, at: Span) -> Option<Value> {
    let unknown = |why| Some(Value { kind: Kind::Unknown(why), at });
    let unsupported = || Unknown::Unsupported("Fn::Select".into());
    let Some([index, list]) = argument.as_list() else { return unknown(unsupported()) };
    let index = match on.text(index, "Fn::Select") {
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
        Kind::List(_) => unknown(beyond()),
        _ => unknown(why),
    }
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
    let found = on.scope.mappings.get(name).and_then(|mapping| mapping.value.child(first)?.child(second));
    if let Err(why) = on.spend(found.and_then(Value::as_list).map_or(0, <[Value]>::len)) {
        return unknown(why);
    }
    match (found, default) {
        (Some(found), _) => Some(place(found.kind.clone(), at)),
        (None, Some(default)) => on.value(default),
        (None, None) => unknown(Unknown::Outside(format!("{name}.{first}.{second}").into())),
    }
}

pub(super) fn length(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let unsupported = || Unknown::Unsupported("Fn::Length".into());
    let list = on.value(argument).ok_or_else(unsupported)?;
    match &list.kind {
        Kind::List(items) => i64::try_from(items.len()).map(Kind::Int).map_err(|_| unsupported()),
        _ => Err(list.why_unknown().unwrap_or_else(unsupported)),
    }
}
