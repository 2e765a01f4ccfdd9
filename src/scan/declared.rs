//! What the stacks of an account declare.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attributes::Attributes;
use super::differences::{differences, parameters};
use super::{Local, belong};
use crate::collect::Gap;
use crate::diag::Diagnostic;
use crate::join::DriftEntry;
use crate::load::{self, Inputs, Template};
use crate::model::{Estate, Resource, Stack, types};
use crate::profile::Environment;
use crate::source::Sources;

type Parsed = Result<Template, Vec<Diagnostic>>;

/// The declared side of a whole account.
#[derive(Default)]
pub(super) struct Declared {
    /// For each stack its resources, once for each way to decide what cannot be decided.
    stacks: Vec<Vec<Vec<Resource>>>,
    pub(super) warnings: Vec<Diagnostic>,
    /// Where a local file and the deployed template differ.
    pub(super) differences: Vec<DriftEntry>,
}

impl Declared {
    /// Takes in what a stack declares: what it was deployed with, or what the local file of that stack says.
    pub(super) fn take(
        &mut self,
        sources: &mut Sources,
        stack: &Stack,
        mut inputs: Inputs,
        local: Option<&Local>,
        gaps: &mut Vec<Gap>,
    ) {
        let template = match local.filter(|l| l.is_of(stack)) {
            Some(local) => {
                // A parameter that only the deployed template has is one of the differences.
                inputs.parameters.retain(|name, _| local.template.has_parameter(name));
                Ok(self.compared(sources, stack, local))
            }
            None => match deployed(sources, stack) {
                Some(template) => template,
                // The refused call is a gap already.
                None => return,
            },
        };
        match template.and_then(|t| load::evaluate(&t, &inputs).map(|declared| (t, declared))) {
            Ok((template, declared)) => {
                self.warnings.extend(capped(&template, &declared));
                self.warnings.extend(declared.warnings);
                self.stacks.push(declared.variants);
            }
            // The account runs it, so it is not the user's mistake here: what it declares is not known.
            Err(diagnostics) => {
                self.warnings.extend(diagnostics);
                gaps.push(unreadable(stack));
            }
        }
    }

    /// The local template of a stack, its differences from the deployed one noted. If there are none, it is what CloudFormation made of it.
    fn compared(&mut self, sources: &mut Sources, stack: &Stack, local: &Local) -> Template {
        self.differences.extend(parameters(stack, local));
        let (processed, original) = (stack.processed.as_ref(), stack.original.as_ref());
        let name = name(stack);
        let Some(Ok(deployed)) = original.or(processed).map(|text| load::parse_running(sources, &name, text)) else {
            return local.template.clone();
        };
        let found = differences(stack, local, &deployed);
        let same = found.is_empty();
        self.differences.extend(found);
        let processed =
            processed.filter(|_| same).map(|text| load::parse_running(sources, &processed_name(stack), text));
        match processed {
            Some(Ok(processed)) => load::on_lines_of(processed, &local.template),
            _ => local.template.clone(),
        }
    }

    /// Gives resources the environment of their account, where nothing else says one.
    pub(super) fn belong_to(&mut self, environments: &[Environment]) {
        for r in self.stacks.iter_mut().flatten().flatten() {
            belong(r, environments);
        }
    }

    /// One estate per variant.
    pub(super) fn estates(&mut self) -> Vec<Estate> {
        estates(std::mem::take(&mut self.stacks))
    }
}

/// One estate per variant. Each stack goes through its own variants; stacks do not share conditions.
pub(super) fn estates(mut stacks: Vec<Vec<Vec<Resource>>>) -> Vec<Estate> {
    let most = stacks.iter().map(Vec::len).max().unwrap_or(0);
    let mut estate = |n: usize| {
        let mut all = Vec::new();
        for variants in &mut stacks {
            let len = variants.len().max(1);
            let Some(variant) = variants.get_mut(n % len) else { continue };
            // A variant that no later estate needs is moved, not copied.
            if n + len < most { all.extend(variant.iter().cloned()) } else { all.append(variant) }
        }
        Estate::new(all, None)
    };
    (0..most).map(&mut estate).collect()
}

/// Said once of a template with more undecided conditions than are tried both ways.
pub(super) fn capped(template: &Template, declared: &load::Declared) -> Option<Diagnostic> {
    let at = template.root.child("Conditions").map_or(template.root.at, |conditions| conditions.at);
    declared.capped.then(|| {
        Diagnostic::warning(at, "too many conditions cannot be decided: what hangs on the rest is unknown")
            .hint("give the parameters that they depend on")
    })
}

fn name(stack: &Stack) -> String {
    format!("cloudformation://{}/{}", stack.region, stack.name)
}

fn processed_name(stack: &Stack) -> String {
    format!("{}?stage=Processed", name(stack))
}

/// The template that a stack runs: what CloudFormation made of it, at the lines of what was handed in.
fn deployed(sources: &mut Sources, stack: &Stack) -> Option<Parsed> {
    Some(match (&stack.original, &stack.processed) {
        (Some(original), Some(processed)) => load::parse_deployed(sources, &name(stack), original, processed),
        (Some(original), None) => load::parse_running(sources, &name(stack), original),
        (None, Some(processed)) => load::parse_running(sources, &processed_name(stack), processed),
        (None, None) => return None,
    })
}

fn unreadable(stack: &Stack) -> Gap {
    Gap {
        account: Arc::clone(&stack.account),
        region: Arc::clone(&stack.region),
        action: "cloudformation:GetTemplate".into(),
        cause: "unreadable",
        code: format!("template of {} cannot be evaluated", stack.name).into(),
        affects: stack.members.iter().map(|m| Arc::clone(&m.kind)).collect::<BTreeSet<_>>().into_iter().collect(),
    }
}

/// Everything that is known of a deployed stack. A nested stack that was deleted or could not be read has no outputs here, so what its parent
/// takes from it stays unknown.
pub(super) fn inputs(
    stack: &Stack,
    all: &[Stack],
    exports: Option<&BTreeMap<Arc<str>, Arc<str>>>,
    attributes: Attributes,
) -> Inputs {
    let nested = stack.members.iter().filter(|m| &*m.kind == types::STACK);
    let outputs = nested.filter_map(|m| {
        let id = m.physical_id.as_ref()?;
        let child = all.iter().find(|s| s.region == stack.region && (s.id == *id || s.name == *id))?;
        Some(child.outputs.iter().map(|(k, v)| ((Arc::clone(&m.logical_id), Arc::clone(k)), Arc::clone(v))))
    });
    Inputs {
        stack: Arc::clone(&stack.id),
        account: Arc::clone(&stack.account),
        region: Arc::clone(&stack.region),
        partition: Arc::clone(&stack.partition),
        stack_id: Some(Arc::clone(&stack.id)),
        parameters: stack.parameters.clone(),
        physical_ids: stack.physical_ids().map(|(k, v)| (Arc::clone(k), Arc::clone(v))).collect(),
        nested_outputs: outputs.flatten().collect(),
        attributes,
        exports: exports.cloned().unwrap_or_default(),
        tags: stack.tags.clone(),
        ..Inputs::default()
    }
}
