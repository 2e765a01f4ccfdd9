//! What passes must be able to fail: for every rule some small change of a passing case breaks it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use driftline::judge;
use driftline::model::{Kind, Value, types};
use driftline::profile::Active;
use driftline::rules::{self, Rule, Scope, Verdict};
use driftline::source::Sources;

use crate::fixtures::{self, Document};

/// The paths of all values below a value, leaves first.
fn paths(value: &Value, here: &[String], into: &mut Vec<Vec<String>>) {
    let mut below = |name: String, child: &Value| {
        let path = [here, std::slice::from_ref(&name)].concat();
        paths(child, &path, into);
        into.push(path);
    };
    match &value.kind {
        Kind::Map(map) => map.iter().for_each(|(name, entry)| below(name.to_string(), &entry.value)),
        Kind::List(items) => items.iter().enumerate().for_each(|(n, item)| below(n.to_string(), item)),
        _ => {}
    }
}

/// Changes the value at a path; `false` if the change does not apply to it.
fn change(value: &mut Value, path: &[String], how: usize) -> bool {
    let [first, rest @ ..] = path else { return false };
    match &mut value.kind {
        Kind::Map(map) if rest.is_empty() && how == 0 => map.shift_remove(first.as_str()).is_some(),
        Kind::List(items) if rest.is_empty() && how == 0 => {
            items.remove(first.parse::<usize>().unwrap());
            true
        }
        Kind::Map(map) => {
            let Some(entry) = map.get_mut(first.as_str()) else { return false };
            if rest.is_empty() { replace(&mut entry.value, how) } else { change(&mut entry.value, rest, how) }
        }
        Kind::List(items) => {
            let Some(item) = items.get_mut(first.parse::<usize>().unwrap()) else { return false };
            if rest.is_empty() { replace(item, how) } else { change(item, rest, how) }
        }
        _ => false,
    }
}

/// The ways to change a scalar, besides removing it.
const WAYS: usize = 8;

fn replace(value: &mut Value, how: usize) -> bool {
    let text = value.text();
    let number = text.as_deref().and_then(|t| t.parse::<i64>().ok());
    let changed = match (how, &value.kind, number) {
        (1, Kind::Bool(b), _) => Kind::Bool(!b),
        (1, Kind::Str(t), _) if &**t == "true" => Kind::Str("false".into()),
        (1, Kind::Str(t), _) if &**t == "false" => Kind::Str("true".into()),
        (2, _, Some(_)) => Kind::Str("0".into()),
        (3, _, Some(n)) => Kind::Str((n.saturating_mul(1000) + 1_000_000).to_string().into()),
        (2, Kind::Str(_), None) => Kind::Str("*".into()),
        (3, Kind::Str(_), None) => Kind::Str("other".into()),
        (4, Kind::Str(_), _) => Kind::Str("0.0.0.0/0".into()),
        (5, Kind::Str(_), _) => Kind::Str("Deny".into()),
        (7, Kind::Str(t), _) if t.contains(':') => Kind::Str(t.replace(|c: char| c.is_ascii_digit(), "").into()),
        (6, Kind::Str(_), _) => Kind::Str("arn:aws:iam::999999999999:root".into()),
        _ => return false,
    };
    value.kind = changed;
    true
}

/// Lets a reference name the next resource of the same type instead.
fn redirect(root: &mut Value, path: &[String]) -> bool {
    let Some(target) = path.iter().try_fold(&*root, |at, name| step(at, name)).and_then(Value::text) else {
        return false;
    };
    let resources = root.child("Resources").and_then(Value::as_map).unwrap();
    let kind = |id: &str| resources.get(id).and_then(|r| r.value.child("Type")).and_then(Value::text);
    let Some(wanted) = kind(&target) else { return false };
    let alike: Vec<Arc<str>> = resources.keys().filter(|id| kind(id).as_ref() == Some(&wanted)).cloned().collect();
    let here = alike.iter().position(|id| *id == target).unwrap();
    let next = Arc::clone(&alike[(here + 1) % alike.len()]);
    next != target && set(root, path, Kind::Str(next))
}

fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    name.parse::<usize>().ok().and_then(|n| value.as_list()?.get(n)).or_else(|| value.child(name))
}

fn set(value: &mut Value, path: &[String], to: Kind) -> bool {
    match (path, &mut value.kind) {
        ([], kind) => *kind = to,
        ([first, rest @ ..], Kind::Map(map)) => return set(&mut map.get_mut(first.as_str()).unwrap().value, rest, to),
        ([first, rest @ ..], Kind::List(items)) => return set(&mut items[first.parse::<usize>().unwrap()], rest, to),
        _ => return false,
    }
    true
}

/// Whether some subject that is marked as passing fails in the changed document.
fn breaks(rule: &'static Rule, document: &Document) -> bool {
    let active = [Active { params: document.params(rule), ..Active::by_default(rule) }];
    let passing = |mark: Option<&String>| mark.is_some_and(|m| m == "pass");
    let fails = |verdict: Option<&Verdict>| verdict.is_some_and(|v| v.word() == "fail");
    if rule.scope != Scope::Account {
        let Some(variants) = document.try_declared() else { return false };
        let broken = judge::declared(&active, &variants)
            .iter()
            .any(|j| fails(j.verdict.as_ref()) && passing(document.mark(j.resource).template.as_ref()));
        if broken {
            return true;
        }
    }
    if rule.scope == Scope::Template {
        return false;
    }
    let Some((estate, marks)) = document.try_live(rule) else { return false };
    judge::observed(&active, &estate).iter().any(|j| {
        let id = j.resource.address.physical_id.clone().unwrap();
        fails(j.verdict.as_ref()) && passing(marks.get(&id).and_then(|m| m.live.as_ref()))
    })
}

fn some_change_breaks(rule: &'static Rule, documents: Vec<Document>) -> bool {
    documents.into_iter().any(|mut document| {
        let whole = document.template.root.clone();
        let mut all = Vec::new();
        paths(&whole, &[], &mut all);
        let reads_template = rule.types.contains(&types::TEMPLATE) || rule.scope == Scope::Template;
        all.retain(|path| reads_template || path.first().is_some_and(|p| p == "Resources") && path.len() > 2);
        (0..=WAYS).any(|how| {
            all.iter().any(|path| {
                document.template.root = whole.clone();
                let root = &mut document.template.root;
                let changed = if how == WAYS { redirect(root, path) } else { change(root, path, how) };
                changed && breaks(rule, &document)
            })
        })
    })
}

#[test]
fn a_change_of_what_passes_breaks_it() {
    let only = std::env::var("RULE").ok();
    let mut unbreakable = Vec::new();
    for rule in rules::all().filter(|r| only.as_ref().is_none_or(|id| id == r.id)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules").join(format!("{}.yaml", rule.id));
        let text = fs::read_to_string(&path).unwrap();
        let documents = fixtures::documents(&mut Sources::default(), &path.display().to_string(), &text);
        if !some_change_breaks(rule, documents) {
            unbreakable.push(rule.id);
        }
    }
    assert!(unbreakable.is_empty(), "nothing breaks the passing cases of {unbreakable:?}");
}
