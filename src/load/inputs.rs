//! What a template is evaluated with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Template;
use super::parameter::Parameter;
use super::scope::Scope;
use crate::diag::{Diagnostic, did_you_mean};

/// Everything that a template does not hold itself. Empty or missing means: not known.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The stack's name, or the template file's in `check`. Goes into every address and reference.
    pub stack: Arc<str>,
    /// Twelve digits.
    pub account: Arc<str>,
    /// `us-east-1`, …
    pub region: Arc<str>,
    /// `aws`, `aws-cn`, …; derived from the region if empty.
    pub partition: Arc<str>,
    /// The ARN of a deployed stack. Only with it is the stack's name taken as the value of `AWS::StackName`.
    pub stack_id: Option<Arc<str>>,
    /// Parameter values; lists with commas. A missing one takes its default. A `NoEcho` parameter's value is never used.
    pub parameters: BTreeMap<Arc<str>, Arc<str>>,
    /// Logical id → physical id of a deployed stack.
    pub physical_ids: BTreeMap<Arc<str>, Arc<str>>,
    /// (Logical id of a nested stack, output) → value.
    pub nested_outputs: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
    /// Exported name → value, of all stacks of the account and region.
    pub exports: BTreeMap<Arc<str>, Arc<str>>,
    /// Tags of the stack.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
}

/// Given parameters that the template does not have, and values that their declarations refuse.
pub(super) fn problems(template: &Template, scope: &Scope<'_>, inputs: &Inputs) -> Vec<Diagnostic> {
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
    use super::super::{evaluate, parse};
    use super::*;
    use crate::source::Sources;

    #[test]
    fn inputs_that_the_template_refuses_are_said_all_at_once() {
        let text = "Parameters: {Env: {Type: String, AllowedValues: [prod, dev]}, N: {Type: Number}}\n\
                    Resources: {R: {Type: T::T::T}}";
        let mut sources = Sources::default();
        let template = parse(&mut sources, "t.yaml", text).unwrap();
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
