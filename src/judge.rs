//! Active rules × estate → judgements. Pure, and in a fixed order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::{Address, Estate, Provenance, Resource, Unknown, types};
use crate::profile::Active;
use crate::rules::{Context, EVERY, Evidence, Scope, Verdict};

/// What a rule says of one resource on one side.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// The rule.
    pub active: &'a Active,
    /// The subject.
    pub resource: &'a Resource,
    /// The verdict; `None` if the rule does not apply to the subject.
    pub verdict: Option<Verdict>,
}

/// Judges what AWS observed.
#[must_use]
pub fn observed<'a>(active: &'a [Active], estate: &'a Estate) -> Vec<Judgement<'a>> {
    let rules: Vec<&Active> = active.iter().filter(|a| a.rule.scope != Scope::Template).collect();
    each(&rules, estate.len(), |a| judge(a, estate).filter(|j| !spoken_for(a, j.resource)).collect())
}

/// Judges what templates declare. With undecided conditions there are several variants of the declared estate, one for each way to decide
/// them; a rule passes if it passes in all of them, fails if it fails in all of them, and is unknown otherwise.
#[must_use]
pub fn declared<'a>(active: &'a [Active], variants: &'a [Estate]) -> Vec<Judgement<'a>> {
    let rules: Vec<&Active> = active.iter().filter(|a| a.rule.scope != Scope::Account).collect();
    each(&rules, variants.iter().map(Estate::len).sum(), |a| {
        // As a text the template is the same in all variants; the first one holds it.
        let text = a.rule.types == [types::TEMPLATE];
        let variants = if text { variants.get(..1).unwrap_or_default() } else { variants };
        let mut by_subject: BTreeMap<(&str, &Address), Vec<Judgement<'a>>> = BTreeMap::new();
        for judgement in variants.iter().flat_map(|estate| judge(a, estate)) {
            let r = judgement.resource;
            by_subject.entry((&r.kind, &r.address)).or_default().push(judgement);
        }
        by_subject.into_values().filter_map(merge).collect()
    })
}

/// So many resources are judged by several threads.
const MANY: usize = 200;

/// The judgements of every rule, in the order of the rules, however many threads they were made by.
fn each<'a>(
    rules: &[&'a Active],
    resources: usize,
    judge: impl Fn(&'a Active) -> Vec<Judgement<'a>> + Sync,
) -> Vec<Judgement<'a>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(rules.len());
    if resources < MANY || threads < 2 {
        return rules.iter().flat_map(|a| judge(a)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(active) = rules.get(n) else { return done };
            done.push((n, judge(active)));
        }
    };
    let mut all: Vec<(usize, Vec<Judgement<'a>>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().flat_map(|(_, judgements)| judgements).collect()
}

/// Judges what templates declare once for each environment that they can be deployed as: a rule that fails in one of them fails.
#[must_use]
pub fn in_each<'a>(active: &'a [Active], environments: &'a [(Option<Arc<str>>, Vec<Estate>)]) -> Vec<Judgement<'a>> {
    let mut all: BTreeMap<(&str, &str, &Address), Judgement<'a>> = BTreeMap::new();
    for (environment, variants) in environments {
        for mut judgement in declared(active, variants) {
            let r = judgement.resource;
            let key = (judgement.active.rule.id, &*r.kind, &r.address);
            judgement.verdict = judgement.verdict.map(|v| said_of(v, environment.as_deref()));
            let Some(known) = all.get_mut(&key) else {
                all.insert(key, judgement);
                continue;
            };
            known.verdict = match (known.verdict.take(), judgement.verdict) {
                (Some(a), Some(b)) => Some(a.and(b)),
                (a, b) => a.or(b),
            };
        }
    }
    all.into_values().collect()
}

/// Evidence says in which environment it was found.
fn said_of(verdict: Verdict, environment: Option<&str>) -> Verdict {
    let Some(environment) = environment else { return verdict };
    let mark = |e: Evidence| Evidence { expected: format!("{} in {environment}", e.expected), ..e };
    match verdict {
        Verdict::Pass => Verdict::Pass,
        Verdict::Fail(list) => Verdict::Fail(list.into_iter().map(mark).collect()),
        Verdict::Unknown(list) => Verdict::Unknown(list.into_iter().map(mark).collect()),
    }
}

fn judge<'a>(active: &'a Active, estate: &'a Estate) -> impl Iterator<Item = Judgement<'a>> {
    let context = Context { estate, params: &active.params };
    let every = active.rule.types.contains(&EVERY);
    let named = active.rule.types.iter().flat_map(|kind| estate.of_type(kind));
    let all = every.then(|| estate.iter()).into_iter().flatten().filter(|r| active.rule.is_about(&r.kind));
    named.chain(all).map(move |resource| Judgement {
        active,
        resource,
        verdict: match active.means(resource) {
            Some(false) => None,
            Some(true) => (active.rule.check)(resource, &context),
            None => (active.rule.check)(resource, &context).map(perhaps_not_meant),
        },
    })
}

/// A failure of a resource of which nobody can tell whether the profile means it.
fn perhaps_not_meant(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fail(evidence) => {
            let open = |e: Evidence| Evidence {
                reason: e.reason.or_else(|| Some("whether the profile means it cannot be told".into())),
                ..e
            };
            Verdict::Unknown(evidence.into_iter().map(open).collect())
        }
        known => known,
    }
}

/// Whether the resource is a part of another one that the rule judges: then that one speaks for it.
fn spoken_for(active: &Active, resource: &Resource) -> bool {
    matches!(&resource.provenance, Provenance::Derived { kind, .. } if active.rule.is_about(kind))
}

/// One judgement of those over all variants in which the subject exists.
fn merge(judgements: Vec<Judgement<'_>>) -> Option<Judgement<'_>> {
    let mut all = judgements.into_iter();
    let mut merged = all.next()?;
    for next in all {
        merged.verdict = match (merged.verdict.take(), next.verdict) {
            (None, None) => None,
            (a, b) => Some(undecided(a.unwrap_or(Verdict::Pass), b.unwrap_or(Verdict::Pass))),
        };
    }
    Some(merged)
}

/// Equal verdicts stand; different ones depend on a condition that nobody can decide.
fn undecided(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
        (Verdict::Fail(mut a), Verdict::Fail(b)) => {
            a.extend(b);
            a.sort();
            a.dedup();
            Verdict::Fail(a)
        }
        (a, b) => {
            let open = |e: &Evidence| Evidence {
                reason: e.reason.clone().or_else(|| Some(Unknown::Condition("of the template".into()).to_string())),
                ..e.clone()
            };
            let mut evidence: Vec<Evidence> = a.evidence().iter().chain(b.evidence()).map(open).collect();
            evidence.sort();
            evidence.dedup();
            Verdict::Unknown(evidence)
        }
    }
}
