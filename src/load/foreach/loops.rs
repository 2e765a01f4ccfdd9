//! Copies a tree and writes its loops out on the way.

use std::sync::Arc;

use super::name::{self, Rounds};
use super::unknown;
use crate::diag::Diagnostic;
use crate::load::check::MAX_PROBLEMS;
use crate::load::evaluator::Evaluator;
use crate::load::names;
use crate::model::{Entry, Kind, Map, Value};
use crate::source::Span;

/// How many values all loops of a template together may make. The template that comes out may have one megabyte, which has fewer.
const BUDGET: usize = 250_000;
/// How many bytes of text cost as much as one value.
const BYTES: usize = 16;

/// The copying of one template.
pub(super) struct Loops<'a> {
    on: &'a Evaluator<'a>,
    rounds: Rounds,
    left_to_spend: Option<usize>,
    /// The loop that makes too much; then nothing else that is found is of use.
    pub(super) too_much: Option<Diagnostic>,
    /// What is wrong.
    pub(super) problems: Vec<Diagnostic>,
    /// The loops that stay, a warning for each.
    pub(super) left: Vec<Diagnostic>,
}

impl<'a> Loops<'a> {
    pub(super) fn new(on: &'a Evaluator<'a>) -> Self {
        Self {
            on,
            rounds: Vec::new(),
            left_to_spend: Some(BUDGET),
            too_much: None,
            problems: Vec::new(),
            left: Vec::new(),
        }
    }

    /// The members of a section.
    pub(super) fn section(&mut self, members: &Map) -> Map {
        let made = self.members(members);
        for (id, entry) in &made {
            // Names that are written down are looked at elsewhere; these exist only now.
            let by_loop = !members.contains_key(id) && !names::is_loop(id);
            if by_loop && !id.chars().all(|c| c.is_ascii_alphanumeric()) {
                let problem = Diagnostic::error(entry.key_at, format!("a loop makes the name `{id}`"));
                self.report(
                    problem
                        .label("only letters and digits are allowed here")
                        .hint("`&{Identifier}` leaves out everything but letters and digits"),
                );
            }
        }
        made
    }

    fn members(&mut self, map: &Map) -> Map {
        let mut made = Map::with_capacity(map.len());
        self.add(map, &mut made);
        made
    }

    /// Adds the members of a mapping to another, those that its loops make included.
    fn add(&mut self, map: &Map, into: &mut Map) {
        for (key, entry) in map {
            if !self.spend(1) {
                return;
            }
            let key = self.text(key).unwrap_or_else(|| Arc::clone(key));
            if names::is_loop(&key) {
                self.write_out(&key, entry, into);
                continue;
            }
            if let Some(first) = into.get(&key) {
                let problem = Diagnostic::error(entry.key_at, format!("a loop makes `{key}` twice"));
                let problem = problem.hint("each value of the collection must give a name of its own");
                let elsewhere = first.key_at != entry.key_at;
                self.report(if elsewhere { problem.related(first.key_at, "made here before") } else { problem });
                continue;
            }
            let value = self.value(&entry.value);
            into.insert(key, Entry { key_at: entry.key_at, value });
        }
    }

    fn value(&mut self, value: &Value) -> Value {
        let kind = match &value.kind {
            Kind::Map(map) => match self.identifier(map) {
                Some(text) => Kind::Str(text),
                None => Kind::Map(self.members(map)),
            },
            Kind::List(items) => {
                let mut made = Vec::with_capacity(items.len());
                for item in items {
                    if !self.spend(1) {
                        break;
                    }
                    made.push(self.value(item));
                }
                Kind::List(made)
            }
            Kind::Str(text) => self.text(text).map_or_else(|| value.kind.clone(), Kind::Str),
            other => other.clone(),
        };
        Value { kind, at: value.at }
    }

