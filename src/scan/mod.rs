//! The pipeline: the one place where the stages are called in order.

mod attributes;
mod declared;
mod differences;
mod files;
mod redact;
mod stacks;
mod wanted;

pub use files::{Family, templates};
pub use redact::redact;
pub use wanted::wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attributes::Observed;
use declared::{Declared, inputs};

use crate::collect::Collected;
use crate::collect::snapshot::Snapshot;
use crate::diag::Diagnostic;
use crate::join::{self, Scene};
use crate::judge;
use crate::load::Template;
use crate::model::{Estate, Resource, Stack, types};
use crate::profile::{Active, Choice, Environment};
use crate::report::{Input, Report, Run, build};
use crate::source::Sources;

/// What is judged, and how it is reported.
#[derive(Debug)]
pub struct Plan {
    /// The rules, and what the profiles say besides.
    pub choice: Choice,
    /// Whether compliant judgements are listed too.
    pub all: bool,
    /// The run so far: command, start, profiles.
    pub run: Run,
}

impl Plan {
    /// Every type that the rules look at.
    #[must_use]
    pub fn types(&self) -> BTreeSet<&'static str> {
        self.choice.active.iter().flat_map(Active::kinds).collect()
    }
}

/// A template file that takes the place of a deployed stack's template (`verify`).
#[derive(Debug)]
pub struct Local {
    /// The stack's name.
    pub stack: String,
    /// The file.
    pub template: Template,
    /// Parameter values that it should have been deployed with; empty if they are not to be compared.
    pub parameters: BTreeMap<Arc<str>, Arc<str>>,
}

impl Local {
    /// Whether it is the file of this stack.
    pub(crate) fn is_of(&self, stack: &Stack) -> bool {
        *self.stack == *stack.name || *self.stack == *stack.id
    }
}

/// An account, judged on both sides. `only` restricts the report to stacks that were asked for.
#[must_use]
pub fn account(
    plan: Plan,
    sources: &mut Sources,
    snapshot: Snapshot,
    only: bool,
    local: Option<&Local>,
) -> (Report, Vec<Diagnostic>) {
    let Collected { stacks, exports, mut resources, listed, mut gaps, missing, interrupted, .. } = snapshot.collected;
    let mut declared = Declared::default();
    let seen = Observed::new(&resources);
    for stack in &stacks {
        let attributes = seen.of(stack);
        let inputs =
            inputs(stack, &stacks, exports.get(&(Arc::clone(&stack.account), Arc::clone(&stack.region))), attributes);
        declared.take(sources, stack, inputs, local, &mut gaps);
    }
    let stacks_complete = stacks.iter().all(|s| s.members_unknown.is_none())
        && !interrupted
        && listed.iter().filter(|((kind, ..), _)| &**kind == types::STACK).all(|(_, end)| end.is_ok());
    declared.belong_to(&plan.choice.environments);
    let variants = declared.estates();
    join::attribute(&stacks, variants.first(), &mut resources);
    resources.extend(self::stacks::observed(&stacks));
    for r in &mut resources {
        belong(r, &plan.choice.environments);
    }
    let observed = Estate::new(resources, Some(listed)).taken_at(snapshot.taken);
    let declared_side = judge::declared(&plan.choice.active, &variants);
    let observed_side = judge::observed(&plan.choice.active, &observed);
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
        accounts: &snapshot.accounts,
        profiles: &plan.choice.profiles,
        sources,
        all: plan.all,
    });
    (report, declared.warnings)
}

/// A resource that nobody says the environment of belongs to that of its account.
fn belong(r: &mut Resource, environments: &[Environment]) {
    if r.environment.is_none() {
        let of_account = environments.iter().find(|e| e.accounts.is_match(&*r.address.account));
        r.environment = of_account.map(|e| Arc::clone(&e.name));
    }
}
