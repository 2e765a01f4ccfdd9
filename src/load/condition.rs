//! Conditions: their order, and their truth in three values.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Kind, Map, Value};

/// Truth of a condition; `None` if it cannot be decided.
pub(super) type Truth = Option<bool>;
/// Truth of every condition by name.
pub(super) type Truths = HashMap<Arc<str>, Truth>;

/// The name and the argument of a function call: a mapping with exactly one key that is a function.
pub(super) fn call(value: &Value) -> Option<(&Arc<str>, &Value)> {
    let map = value.as_map().filter(|map| map.len() == 1)?;
    let (name, entry) = map.first()?;
    (&**name == "Ref" || name.starts_with("Fn::")).then_some((name, &entry.value))
}

/// The condition that an expression of the `Conditions` section names: `{"Condition": "IsProduction"}`.
pub(super) fn named(value: &Value) -> Option<&Value> {
    let map = value.as_map().filter(|map| map.len() == 1)?;
    map.get("Condition").map(|entry| &entry.value)
}

/// The conditions that an expression names.
pub(super) fn mentions(expression: &Value) -> Vec<&str> {
    if let Some(name) = named(expression).and_then(Value::as_str) {
        return vec![name];
    }
    match &expression.kind {
        Kind::List(items) => items.iter().flat_map(mentions).collect(),
        Kind::Map(map) => map.values().flat_map(|entry| mentions(&entry.value)).collect(),
        _ => Vec::new(),
    }
}

/// The names so that each comes after those that it depends on. What depends on itself is left out.
pub(super) fn order(conditions: &Map) -> Vec<&Arc<str>> {
    let mut waiting: HashMap<&str, usize> = HashMap::new();
    let mut dependants: HashMap<&str, Vec<&Arc<str>>> = HashMap::new();
    for (name, entry) in conditions {
        let needs = mentions(&entry.value).into_iter().filter(|need| conditions.contains_key(*need));
        for need in needs {
            dependants.entry(need).or_default().push(name);
            *waiting.entry(name).or_default() += 1;
        }
    }
    let mut ready: Vec<&Arc<str>> = conditions.keys().filter(|name| !waiting.contains_key(&***name)).collect();
    let mut next = 0;
    while let Some(&name) = ready.get(next) {
        next += 1;
        for dependant in dependants.get(&**name).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(&***dependant) {
                *left -= 1;
                if *left == 0 {
                    ready.push(dependant);
                }
            }
        }
    }
    ready
}

/// Decides a function that is no combination of others, by its name and its argument.
pub(super) type Leaf<'f, 'a> = &'f mut dyn FnMut(&'a str, &'a Value) -> Truth;

/// The truth of an expression, given the truth of the conditions it names.
pub(super) fn judge<'a>(expression: &'a Value, truths: &Truths, leaf: Leaf<'_, 'a>) -> Truth {
    if let Some(name) = named(expression).and_then(Value::as_str) {
        return truths.get(name).copied().flatten();
    }
    let Some((function, argument)) = call(expression) else { return expression.as_bool() };
    let parts = argument.as_list().unwrap_or(std::slice::from_ref(argument));
    match &**function {
        "Fn::Not" => parts.first().and_then(|part| judge(part, truths, leaf)).map(|truth| !truth),
        "Fn::And" => decided(&each(parts, truths, leaf), false),
        "Fn::Or" => decided(&each(parts, truths, leaf), true),
        other => leaf(other, argument),
    }
}

/// Every part is looked at, so that `leaf` sees all.
fn each<'a>(parts: &'a [Value], truths: &Truths, leaf: Leaf<'_, 'a>) -> Vec<Truth> {
    parts.iter().map(|part| judge(part, truths, leaf)).collect()
}

/// `And` (decided by the first `false`) and `Or` (decided by the first `true`).
pub(super) fn decided(all: &[Truth], decides: bool) -> Truth {
    if all.contains(&Some(decides)) {
        Some(decides)
    } else if all.contains(&None) {
        None
    } else {
        Some(!decides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    #[test]
    fn conditions_come_after_what_they_depend_on_and_circles_not_at_all() {
        let section = from_json(&json!({
            "Both": {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]},
            "A": {"Fn::Equals": [1, 1]},
            "B": {"Fn::Not": [{"Condition": "A"}]},
            "X": {"Condition": "Y"}, "Y": {"Condition": "X"},
        }));
        let names: Vec<&str> = order(section.as_map().unwrap()).into_iter().map(|n| &**n).collect();
        assert_eq!(names, ["A", "B", "Both"]);
    }

    #[test]
    fn an_undecided_part_matters_only_if_the_others_leave_it_open() {
        let truths: Truths = [("T".into(), Some(true)), ("F".into(), Some(false)), ("U".into(), None)].into();
        let judge = |expression: serde_json::Value| judge(&from_json(&expression), &truths, &mut |_, _| None);
        let both = |a, b| json!([{"Condition": a}, {"Condition": b}]);
        assert_eq!(judge(json!({"Fn::And": both("U", "F")})), Some(false));
        assert_eq!(judge(json!({"Fn::And": both("U", "T")})), None);
        assert_eq!(judge(json!({"Fn::Or": both("U", "T")})), Some(true));
        assert_eq!(judge(json!({"Fn::Or": both("U", "F")})), None);
        assert_eq!(judge(json!({"Fn::Not": [{"Condition": "U"}]})), None);
        assert_eq!(judge(json!({"Fn::Not": [{"Condition": "F"}]})), Some(true));
    }
}
