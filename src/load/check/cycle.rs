//! Conditions that depend on themselves.

use std::collections::{HashMap, HashSet};

use super::super::condition;
use super::super::scope::Scope;
use super::route;
use crate::diag::Diagnostic;
use crate::model::Map;

/// How many places of a circle are shown.
const MAX_PLACES: usize = 8;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let sound: HashSet<&str> = condition::order(scope.conditions).into_iter().map(|name| &**name).collect();
    // What has no place in the order is in a circle or leads into one: from each of them one step onward is enough to find it.
    let onward: HashMap<&str, &str> = scope
        .conditions
        .iter()
        .filter(|(name, _)| !sound.contains(&***name))
        .filter_map(|(name, entry)| {
            let mut next = condition::mentions(&entry.value).into_iter();
            let next = next.find(|next| scope.conditions.contains_key(*next) && !sound.contains(next))?;
            Some((&**name, next))
        })
        .collect();
    let mut visited: HashSet<&str> = HashSet::new();
    for name in scope.conditions.keys() {
        let (mut path, mut steps) = (Vec::new(), HashMap::new());
        let mut at: &str = name;
        while visited.insert(at) {
            steps.insert(at, path.len());
            path.push(at);
            match onward.get(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        let closes = steps.get(at).filter(|_| onward.contains_key(at));
        if let Some(circle) = closes.and_then(|&start| path.get(start..)) {
            problems.extend(circular(circle, scope.conditions));
        }
    }
}

fn circular(circle: &[&str], conditions: &Map) -> Option<Diagnostic> {
    let first = circle.first()?;
    let problem = Diagnostic::error(conditions.get(*first)?.key_at, format!("condition `{first}` depends on itself"));
    let others = circle.iter().skip(1).take(MAX_PLACES).filter_map(|name| conditions.get(*name));
    Some(others.fold(problem.label(route(circle)), |problem, other| problem.related(other.key_at, "on the way")))
}
