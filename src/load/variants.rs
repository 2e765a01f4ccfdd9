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
            enumerated.iter().rev().enumerate().map(|(n, comparison)| (comparison, bits >> n & 1 == 0)).collect();
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
            next.extend(
                on.scope.conditions.get(name).map(|entry| condition::mentions(&entry.value)).unwrap_or_default(),
            );
        }
    }
    let mut found: Vec<Comparison<'a>> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let open = |name: &str| used.contains(name) && truths.get(name).copied().flatten().is_none();
    for (_, entry) in on.scope.conditions.iter().filter(|(name, _)| open(name)) {
        condition::judge(&entry.value, &truths, &mut |arguments: &'a Value| {
            let truth = compare(on, arguments);
            if truth.is_none() {
                let key = key(arguments);
                if seen.insert(key.clone()) {
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
        matches!(on.parameters.get(name), Some(Kind::Unknown(Unknown::Parameter(_) | Unknown::NoEcho(_))))
            .then_some(&**name)
    };
    let pair = |a: &Value, b: &Value| Some((parameter(a)?, on.value(b)?.text()?));
    pair(left, right).or_else(|| pair(right, left))
}

/// Whether one value of each parameter can make an assignment true: it equals one text at most, and one of the values it may take.
fn possible(scope: &Scope<'_>, assignment: &[(&Comparison<'_>, bool)]) -> bool {
    let subjects: BTreeSet<&str> =
        assignment.iter().filter_map(|(c, _)| c.subject.as_ref()).map(|(name, _)| *name).collect();
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
            let problem =
                Diagnostic::error(at, format!("the template has no parameter `{name}`")).label("not declared here");
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
            let all =
                allowed.as_list().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            problems.push(
                Diagnostic::error(allowed.at, format!("parameter `{name}` may not be `{value}`"))
                    .label("the values it may take")
                    .hint(format!("give one of: {all}")),
            );
        }
        let is_number = |part: &str| part.trim().parse::<f64>().is_ok();
        if let Some(part) = parameter.parts(text).into_iter().find(|part| parameter.is_number() && !is_number(part)) {
            problems.push(Diagnostic::error(entry.key_at, format!("parameter `{name}` is a number, `{part}` is none")));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::testing::declared;
    use super::*;

    /// The value of `R.P`, or `-` where `R` does not exist, in each variant.
    fn seen(text: &str, inputs: &Inputs) -> Vec<String> {
        let shown = |variant: &Vec<crate::model::Resource>| {
            let found = variant.iter().find(|r| r.address.logical_id.as_deref() == Some("R"));
            found.map_or("-".to_owned(), |r| r.properties.child("P").map_or("none".to_owned(), ToString::to_string))
        };
        declared(text, inputs).variants.iter().map(shown).collect()
    }

    fn given(name: &str, value: &str) -> Inputs {
        Inputs { parameters: [(name.into(), value.into())].into(), ..Inputs::default() }
    }

    const PROD: &str = "Parameters: {Env: {Type: String}}\n\
                        Conditions: {Prod: !Equals [!Ref Env, prod], NotProd: !Not [!Condition Prod]}\n\
                        Resources: {R: {Type: T::T::T, Properties: {P: !If [NotProd, 1, 2]}}}\n";

    #[test]
    fn a_decided_condition_gives_one_variant_and_an_open_one_two() {
        assert_eq!(seen(PROD, &given("Env", "prod")), ["2"]);
        assert_eq!(seen(PROD, &given("Env", "dev")), ["1"]);
        assert_eq!(seen(PROD, &Inputs::default()), ["2", "1"]);
        assert_eq!(seen(&PROD.replace("!If [NotProd, 1, 2]", "3"), &Inputs::default()), ["3"], "nobody asks for it");
    }

    #[test]
    fn a_resource_follows_its_condition_and_so_does_what_refers_to_it() {
        let text = "Parameters: {Env: {Type: String}}\nConditions: {Prod: !Equals [!Ref Env, prod]}\n\
                    Resources: {A: {Type: T::T::T, Condition: Prod}, R: {Type: T::T::T, Properties: {P: !Ref A}}}";
        assert_eq!(seen(text, &given("Env", "prod")), ["!Ref A"]);
        assert_eq!(seen(text, &given("Env", "dev")), ["unknown (condition Prod cannot be decided)"]);
        assert_eq!(
            seen(&text.replace("A: {", "R2: {").replace("R: {", "A: {").replace("R2", "R"), &given("Env", "x")),
            ["-"]
        );
    }

    #[test]
    fn one_parameter_has_one_value_in_every_variant() {
        let text = |allowed: &str| {
            format!(
                "Parameters: {{Env: {{Type: String{allowed}}}}}\n\
                 Conditions: {{Prod: !Equals [!Ref Env, prod], Dev: !Equals [dev, !Ref Env], Also: !Equals [!Ref Env, prod]}}\n\
                 Resources: {{R: {{Type: T::T::T, Properties: {{P: [!If [Prod, p, '-'], !If [Dev, d, '-'], !If [Also, a, '-']]}}}}}}"
            )
        };
        let open = [r#"["p","-","a"]"#, r#"["-","d","-"]"#, r#"["-","-","-"]"#];
        assert_eq!(seen(&text(""), &Inputs::default()), open);
        assert_eq!(seen(&text(", AllowedValues: [prod, dev]"), &Inputs::default()), open[..2]);
        assert_eq!(seen(&text(", AllowedValues: [prod, test]"), &Inputs::default()), [open[0], open[2]]);
    }

    #[test]
    fn beyond_six_open_comparisons_the_rest_is_unknown() {
        let names = || (0..8).map(|n| format!("C{n}"));
        let conditions: Vec<_> = names().map(|c| format!("{c}: !Equals [!Ref P{c}, x]")).collect();
        let parameters: Vec<_> = names().map(|c| format!("P{c}: {{Type: String}}")).collect();
        let ifs: Vec<_> = names().map(|c| format!("!If [{c}, 1, 0]")).collect();
        let text = format!(
            "Parameters: {{{}}}\nConditions: {{{}}}\nResources: {{R: {{Type: T::T::T, Condition: C7, Properties: {{P: [{}]}}}}}}",
            parameters.join(", "),
            conditions.join(", "),
            ifs.join(", ")
        );
        let declared = declared(&text, &Inputs::default());
        assert!(declared.capped);
        assert_eq!(declared.variants.len(), 64);
        let last =
            r#"[0,0,0,0,0,0,"unknown (condition C6 cannot be decided)","unknown (condition C7 cannot be decided)"]"#;
        assert_eq!(seen(&text, &Inputs::default()).last().unwrap(), last, "and the resource is kept");
    }

    #[test]
    fn inputs_that_the_template_refuses_are_said_all_at_once() {
        let text = "Parameters: {Env: {Type: String, AllowedValues: [prod, dev]}, N: {Type: Number}}\n\
                    Resources: {R: {Type: T::T::T}}";
        let mut sources = crate::source::Sources::default();
        let template = super::super::parse(&mut sources, "t.yaml", text).unwrap();
        let parameters = [("Env", "test"), ("N", "many"), ("Enw", "prod")].map(|(k, v)| (k.into(), v.into())).into();
        let problems = evaluate(&template, &Inputs { parameters, ..Inputs::default() }).unwrap_err();
        let messages: Vec<_> = problems.iter().map(|p| (p.message.as_str(), p.hint.as_deref())).collect();
        let expected = [
            ("parameter `Env` may not be `test`", Some("give one of: prod, dev")),
            ("the template has no parameter `Enw`", Some("did you mean `Env`?")),
            ("parameter `N` is a number, `many` is none", None),
        ];
        assert_eq!(messages, expected);
    }
}
