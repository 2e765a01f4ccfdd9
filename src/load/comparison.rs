//! The `Fn::Equals` of the conditions: what is known of them, and which of them can be true together.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::condition::{self, Truth, Truths};
use super::evaluator::Evaluator;
use super::parameter::Parameter;
use super::scope::Scope;
use crate::model::{Kind, Unknown, Value, to_json};

/// What stands for an open comparison: its place in the order of the template.
pub(super) type Open = usize;

/// A truth for some of the open comparisons.
pub(super) type Assignment = [(Open, bool)];

/// Every comparison of a template, evaluated once.
pub(super) struct Comparisons<'a> {
    /// By the address of the arguments: known, or open.
    outcomes: HashMap<*const Value, Result<bool, Open>>,
    /// For each open one the parameter that is compared with a known text, if that is what it is.
    subjects: Vec<Option<(&'a str, Arc<str>)>>,
}

impl<'a> Comparisons<'a> {
    /// Looks at every condition. Comparisons of the same arguments, wherever they stand, are one.
    pub(super) fn new(on: &Evaluator<'a>) -> Self {
        let mut all = Self { outcomes: HashMap::new(), subjects: Vec::new() };
        let mut by_text: HashMap<String, Open> = HashMap::new();
        for entry in on.scope.conditions.values() {
            condition::judge(&entry.value, &Truths::new(), &mut |function, arguments| {
                if function != "Fn::Equals" {
                    return None;
                }
                let truth = compare(on, arguments);
                let outcome = truth.ok_or_else(|| {
                    *by_text.entry(to_json(arguments).to_string()).or_insert_with(|| {
                        all.subjects.push(subject(on, arguments));
                        all.subjects.len() - 1
                    })
                });
                all.outcomes.insert(std::ptr::from_ref(arguments), outcome);
                truth
            });
        }
        all
    }

    /// Whether a comparison is true, known or open.
    pub(super) fn outcome(&self, arguments: &Value) -> Option<Result<bool, Open>> {
        self.outcomes.get(&std::ptr::from_ref(arguments)).copied()
    }

    /// The truth of a comparison under an assignment.
    pub(super) fn truth(&self, arguments: &Value, assignment: &Assignment) -> Truth {
        match self.outcome(arguments)? {
            Ok(truth) => Some(truth),
            Err(open) => assignment.iter().find(|(one, _)| *one == open).map(|&(_, truth)| truth),
        }
    }

    /// Whether each parameter can have one value that makes the assignment true.
    pub(super) fn possible(&self, scope: &Scope<'_>, assignment: &Assignment) -> bool {
        let about = || {
            let subject = |&(open, truth): &(Open, bool)| Some((self.subjects.get(open)?.as_ref()?, truth));
            assignment.iter().filter_map(subject)
        };
        let parameters: BTreeSet<&str> = about().map(|((name, _), _)| *name).collect();
        parameters.into_iter().all(|parameter| {
            let texts = |wanted: bool| {
                let text = |((name, text), truth): (&'_ (&str, Arc<str>), bool)| {
                    (*name == parameter && truth == wanted).then(|| Arc::clone(text))
                };
                about().filter_map(text).collect::<BTreeSet<_>>()
            };
            let (is, is_not) = (texts(true), texts(false));
            let allowed = || scope.parameters.get(parameter)?.value.child("AllowedValues")?.as_list();
            let other =
                || allowed().is_none_or(|all| all.iter().any(|v| v.text().is_none_or(|v| !is_not.contains(&v))));
            is.is_disjoint(&is_not) && is.len() <= 1 && (is.len() == 1 || other())
        })
    }
}

/// What `Fn::Equals` gives: also `false` for a value that the parameter may not take.
fn compare(on: &Evaluator<'_>, arguments: &Value) -> Truth {
    let [left, right] = arguments.as_list()? else { return None };
    on.equal(left, right).or_else(|| {
        let (name, text) = subject(on, arguments)?;
        let (name, entry) = on.scope.parameters.get_key_value(name)?;
        (!Parameter::new(name, &entry.value).allows(&text)).then_some(false)
    })
}

/// The parameter without a value that is compared, and the known text it is compared with.
fn subject<'a>(on: &Evaluator<'a>, arguments: &Value) -> Option<(&'a str, Arc<str>)> {
    let [left, right] = arguments.as_list()? else { return None };
    let parameter = |value: &Value| {
        let (_, name) = condition::call(value).filter(|(function, _)| &***function == "Ref")?;
        let (name, _) = on.scope.parameters.get_key_value(name.as_str()?)?;
        matches!(on.parameters.get(name), Some(Kind::Unknown(Unknown::Parameter(_) | Unknown::NoEcho(_))))
            .then_some(&**name)
    };
    let pair = |a: &Value, b: &Value| Some((parameter(a)?, on.value(b)?.text()?));
    pair(left, right).or_else(|| pair(right, left))
}
