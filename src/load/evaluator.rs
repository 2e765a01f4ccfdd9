//! Resolves values: walks a tree and replaces every function by what it gives.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::check::MAX_PROBLEMS;
use super::condition::{self, Truth, Truths};
use super::scope::Scope;
use super::{Inputs, call};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Unknown, Value};
use crate::source::Span;

/// How many bytes functions may produce, and values be looked at, in one variant. A template has one megabyte at most, so real ones stay far below.
const BUDGET: usize = 8 << 20;
/// How many resources an attribute may lead through.
const MAX_NESTING: u8 = 4;
/// What a list element costs of it.
pub(super) const ELEMENT: usize = 64;

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by a test")]
static DYNAMIC: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):").unwrap());

/// A template together with everything that decides what its functions give.
pub(super) struct Evaluator<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) inputs: &'a Inputs,
    /// What `Ref` gives for each parameter.
    pub(super) parameters: &'a HashMap<Arc<str>, Kind>,
    truths: Truths,
    problems: RefCell<Vec<Diagnostic>>,
    left: Cell<usize>,
    nesting: Cell<u8>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator for one assignment of the conditions.
    pub(super) fn new(
        scope: &'a Scope<'a>,
        inputs: &'a Inputs,
        parameters: &'a HashMap<Arc<str>, Kind>,
        truths: Truths,
    ) -> Self {
        Self {
            scope,
            inputs,
            parameters,
            truths,
            problems: RefCell::default(),
            left: Cell::new(BUDGET),
            nesting: Cell::new(0),
        }
    }

    /// Notes that a function cannot give anything, with values as they are.
    pub(super) fn report(&self, problem: Diagnostic) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS && !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// What was noted.
    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        self.problems.take()
    }

    /// The truth of a condition.
    pub(super) fn truth(&self, condition: &str) -> Truth {
        self.truths.get(condition).copied().flatten()
    }

    /// The condition that keeps a resource out of the stack, if there is one.
    pub(super) fn left_out(&self, resource: &Value) -> Option<Arc<str>> {
        let condition = resource.child("Condition")?.text()?;
        (self.truth(&condition) == Some(false)).then_some(condition)
    }

    /// What a value comes to; `None` if it is `AWS::NoValue`.
    pub(super) fn value(&self, raw: &Value) -> Option<Value> {
        // Where functions take values apart again and again, looking at them is what costs.
        if let Err(why) = self.spend(1) {
            return Some(Value { kind: Kind::Unknown(why), at: raw.at });
        }
        let kind = match &raw.kind {
            Kind::Map(map) => {
                if let Some((name, argument)) = condition::call(raw) {
                    return call::call(self, name, argument, raw.at);
                }
                if let Some((name, entry)) = map.iter().find(|(key, _)| key.starts_with("Fn::")) {
                    Kind::Unknown(call::why(self, name, &entry.value))
                } else {
                    let member = |(key, entry): (&Arc<str>, &Entry)| {
                        let value = self.value(&entry.value)?;
                        Some((Arc::clone(key), Entry { key_at: entry.key_at, value }))
                    };
                    Kind::Map(map.iter().filter_map(member).collect())
                }
            }
            Kind::List(items) => Kind::List(items.iter().filter_map(|item| self.value(item)).collect()),
            Kind::Str(text) => dynamic(text).map_or_else(|| raw.kind.clone(), Kind::Unknown),
            _ => raw.kind.clone(),
        };
        Some(Value { kind, at: raw.at })
    }

    /// The same for a value of another resource; `None` also where such values lead on and on.
    pub(super) fn nested(&self, raw: &Value) -> Option<Value> {
        let depth = self.nesting.get();
        if depth >= MAX_NESTING || self.spend(ELEMENT).is_err() {
            return None;
        }
        self.nesting.set(depth + 1);
        let value = self.value(raw);
        self.nesting.set(depth);
        value
    }

    /// The text that a value comes to, or why there is none. `function` is who asks.
    pub(super) fn text(&self, raw: &Value, function: &str) -> Result<Arc<str>, Unknown> {
        let unsupported = || Unknown::Unsupported(function.into());
        let value = self.value(raw).ok_or_else(unsupported)?;
        value.text().ok_or_else(|| value.why_unknown().unwrap_or_else(unsupported))
    }

    /// Whether two values are the same text.
    pub(super) fn equal(&self, left: &Value, right: &Value) -> Truth {
        let (left, right) = (self.value(left)?, self.value(right)?);
        match (&left.kind, &right.kind) {
            (Kind::Symbol(a), Kind::Symbol(b)) if a == b => Some(true),
            _ => Some(left.text()? == right.text()?),
        }
    }

    /// A copy of a value that is written or given elsewhere, within the budget.
    pub(super) fn copy(&self, kind: &Kind) -> Result<Kind, Unknown> {
        if let Kind::List(items) = kind {
            self.spend(items.len() * ELEMENT)?;
        }
        Ok(kind.clone())
    }

    /// Takes what a function produces out of the budget.
    pub(super) fn spend(&self, amount: usize) -> Result<(), Unknown> {
        let left = self.left.get().checked_sub(amount);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or_else(|| Unknown::Unsupported("a text of this size".into()))
    }
}

/// The service that a text with a dynamic reference asks.
pub(super) fn dynamic(text: &str) -> Option<Unknown> {
    if !text.contains("{{resolve:") {
        return None;
    }
    let service = DYNAMIC.captures(text)?.get(1)?.as_str();
    Some(Unknown::Dynamic(service.into()))
}

/// A value that was written elsewhere, shown where it is used.
pub(super) fn place(kind: Kind, at: Span) -> Value {
    let kind = match kind {
        Kind::List(items) => Kind::List(items.into_iter().map(|item| place(item.kind, at)).collect()),
        other => other,
    };
    Value { kind, at }
}
