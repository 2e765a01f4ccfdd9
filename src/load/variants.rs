//! Evaluates a template: once per assignment of what its conditions leave open.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::comparison::{Assignment, Comparisons, Open};
use super::condition::{self, Truth, Truths};
use super::evaluator::Evaluator;
use super::parameter::Parameter;
use super::scope::Scope;
use super::{Declared, Inputs, Template, assertions, foreach, inputs, resources};
use crate::diag::{Diagnostic, Gravity};
use crate::model::{Kind, Value};

/// How many open comparisons are enumerated at most: 64 variants.
const MAX_OPEN: usize = 6;
/// How many resources all variants hold together at most: those of the largest template that CloudFormation takes, in 64 variants.
const MAX_RESOURCES: usize = 64 * 500;

/// Resolves a template. An error holds everything that is wrong with the inputs; for a running stack (with a `stack_id`) it is all warnings,
/// since AWS has taken it.
pub fn evaluate(template: &Template, inputs: &Inputs) -> Result<Declared, Vec<Diagnostic>> {
    let unexpanded = Scope::new(&template.root);
    let mut warnings = template.warnings.clone();
    let worst = if inputs.stack_id.is_some() { Gravity::Warning } else { Gravity::Error };
    let softened = |problem: Diagnostic| Diagnostic { gravity: problem.gravity.min(worst), ..problem };
    warnings.extend(inputs::problems(template, &unexpanded, inputs).into_iter().map(softened));
    if warnings.iter().any(|problem| problem.gravity == Gravity::Error) {
        return Err(warnings);
    }
    let declared = unexpanded.parameters.iter().map(|(name, entry)| (name, Parameter::new(name, &entry.value)));
    let parameters: HashMap<Arc<str>, Kind> =
        declared.map(|(name, parameter)| (Arc::clone(name), parameter.value(inputs))).collect();

    let expansion = foreach::expand(&template.root, &Evaluator::new(&unexpanded, inputs, &parameters, Truths::new()));
    warnings.extend_from_slice(&expansion.left);
    let mistakes = expansion.problems.iter().cloned().chain(foreach::mistakes(&expansion));
    warnings.extend(mistakes.filter(|problem| problem.gravity == Gravity::Error).map(softened));
    if warnings.iter().any(|problem| problem.gravity == Gravity::Error) {
        return Err(warnings);
    }
    let scope = Scope::new(&expansion.root);

    let on = Evaluator::new(&scope, inputs, &parameters, Truths::new());
    warnings.extend(assertions::violated(&on));
    let comparisons = Comparisons::new(&on);
    let mut certain = on.problems();
    let order = condition::order(scope.conditions);
    let open = open(&scope, &comparisons, &order);
    let fits = |n: &usize| scope.resources.len() << n <= MAX_RESOURCES;
    let most = (1..=MAX_OPEN).rev().find(fits).unwrap_or(0);
    let (enumerated, surplus) = open.split_at(most.min(open.len()));
    let capped = !surplus.is_empty();

    let written = resources::written(&scope);
    let mut seen = BTreeSet::new();
    let mut variants = Vec::new();
    let mut common: Option<Vec<Diagnostic>> = None;
    for bits in 0..1_usize << enumerated.len() {
        let assignment: Vec<(Open, bool)> =
            enumerated.iter().rev().enumerate().map(|(n, &open)| (open, bits >> n & 1 == 0)).collect();
        if !comparisons.possible(&scope, &assignment) {
            continue;
        }
        let truths = truths(&scope, &comparisons, &order, &assignment);
        let outcome: Vec<Truth> = order.iter().map(|name| truths.get(&***name).copied().flatten()).collect();
        if seen.insert(outcome) {
            let on = Evaluator::new(&scope, inputs, &parameters, truths);
            variants.push(resources::all(template, &on, &written, variants.is_empty()));
            let problems = on.problems();
            common.get_or_insert_with(|| problems.clone()).retain(|problem| problems.contains(problem));
        }
    }
    // What fails only under some assignment may be an assignment that nobody deploys.
    certain.extend(common.filter(|_| !capped).unwrap_or_default());
    // The defaults alone may not be what is deployed; what is deployed has worked.
    let gravity = if inputs.parameters.is_empty() { Gravity::Warning } else { worst };
    warnings.extend(foreach::once_each(certain).into_iter().map(|problem| Diagnostic { gravity, ..problem }));
    if warnings.iter().any(|problem| problem.gravity == Gravity::Error) {
        return Err(warnings);
    }
    Ok(Declared { variants, warnings, capped })
}

/// The truth of every condition under an assignment.
fn truths(scope: &Scope<'_>, comparisons: &Comparisons<'_>, order: &[&Arc<str>], assignment: &Assignment) -> Truths {
    let mut truths = Truths::new();
    for name in order {
        let Some(entry) = scope.conditions.get(&***name) else { continue };
        let mut leaf = |_: &str, arguments: &Value| comparisons.truth(arguments, assignment);
        let truth = condition::judge(&entry.value, &truths, &mut leaf);
        truths.insert(Arc::clone(name), truth);
    }
    truths
}

