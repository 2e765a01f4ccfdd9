//! Evaluates a template: once per assignment of what its conditions leave open.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::condition::{self, Truth, Truths};
use super::evaluator::Evaluator;
use super::parameter::Parameter;
use super::scope::Scope;
use super::{Declared, Inputs, Template, resources};
use crate::diag::{Diagnostic, Gravity, did_you_mean};
use crate::model::{Kind, Unknown, Value, to_json};

/// How many undecided comparisons are enumerated: 64 variants.
const MAX_UNDECIDED: usize = 6;

/// A `Fn::Equals` whose truth is not known. Equal ones, wherever they stand, are one.
struct Comparison<'a> {
    /// The arguments as text: what makes two comparisons the same.
    key: String,
    /// The parameter that is compared with a known text, if that is what it is.
    subject: Option<(&'a str, Arc<str>)>,
}

/// Resolves a template. An error holds everything that is wrong with the inputs.
pub fn evaluate(template: &Template, inputs: &Inputs) -> Result<Declared, Vec<Diagnostic>> {
    let scope = Scope::new(&template.root);
    let mut warnings = template.warnings.clone();
    warnings.extend(input_problems(template, &scope, inputs));
    if warnings.iter().any(|problem| problem.gravity == Gravity::Error) {
        return Err(warnings);
    }
    let declared = scope.parameters.iter().map(|(name, entry)| (name, Parameter::new(name, &entry.value)));
    let parameters: HashMap<Arc<str>, Kind> =
        declared.map(|(name, parameter)| (Arc::clone(name), parameter.value(inputs))).collect();

    let plain = Evaluator::new(&scope, inputs, &parameters, Truths::new());
    let order = condition::order(scope.conditions);
    let undecided = undecided(&plain, &order);
    let capped = undecided.len() > MAX_UNDECIDED;
    let enumerated = undecided.get(..MAX_UNDECIDED).unwrap_or(&undecided);

    let mut seen = BTreeSet::new();
    let mut variants = Vec::new();
    for bits in 0..1_usize << enumerated.len() {
        let assignment: Vec<(&Comparison<'_>, bool)> =
            enumerated.iter().enumerate().map(|(n, comparison)| (comparison, bits >> n & 1 == 0)).collect();
        if !possible(&scope, &assignment) {
            continue;
        }
        let truths = truths(&plain, &order, &assignment);
        let outcome: Vec<Truth> = order.iter().map(|name| truths.get(&***name).copied().flatten()).collect();
        if seen.insert(outcome) {
            variants.push(resources::all(template, &Evaluator::new(&scope, inputs, &parameters, truths)));
        }
    }
    Ok(Declared { variants, warnings, capped })
}

/// The truth of every condition under an assignment.
fn truths(on: &Evaluator<'_>, order: &[&Arc<str>], assignment: &[(&Comparison<'_>, bool)]) -> Truths {
    let mut truths = Truths::new();
    let mut equals = |arguments: &Value| {
        compare(on, arguments).or_else(|| {
            let key = key(arguments);
            assignment.iter().find(|(comparison, _)| comparison.key == key).map(|&(_, truth)| truth)
        })
    };
    for name in order {
        let Some(entry) = on.scope.conditions.get(&***name) else { continue };
        let truth = condition::judge(&entry.value, &truths, &mut equals);
        truths.insert(Arc::clone(name), truth);
    }
    truths
}

/// The comparisons that leave a condition open which the resources use, in the order of the template.
fn undecided<'a>(on: &Evaluator<'a>, order: &[&Arc<str>]) -> Vec<Comparison<'a>> {
    let truths = truths(on, order, &[]);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = Vec::new();
    for entry in on.scope.resources.values() {
        uses(&entry.value, &mut next);
        next.extend(entry.value.child("Condition").and_then(Value::as_str));
    }
    while let Some(name) = next.pop() {
        if used.insert(name) {
            next.extend(on.scope.conditions.get(name).map(|entry| condition::mentions(&entry.value)).unwrap_or_default());
        }
    }
    let mut found: Vec<Comparison<'a>> = Vec::new();
    let open = |name: &str| used.contains(name) && truths.get(name).copied().flatten().is_none();
    for (_, entry) in on.scope.conditions.iter().filter(|(name, _)| open(name)) {
        condition::judge(&entry.value, &truths, &mut |arguments: &'a Value| {
            let truth = compare(on, arguments);
            if truth.is_none() {
                let key = key(arguments);
                if !found.iter().any(|comparison| comparison.key == key) {
                    found.push(Comparison { key, subject: subject(on, arguments) });
                }
            }
            truth
        });
    }
    found
}

