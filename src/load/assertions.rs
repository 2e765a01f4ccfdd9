//! The `Rules` section: what it asserts about parameters, against their values.

use super::Inputs;
use super::condition::{self, Truth, Truths};
use super::evaluator::Evaluator;
use crate::diag::{Diagnostic, Gravity};
use crate::model::{Kind, Value};

/// The assertions that are certainly violated. CloudFormation refuses to deploy such a stack; a violation that rests on defaults alone is a
/// warning, because other values may be meant for the deployment.
pub(super) fn violated(on: &Evaluator<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let rules = on.scope.root.child("Rules").and_then(Value::as_map);
    // A deployed stack has passed its rules.
    for (name, entry) in rules.into_iter().flatten().filter(|_| on.inputs.stack_id.is_none()) {
        let applies = entry.value.child("RuleCondition");
        if applies.is_some_and(|condition| truth(on, condition) != Some(true)) {
            continue;
        }
        let assertions = entry.value.child("Assertions").and_then(Value::as_list).unwrap_or_default();
        for assertion in assertions {
            let Some(assert) = assertion.child("Assert").filter(|assert| truth(on, assert) == Some(false)) else {
                continue;
            };
            let message = match assertion.child("AssertDescription").and_then(Value::text) {
                Some(description) => format!("rule `{name}` is violated: {description}"),
                None => format!("rule `{name}` is violated"),
            };
            let given = given(assert, on.inputs) || applies.is_some_and(|condition| given(condition, on.inputs));
            let problem = Diagnostic::error(assert.at, message).label("false with the values of the parameters");
            let gravity = if given { Gravity::Error } else { Gravity::Warning };
            problems.push(Diagnostic { gravity, ..problem });
        }
    }
    problems
}

fn truth(on: &Evaluator<'_>, expression: &Value) -> Truth {
    condition::judge(expression, &Truths::new(), &mut |function, argument| {
        let [left, right] = argument.as_list()? else { return None };
        match function {
            "Fn::Equals" => on.equal(left, right),
            "Fn::Contains" => any(&on.equal_to_each(left, right)?),
            "Fn::EachMemberEquals" => all(&on.equal_to_each(left, right)?),
            "Fn::EachMemberIn" => {
                let members = members(on, left)?;
                all(&members.iter().map(|member| any(&on.equal_to_each(right, member)?)).collect::<Vec<_>>())
            }
            _ => None,
        }
    })
}

impl Evaluator<'_> {
    /// Whether each member of a list is a text.
    fn equal_to_each(&self, list: &Value, text: &Value) -> Option<Vec<Truth>> {
        Some(members(self, list)?.iter().map(|member| self.equal(member, text)).collect())
    }
}

/// The members of a list; a single text counts as a list of one. `None` if the list is not known.
fn members(on: &Evaluator<'_>, list: &Value) -> Option<Vec<Value>> {
    let list = on.value(list)?;
    match list.kind {
        Kind::List(items) => Some(items),
        _ => list.text().is_some().then(|| vec![list]),
    }
}

fn any(truths: &[Truth]) -> Truth {
    condition::decided(truths, true)
}

fn all(truths: &[Truth]) -> Truth {
    condition::decided(truths, false)
}

/// Whether an expression speaks of a parameter that was given a value.
fn given(expression: &Value, inputs: &Inputs) -> bool {
    if let Some((name, argument)) = condition::call(expression)
        && &**name == "Ref"
    {
        return argument.as_str().is_some_and(|name| inputs.parameters.contains_key(name));
    }
    match &expression.kind {
        Kind::List(items) => items.iter().any(|item| given(item, inputs)),
        Kind::Map(map) => map.values().any(|entry| given(&entry.value, inputs)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{evaluate, parse};
    use super::*;
    use crate::source::Sources;

    /// What is said of a rule about `Env` (default `dev`) and `Zones` (no default).
    fn said(rule: &str, values: &[(&str, &str)]) -> Vec<(Gravity, String)> {
        let text = format!(
            "Parameters: {{Env: {{Type: String, Default: dev}}, Zones: {{Type: CommaDelimitedList}}}}\n\
             Rules: {{R: {rule}}}\nResources: {{X: {{Type: T::T::T}}}}"
        );
        let template = parse(&mut Sources::default(), "t.yaml", &text).unwrap_or_else(|p| panic!("{p:?}"));
        let parameters = values.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        let problems = match evaluate(&template, &Inputs { parameters, ..Inputs::default() }) {
            Ok(declared) => declared.warnings,
            Err(problems) => problems,
        };
        problems.into_iter().map(|problem| (problem.gravity, problem.message)).collect()
    }

    #[test]
    fn a_violated_assertion_is_said_with_its_description() {
        let rule = "{RuleCondition: !Equals [!Ref Env, prod], Assertions: [{Assert: !EachMemberIn [!Ref Zones, [a, b]], \
                    AssertDescription: zones a and b only}]}";
        let violated = (Gravity::Error, "rule `R` is violated: zones a and b only".to_owned());
        assert_eq!(said(rule, &[("Env", "prod"), ("Zones", "a,c")]), [violated]);
        assert_eq!(said(rule, &[("Env", "prod"), ("Zones", "b,a")]), []);
        assert_eq!(said(rule, &[("Env", "dev"), ("Zones", "c")]), [], "the rule does not apply");
        assert_eq!(said(rule, &[("Env", "prod")]), [], "nobody knows the zones");
    }

    #[test]
    fn every_function_of_rules_is_evaluated_or_undecided() {
        let broken =
            |assert: &str| !said(&format!("{{Assertions: [{{Assert: {assert}}}]}}"), &[("Zones", "a,b")]).is_empty();
        for (assert, is_broken) in [
            ("!Contains [[dev, prod], !Ref Env]", false),
            ("!Contains [[test, prod], !Ref Env]", true),
            ("!Contains [!Ref Zones, b]", false),
            ("!EachMemberEquals [!Ref Zones, a]", true),
            ("!EachMemberEquals [[a, a], a]", false),
            ("!EachMemberIn [[c], !Ref Zones]", true),
            ("!Not [!Equals [!Ref Env, dev]]", true),
            ("!And [!Equals [a, a], !Contains [[x], y]]", true),
            ("!Or [!Equals [a, a], !Contains [[x], y]]", false),
            ("!EachMemberEquals [!ValueOfAll ['AWS::EC2::VPC::Id', Tags.Department], IT]", false),
            ("!EachMemberIn [!ValueOf [Zones, VpcId], !RefAll 'AWS::EC2::VPC::Id']", false),
        ] {
            assert_eq!(broken(assert), is_broken, "{assert}");
        }
        let defaults = said("{Assertions: [{Assert: !Equals [!Ref Env, prod]}]}", &[]);
        assert_eq!(defaults, [(Gravity::Warning, "rule `R` is violated".to_owned())], "the default may not be meant");
    }
}
