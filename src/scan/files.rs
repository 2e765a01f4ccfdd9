//! Template files, judged by themselves (`check`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Plan;
use super::declared::{capped, estates};
use crate::diag::Diagnostic;
use crate::join::{self, Scene};
use crate::judge;
use crate::load::{self, Inputs, Template};
use crate::report::{Input, Report, Run, build};
use crate::source::Sources;

/// A template and the local ones nested in it, with what each is evaluated with. They know each other's resources.
pub type Family = Vec<(Template, Inputs)>;

/// Template files, judged by themselves. Each family is an estate of its own; a template that is in several families is judged once.
///
/// # Errors
/// Diagnostics of every template that cannot be evaluated.
pub fn templates(
    plan: Plan,
    sources: &Sources,
    families: &[Family],
) -> Result<(Report, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (mut findings, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut judged: BTreeSet<Arc<str>> = BTreeSet::new();
    for family in families {
        let passes = environments(family, plan.choice.every_environment);
        let mut estates_of = Vec::new();
        for (n, environment) in passes.iter().enumerate() {
            let mut stacks = Vec::new();
            for (template, inputs) in family {
                let inputs = environment.as_ref().map_or_else(|| inputs.clone(), |e| e.deployed(template, inputs));
                match load::evaluate(template, &inputs) {
                    Err(diagnostics) => errors.extend(diagnostics),
                    Ok(declared) => {
                        if n == 0 && !judged.contains(&inputs.stack) {
                            warnings.extend(capped(template, &declared));
                            warnings.extend(declared.warnings);
                        }
                        stacks.push(declared.variants);
                    }
                }
            }
            estates_of.push((environment.as_ref().map(|e| Arc::clone(&e.value)), estates(stacks)));
        }
        let mut judgements = judge::in_each(&plan.choice.active, &estates_of);
        judgements.retain(|j| j.resource.address.stack.as_ref().is_none_or(|stack| !judged.contains(stack)));
        let scene = Scene { declared: None, observed: None, stacks_complete: true, only_stacks: false };
        findings.extend(join::findings(&judgements, &[], scene));
        judged.extend(family.iter().map(|(_, inputs)| Arc::clone(&inputs.stack)));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    findings.sort_by(|a, b| (a.rule.id, &a.kind, &a.address).cmp(&(b.rule.id, &b.kind, &b.address)));
    let run = Run { complete: true, ..plan.run };
    let report = build(Input {
        run,
        findings: &findings,
        drift: &[],
        gaps: &[],
        observed: None,
        stacks_complete: true,
        stacks: &[],
        accounts: &BTreeMap::new(),
        profiles: &plan.choice.profiles,
        sources,
        all: plan.all,
    });
    // A template that is nested twice is evaluated twice.
    warnings.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
    warnings.dedup();
    Ok((report, warnings))
}

/// One of the environments that a template can be deployed as.
struct Environment {
    parameter: Arc<str>,
    value: Arc<str>,
}

impl Environment {
    /// What a template is evaluated with when it is deployed as this environment.
    fn deployed(&self, template: &Template, inputs: &Inputs) -> Inputs {
        let mut inputs = inputs.clone();
        if template.has_parameter(&self.parameter) {
            inputs.parameters.entry(Arc::clone(&self.parameter)).or_insert_with(|| Arc::clone(&self.value));
        }
        inputs
    }
}

/// The environments that a family is judged in: those that its outermost template allows and nobody has chosen from, or just the one it has.
fn environments(family: &Family, every: bool) -> Vec<Option<Environment>> {
    let open = family.iter().filter(|_| every).find_map(|(template, inputs)| {
        load::environments(template).filter(|(parameter, _)| !inputs.parameters.contains_key(parameter))
    });
    match open {
        None => vec![None],
        Some((parameter, values)) => {
            let environment = |value| Some(Environment { parameter: Arc::clone(&parameter), value });
            values.into_iter().map(environment).collect()
        }
    }
}