/// The conditions that the functions in a value ask for.
fn uses<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    if let Some((name, argument)) = condition::call(value)
        && &**name == "Fn::If"
    {
        into.extend(argument.as_list().and_then(|parts| parts.first()).and_then(Value::as_str));
    }
    match &value.kind {
        Kind::List(items) => items.iter().for_each(|item| uses(item, into)),
        Kind::Map(map) => map.values().for_each(|entry| uses(&entry.value, into)),
        _ => {}
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

fn key(arguments: &Value) -> String {
    to_json(arguments).to_string()
}

/// The parameter without a value that is compared, and the known text it is compared with.
fn subject<'a>(on: &Evaluator<'a>, arguments: &Value) -> Option<(&'a str, Arc<str>)> {
    let [left, right] = arguments.as_list()? else { return None };
    let parameter = |value: &Value| {
        let (_, name) = condition::call(value).filter(|(function, _)| &***function == "Ref")?;
        let (name, _) = on.scope.parameters.get_key_value(name.as_str()?)?;
        matches!(on.parameters.get(name), Some(Kind::Unknown(Unknown::Parameter(_) | Unknown::NoEcho(_)))).then_some(&**name)
    };
    let pair = |a: &Value, b: &Value| Some((parameter(a)?, on.value(b)?.text()?));
    pair(left, right).or_else(|| pair(right, left))
}

/// Whether one value of each parameter can make an assignment true: it equals one text at most, and one of the values it may take.
fn possible(scope: &Scope<'_>, assignment: &[(&Comparison<'_>, bool)]) -> bool {
    let subjects: BTreeSet<&str> = assignment.iter().filter_map(|(c, _)| c.subject.as_ref()).map(|(name, _)| *name).collect();
    subjects.into_iter().all(|name| {
        let about = assignment.iter().filter_map(|(c, truth)| {
            c.subject.as_ref().filter(|(subject, _)| *subject == name).map(|(_, text)| (&**text, *truth))
        });
        let (is, is_not): (Vec<_>, Vec<_>) = about.partition(|&(_, truth)| truth);
        let first = is.first().map(|&(text, _)| text);
        let one_at_most = is.iter().all(|&(text, _)| Some(text) == first);
        let excluded = |text: &str| is_not.iter().any(|&(not, _)| not == text);
        let allowed = scope.parameters.get(name).and_then(|entry| entry.value.child("AllowedValues")?.as_list());
        let some_left =
            first.is_some() || allowed.is_none_or(|all| all.iter().any(|v| v.text().is_none_or(|v| !excluded(&v))));
        one_at_most && some_left && !first.is_some_and(excluded)
    })
}

/// Given parameters that the template does not have, and values that their declarations refuse.
fn input_problems(template: &Template, scope: &Scope<'_>, inputs: &Inputs) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let section = scope.root.as_map().and_then(|root| root.get("Parameters").or_else(|| root.get("Resources")));
    for (name, text) in &inputs.parameters {
        let Some((name, entry)) = scope.parameters.get_key_value(name) else {
            let at = section.map_or(template.root.at, |entry| entry.key_at);
            let problem = Diagnostic::error(at, format!("the template has no parameter `{name}`")).label("not declared here");
            let near = did_you_mean(name, scope.parameters.keys().map(|key| &**key));
            problems.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
            continue;
        };
        let parameter = Parameter::new(name, &entry.value);
        if parameter.no_echo() {
            continue;
        }
        let refused = parameter.parts(text).into_iter().find(|part| !parameter.allows(part));
        if let (Some(value), Some(allowed)) = (refused, parameter.allowed()) {
            let all = allowed.as_list().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            problems.push(
                Diagnostic::error(allowed.at, format!("parameter `{name}` may not be `{value}`"))
                    .label("the values it may take")
                    .hint(format!("give one of: {all}")),
            );
        }
        let is_number = |part: &str| part.trim().parse::<f64>().is_ok();
        if let Some(part) = parameter.parts(text).into_iter().find(|part| parameter.is_number() && !is_number(part)) {
            problems.push(
                Diagnostic::error(entry.key_at, format!("parameter `{name}` is a number, `{part}` is none")),
            );
        }
    }
    problems
}
