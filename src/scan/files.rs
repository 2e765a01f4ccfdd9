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
        let mut stacks = Vec::new();
        for (template, inputs) in family {
            match load::evaluate(template, inputs) {
                Err(diagnostics) => errors.extend(diagnostics),
                Ok(declared) => {
                    if !judged.contains(&inputs.stack) {
                        warnings.extend(capped(template, &declared));
                        warnings.extend(declared.warnings);
                    }
                    stacks.push(declared.variants);
                }
            }
        }
        let variants = estates(stacks);
        let mut judgements = judge::declared(&plan.active, &variants);
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
        sources,
        all: plan.all,
    });
    // A template that is nested twice is evaluated twice.
    warnings.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
    warnings.dedup();
    Ok((report, warnings))
}
