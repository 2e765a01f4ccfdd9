//! The pipeline: the one place where the stages are called in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::collect::{Collected, Gap};
use crate::diag::Diagnostic;
use crate::join::{self, Difference, DriftEntry, Scene, Status};
use crate::judge;
use crate::load::{self, Inputs, Template};
use crate::model::{Estate, Kind, Resource, Stack, Value, to_json, types};
use crate::profile::Active;
use crate::report::{Input, Report, Run, build};
use crate::source::{Sources, Span};

/// What is judged, and how it is reported.
#[derive(Debug)]
pub struct Plan {
    /// The rules.
    pub active: Vec<Active>,
    /// Whether compliant judgements are listed too.
    pub all: bool,
    /// The run so far: command, start, profiles.
    pub run: Run,
}

impl Plan {
    /// Every type that the rules look at.
    #[must_use]
    pub fn types(&self) -> BTreeSet<&'static str> {
        self.active.iter().flat_map(|a| a.rule.types.iter().chain(a.rule.reads)).copied().collect()
    }
}

/// Template files, judged by themselves. Each is an estate of its own.
///
/// # Errors
/// Diagnostics of every template that cannot be evaluated.
pub fn templates(
    plan: Plan,
    sources: &Sources,
    files: &[(Template, Inputs)],
) -> Result<(Report, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (mut findings, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (template, inputs) in files {
        match load::evaluate(template, inputs) {
            Err(diagnostics) => errors.extend(diagnostics),
            Ok(declared) => {
                warnings.extend(capped(template, &declared));
                warnings.extend(declared.warnings);
                let variants: Vec<Estate> = declared.variants.into_iter().map(|v| Estate::new(v, None)).collect();
                let judgements = judge::declared(&plan.active, &variants);
                let scene = Scene { declared: None, observed: None, stacks_complete: true, only_stacks: false };
                findings.extend(join::findings(&judgements, &[], scene));
            }
        }
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
        sources,
        all: plan.all,
    });
    Ok((report, warnings))
}

/// A template file that takes the place of a deployed stack's template (`verify`).
#[derive(Debug)]
pub struct Local {
    /// The stack's name.
    pub stack: String,
    /// The file.
    pub template: Template,
}

/// An account, judged on both sides. `only` restricts the report to stacks that were asked for.
#[must_use]
pub fn account(
    plan: Plan,
    sources: &mut Sources,
    collected: Collected,
    only: bool,
    local: Option<&Local>,
) -> (Report, Vec<Diagnostic>) {
    let Collected { stacks, exports, mut resources, listed, mut gaps, missing, interrupted, .. } = collected;
    let mut declared = Declared::default();
    for stack in &stacks {
        declared.take(sources, stack, &stacks, exports.get(&stack.region), local, &mut gaps);
    }
    let stacks_complete = stacks.iter().all(|s| s.members_unknown.is_none())
        && !interrupted
        && listed.iter().filter(|((kind, ..), _)| &**kind == types::STACK).all(|(_, end)| end.is_ok());
    let variants = declared.estates();
    join::attribute(&stacks, variants.first(), &mut resources);
    let observed = Estate::new(resources, Some(listed));
    let declared_side = judge::declared(&plan.active, &variants);
    let observed_side = judge::observed(&plan.active, &observed);
    let scene = Scene { declared: variants.first(), observed: Some(&observed), stacks_complete, only_stacks: only };
    let findings = join::findings(&declared_side, &observed_side, scene);
    let mut drift = declared.differences;
    drift.extend(join::statuses(&stacks, variants.first(), &observed, &findings));
    let run = Run { complete: gaps.is_empty() && missing.is_empty() && !interrupted, ..plan.run };
    let report = build(Input {
        run,
        findings: &findings,
        drift: &drift,
        gaps: &gaps,
        observed: Some(&observed),
        stacks_complete,
        stacks: &stacks,
        sources,
        all: plan.all,
    });
    (report, declared.warnings)
}

/// The declared side of a whole account.
#[derive(Default)]
struct Declared {
    /// For each stack its resources, once for each way to decide what cannot be decided.
    stacks: Vec<Vec<Vec<Resource>>>,
    warnings: Vec<Diagnostic>,
    /// Where a local file and the deployed template differ.
    differences: Vec<DriftEntry>,
}

