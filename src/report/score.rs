//! How each profile does.

use std::collections::BTreeMap;

use super::build::Input;
use super::document::Score;
use crate::join::Class;
use crate::rules::{self, Rule, Scope};

/// What became of a rule; the worst decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Unknown,
    Failed,
}

/// The scores of all profiles.
pub(super) fn scores(input: &Input<'_>) -> Vec<Score> {
    let mut outcomes: BTreeMap<&str, Outcome> = BTreeMap::new();
    for f in input.findings {
        let outcome = match f.class {
            Class::Compliant => Outcome::Passed,
            Class::Unknown | Class::Unverified => Outcome::Unknown,
            Class::Template | Class::Drift | Class::Latent | Class::Live | Class::Unmanaged => Outcome::Failed,
        };
        let known = outcomes.entry(f.rule.id).or_insert(outcome);
        *known = outcome.max(*known);
    }
    for rule in rules::all().filter(|rule| is_blind(rule, input)) {
        let known = outcomes.entry(rule.id).or_insert(Outcome::Unknown);
        *known = Outcome::Unknown.max(*known);
    }
    input.profiles.iter().map(|(name, listed)| score(name, listed, &outcomes)).collect()
}

/// Whether there may be subjects of a rule that nobody has seen.
fn is_blind(rule: &Rule, input: &Input<'_>) -> bool {
    let Some(observed) = input.observed.filter(|_| rule.scope != Scope::Template) else { return false };
    let listed = |kind: &&&str| observed.was_listed(kind);
    let refused = |kind: &&str| input.gaps.iter().any(|gap| gap.affects.iter().any(|affected| **affected == **kind));
    rule.types.iter().filter(listed).count() == 0 || rule.types.iter().any(refused)
}

fn score(profile: &str, listed: &[&'static str], outcomes: &BTreeMap<&str, Outcome>) -> Score {
    let of = |wanted: Outcome| -> Vec<&'static str> {
        listed.iter().copied().filter(|id| outcomes.get(id) == Some(&wanted)).collect()
    };
    let (passed, failed, unknown) = (of(Outcome::Passed).len(), of(Outcome::Failed), of(Outcome::Unknown));
    let applicable = passed + failed.len() + unknown.len();
    let percent = (passed * 100).checked_div(applicable);
    Score { profile: profile.to_owned(), applicable, passed, percent, failed, unknown }
}