    /// What `Ref` gives, if it names the identifier of a loop.
    fn identifier(&mut self, map: &Map) -> Option<Arc<str>> {
        let name = map.get("Ref").filter(|_| map.len() == 1)?.value.as_str()?;
        let value = name::value(&self.rounds, name)?.clone();
        self.spend(value.len() / BYTES);
        Some(value)
    }

    fn text(&mut self, text: &Arc<str>) -> Option<Arc<str>> {
        if self.rounds.is_empty() {
            return None;
        }
        let limit = self.left_to_spend.unwrap_or(0) * BYTES;
        let replaced = name::replace(text, &self.rounds, limit)?;
        self.spend(replaced.len() / BYTES);
        Some(replaced.into())
    }

    fn write_out(&mut self, key: &Arc<str>, entry: &Entry, into: &mut Map) {
        let parts = entry.value.as_list().unwrap_or_default();
        let [identifier, collection, body] = parts else {
            return self.wrong(key, entry.value.at, "expected an identifier, a collection and a mapping");
        };
        let Some(name) = identifier.as_str().filter(|name| !name.is_empty()) else {
            return self.wrong(key, identifier.at, "expected the name of an identifier");
        };
        let Some(members) = body.as_map() else {
            return self.wrong(key, body.at, "expected a mapping of what is repeated");
        };
        let collection = self.value(collection);
        let Some(values) = self.collection(key, entry, &collection) else {
            // The mark of what is not known. One is enough where an outer loop goes round.
            if !into.contains_key(key) {
                let body = self.value(body);
                let parts = vec![identifier.clone(), collection, body];
                let value = Value { kind: Kind::List(parts), at: entry.value.at };
                into.insert(Arc::clone(key), Entry { key_at: entry.key_at, value });
            }
            return;
        };
        let name: Arc<str> = name.into();
        for value in values {
            if !self.spend(1) {
                self.exceed(key, entry.key_at);
                return;
            }
            self.rounds.push((Arc::clone(&name), value));
            self.add(members, into);
            self.rounds.pop();
        }
        if self.left_to_spend.is_none() {
            self.exceed(key, entry.key_at);
        }
    }

    /// The values of a collection; `None`, and said why, if they are not known.
    fn collection(&mut self, key: &str, entry: &Entry, written: &Value) -> Option<Vec<Arc<str>>> {
        let resolved = self.on.value(written)?;
        if matches!(resolved.kind, Kind::Ref(_)) {
            self.wrong(key, written.at, "a resource's value is known only once it is deployed");
            return None;
        }
        if let Some(why) = unknown(&resolved) {
            let warning = Diagnostic::warning(entry.key_at, format!("`{key}` is not written out"));
            let warning = warning.label("what it makes is not seen").related(written.at, why.to_string());
            if self.left.len() < MAX_PROBLEMS && self.left.iter().all(|other| other.at != warning.at) {
                self.left.push(warning);
            }
            return None;
        }
        let texts = resolved.as_list().map(|items| items.iter().map(Value::text).collect::<Option<Vec<_>>>());
        if let Some(Some(texts)) = texts {
            return Some(texts);
        }
        self.wrong(key, written.at, "expected a list of texts");
        None
    }

    fn wrong(&mut self, key: &str, at: Span, expected: &str) {
        self.report(Diagnostic::error(at, format!("wrong argument of `{key}`")).label(expected));
    }

    fn exceed(&mut self, key: &str, at: Span) {
        // Said once, by the innermost loop.
        self.too_much.get_or_insert_with(|| {
            Diagnostic::error(at, format!("`{key}` and the loops around it make more than a template can hold"))
                .label("not written out")
                .hint("CloudFormation takes 500 resources and 1,000,000 bytes after all loops are written out")
        });
    }

    fn report(&mut self, problem: Diagnostic) {
        let known = self.problems.iter().any(|other| other.at == problem.at);
        if !known && self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Takes what is made out of the budget; `false` if there is none left.
    fn spend(&mut self, amount: usize) -> bool {
        self.left_to_spend = self.left_to_spend.and_then(|left| left.checked_sub(amount));
        self.left_to_spend.is_some()
    }
}