impl Declared {
    fn take(
        &mut self,
        sources: &mut Sources,
        stack: &Stack,
        all: &[Stack],
        exports: Option<&BTreeMap<Arc<str>, Arc<str>>>,
        local: Option<&Local>,
        gaps: &mut Vec<Gap>,
    ) {
        let deployed = deployed(sources, stack);
        let mut inputs = inputs(stack, all, exports);
        let template = match local.filter(|l| *l.stack == *stack.name) {
            Some(local) => {
                if let Some(Ok(deployed)) = &deployed {
                    self.differences.extend(differences(stack, local, deployed));
                }
                // A parameter that only the deployed template has is one of the differences.
                inputs.parameters.retain(|name, _| local.template.has_parameter(name));
                Ok(local.template.clone())
            }
            None => match deployed {
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
                gaps.push(Gap {
                    account: Arc::clone(&stack.account),
                    region: Arc::clone(&stack.region),
                    action: "cloudformation:GetTemplate".into(),
                    cause: "unreadable",
                    code: format!("template of {} cannot be evaluated", stack.name).into(),
                    affects: stack
                        .members
                        .iter()
                        .map(|m| Arc::clone(&m.kind))
                        .collect::<BTreeSet<_>>()
                        .into_iter()
                        .collect(),
                });
            }
        }
    }

    /// One estate per variant. Each stack goes through its own variants; stacks do not share conditions.
    fn estates(&mut self) -> Vec<Estate> {
        let stacks = std::mem::take(&mut self.stacks);
        let most = stacks.iter().map(Vec::len).max().unwrap_or(0);
        let variant = |n: usize| -> Vec<Resource> {
            stacks.iter().filter_map(|v| v.get(n % v.len().max(1))).flatten().cloned().collect()
        };
        (0..most).map(|n| Estate::new(variant(n), None)).collect()
    }
}

/// Said once of a template with more undecided conditions than are tried both ways.
fn capped(template: &Template, declared: &load::Declared) -> Option<Diagnostic> {
    let at = template.root.child("Conditions").map_or(template.root.at, |conditions| conditions.at);
    declared.capped.then(|| {
        Diagnostic::warning(at, "too many conditions cannot be decided: what hangs on the rest is unknown")
            .hint("give the parameters that they depend on")
    })
}

/// The template that a stack runs: what CloudFormation made of it, if it was processed.
fn deployed(sources: &mut Sources, stack: &Stack) -> Option<Result<Template, Vec<Diagnostic>>> {
    let (text, how) = match (&stack.processed, &stack.original) {
        (Some(text), _) => (text, "?stage=Processed"),
        (None, Some(text)) => (text, ""),
        (None, None) => return None,
    };
    let name = format!("cloudformation://{}/{}{how}", stack.region, stack.name);
    Some(load::parse(sources, &name, text))
}

fn inputs(stack: &Stack, all: &[Stack], exports: Option<&BTreeMap<Arc<str>, Arc<str>>>) -> Inputs {
    let nested = stack.members.iter().filter(|m| &*m.kind == types::STACK);
    let outputs = nested.filter_map(|m| {
        let id = m.physical_id.as_ref()?;
        let child = all.iter().find(|s| s.id == *id || s.name == *id)?;
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
        exports: exports.cloned().unwrap_or_default(),
        tags: stack.tags.clone(),
    }
}

/// Where the file says something else than the deployed template, section by section and resource by resource.
fn differences(stack: &Stack, local: &Local, deployed: &Template) -> Vec<DriftEntry> {
    let empty = Value { kind: Kind::Null, at: Span::LIVE };
    let sections = |root: &Value| root.as_map().map(|m| m.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default();
    let mut entries = Vec::new();
    for section in sections(&local.template.root).union(&sections(&deployed.root)) {
        let here = local.template.root.child(section).unwrap_or(&empty);
        let there = deployed.root.child(section).unwrap_or(&empty);
        for name in sections(here).union(&sections(there)) {
            let (a, b) = (here.child(name), there.child(name));
            let (a, b) = (a.map(to_json), b.map(to_json));
            if a == b {
                continue;
            }
            let kind = match (&a, &b) {
                (None, _) => "removed",
                (_, None) => "added",
                _ => "changed",
            };
            let mut address = crate::model::Address {
                account: Arc::clone(&stack.account),
                region: Arc::clone(&stack.region),
                stack: Some(Arc::clone(&stack.id)),
                ..Default::default()
            };
            address.logical_id = (&**section == "Resources").then(|| Arc::clone(name));
            entries.push(DriftEntry {
                address,
                kind: types::TEMPLATE.into(),
                status: Status::Modified,
                reason: Some("the deployed template is not the one in the file".into()),
                differences: vec![Difference {
                    path: format!("{section}.{name}"),
                    kind,
                    declared: a.map(|_| "in the file".into()),
                    observed: b.map(|_| "in the deployed template".into()),
                }],
            });
        }
    }
    entries
}