/// The comparisons that leave a condition open which the resources use, in the order of the template.
fn open(scope: &Scope<'_>, comparisons: &Comparisons<'_>, order: &[&Arc<str>]) -> Vec<Open> {
    let truths = truths(scope, comparisons, order, &[]);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = Vec::new();
    for entry in scope.resources.values() {
        uses(&entry.value, &mut next);
        next.extend(entry.value.child("Condition").and_then(Value::as_str));
    }
    while let Some(name) = next.pop() {
        if used.insert(name) {
            let expression = scope.conditions.get(name).map(|entry| &entry.value);
            next.extend(expression.map(condition::mentions).unwrap_or_default());
        }
    }
    let mut found = BTreeSet::new();
    let undecided = |name: &str| used.contains(name) && truths.get(name).copied().flatten().is_none();
    for (_, entry) in scope.conditions.iter().filter(|(name, _)| undecided(name)) {
        condition::judge(&entry.value, &truths, &mut |_, arguments| {
            let outcome = comparisons.outcome(arguments)?;
            found.extend(outcome.err());
            outcome.ok()
        });
    }
    found.into_iter().collect()
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
    fn a_function_that_fails_with_the_values_given_is_an_error_and_with_defaults_a_warning() {
        let said = |body: &str, values: &[(&str, &str)]| {
            let text = format!(
                "Parameters: {{Names: {{Type: CommaDelimitedList, Default: 'a,b'}}, Env: {{Type: String, Default: dev}}, Open: {{Type: String}}}}\n\
                 Mappings: {{M: {{dev: {{K: 1}}}}}}\nConditions: {{C: !Equals [!Ref Open, x]}}\n\
                 Resources: {{R: {{Type: T::T::T, Properties: {{P: {body}}}}}}}"
            );
            let template = crate::load::parse(&mut crate::source::Sources::default(), "t", &text).unwrap();
            let parameters = values.iter().map(|&(name, value)| (name.into(), value.into())).collect();
            let found = evaluate(&template, &Inputs { parameters, ..Inputs::default() });
            let (Ok(Declared { warnings: problems, .. }) | Err(problems)) = found;
            problems.into_iter().map(|problem| (problem.gravity, problem.message)).collect::<Vec<_>>()
        };
        let range = |gravity| [(gravity, "`Fn::Select` takes element 2 of a list of 2".to_owned())];
        assert_eq!(said("!Select [2, !Ref Names]", &[("Names", "x,y")]), range(Gravity::Error));
        assert_eq!(said("!Select [2, !Ref Names]", &[]), range(Gravity::Warning));
        assert_eq!(said("!If [C, !Select [2, !Ref Names], 1]", &[("Names", "x,y")]), [], "only under one assignment");
        let key = [(Gravity::Error, "mapping `M` has no key `prod`".to_owned())];
        assert_eq!(said("!FindInMap [M, !Ref Env, K]", &[("Env", "prod")]), key);
        assert_eq!(said("!FindInMap [M, !Ref Env, K, {DefaultValue: 2}]", &[("Env", "prod")]), []);
        assert_eq!(said("!FindInMap [M, !Ref AWS::Region, K]", &[]), []);
    }

    #[test]
    fn a_resource_follows_its_condition_and_so_does_what_refers_to_it() {
        let text = "Parameters: {Env: {Type: String}}\nConditions: {Prod: !Equals [!Ref Env, prod]}\n\
                    Resources: {A: {Type: T::T::T, Condition: Prod}, R: {Type: T::T::T, Properties: {P: !Ref A}}}";
        assert_eq!(seen(text, &given("Env", "prod")), ["!Ref A"]);
        assert_eq!(seen(text, &given("Env", "dev")), ["unknown (condition Prod cannot be decided)"]);
        assert_eq!(
            seen(
                &text.replace("A: {", "R2: {").replace("R: {", "A: {").replace("R2", "R").replace("Ref A", "Ref R"),
                &given("Env", "x")
            ),
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
    fn more_resources_than_a_template_may_have_get_fewer_variants() {
        let count = |resources: usize| {
            let conditions: Vec<_> = (0..6).map(|n| format!("C{n}: !Equals [!Ref P{n}, x]")).collect();
            let parameters: Vec<_> = (0..6).map(|n| format!("P{n}: {{Type: String}}")).collect();
            let ifs: Vec<_> = (0..6).map(|n| format!("!If [C{n}, 1, 0]")).collect();
            let more: Vec<_> = (1..resources).map(|n| format!("R{n}: {{Type: T::T::T}}")).collect();
            let text = format!(
                "Parameters: {{{}}}\nConditions: {{{}}}\nResources: {{R: {{Type: T::T::T, Properties: {{P: [{}]}}}}, {}}}",
                parameters.join(", "),
                conditions.join(", "),
                ifs.join(", "),
                more.join(", ")
            );
            let mut sources = crate::source::Sources::default();
            let template = crate::load::parse_running(&mut sources, "t", &text).unwrap();
            let declared = evaluate(&template, &Inputs::default()).map_err(|p| p.len());
            declared.map(|d| (d.variants.len(), d.capped))
        };
        assert_eq!(count(500), Ok((64, false)));
        assert_eq!(count(1000), Ok((32, true)));
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
}
