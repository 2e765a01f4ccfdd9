//! What a template is evaluated with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Template;
use super::parameter::Parameter;
use super::parameter::constraints::{self, Subject};
use super::scope::Scope;
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::Kind;

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
    /// (Logical id, attribute) → value, as far as it was observed.
    pub attributes: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
    /// What a parent template hands down for a parameter and what need not be a text: a reference to a resource of the parent, or why there
    /// is no value. Goes before [`Inputs::parameters`] and the default.
    pub handed: BTreeMap<Arc<str>, Kind>,
    /// (Logical id of a nested stack, output) → what the nested template declares for it. Goes before [`Inputs::nested_outputs`].
    pub nested_values: BTreeMap<(Arc<str>, Arc<str>), Kind>,
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
        // A deployed stack was accepted with its values, shows stars for a hidden one, and the value for the name of a stored one.
        let replaced = parameter.no_echo() || parameter.stored().is_some();
        if inputs.stack_id.is_none() || !replaced {
            problems.extend(constraints::problem(&parameter, Subject::Given(text)));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::{evaluate, parse};
    use super::*;
    use crate::source::Sources;

    fn refused(parameters: &str, given: &[(&str, &str)], deployed: bool) -> Vec<(String, Option<String>)> {
        let text = format!("Parameters: {parameters}\nResources: {{R: {{Type: T::T::T}}}}");
        let mut sources = Sources::default();
        let template = parse(&mut sources, "t.yaml", &text).unwrap();
        let parameters = given.iter().map(|&(k, v)| (k.into(), v.into())).collect();
        let stack_id = deployed.then(|| "arn:…".into());
        match evaluate(&template, &Inputs { stack_id, parameters, ..Inputs::default() }) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.into_iter().map(|p| (p.message, p.hint)).collect(),
        }
    }

    #[test]
    fn inputs_that_the_template_refuses_are_said_all_at_once() {
        let parameters =
            "{Env: {Type: String, AllowedValues: [prod, dev]}, N: {Type: Number}, Missing: {Type: String}}";
        let problems = refused(parameters, &[("Env", "test"), ("N", "many"), ("Enw", "prod")], false);
        let hint = |text: &str| Some(text.to_owned());
        let expected = [
            ("parameter `Env` must be one of AllowedValues".to_owned(), hint("give one of: prod, dev")),
            ("the template has no parameter `Enw`".to_owned(), hint("did you mean `Env`?")),
            ("parameter `N` must be a number".to_owned(), None),
        ];
        assert_eq!(problems, expected);
    }

    #[test]
    fn what_a_deployed_stack_hides_or_has_looked_up_is_not_checked() {
        let parameters = "{Secret: {Type: String, NoEcho: true, MinLength: 8}, \
                          Ami: {Type: 'AWS::SSM::Parameter::Value<String>', AllowedPattern: '/.*'}}";
        let given = [("Secret", "****"), ("Ami", "ami-1")];
        assert_eq!(refused(parameters, &given, true), []);
        assert_eq!(refused(parameters, &given, false).len(), 2);
    }
}
