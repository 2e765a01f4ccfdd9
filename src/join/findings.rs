//! Judgements of both sides, matched by subject and classified.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::classify::{Class, Declared, Observed, classify};
use super::keys::{has_natural_key, natural};
use crate::judge::Judgement;
use crate::model::{Address, Estate, Provenance, Resource, Unknown, Value, types};
use crate::rules::{Evidence, Rule, Scope, Severity, Verdict};
use crate::source::Span;

/// One rule on one resource, both sides considered.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Its severity in the profile.
    pub severity: Severity,
    /// What kind of finding it is.
    pub class: Class,
    /// The subject's type.
    pub kind: Arc<str>,
    /// The subject's names, from both sides.
    pub address: Address,
    /// The template's side; `None` if no template declares the subject.
    pub declared: Option<Side>,
    /// AWS's side; `None` if it was not asked or the resource does not exist.
    pub observed: Option<Side>,
    /// Stable over runs, whatever moves in the template.
    pub fingerprint: String,
}

/// The verdict of one side and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// `pass`, `fail` or `unknown`.
    pub verdict: &'static str,
    /// What it rests on. A pass next to a failure points at what the template says right.
    pub evidence: Vec<Evidence>,
}

/// What the scan knows about the other side's absence.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What templates declare, with undecided conditions decided in one way.
    pub declared: Option<&'a Estate>,
    /// What AWS observed; `None` in `check`.
    pub observed: Option<&'a Estate>,
    /// Whether every stack and its members could be read. If not, nobody can call a resource unmanaged.
    pub stacks_complete: bool,
    /// Only resources of the chosen stacks are reported.
    pub only_stacks: bool,
}

/// Rule, stack and logical id; or rule, and type and names where there is no stack.
type Key = (&'static str, Arc<str>, Arc<str>);

/// The findings of a run, compliant ones included, sorted.
#[must_use]
pub fn findings(declared: &[Judgement<'_>], observed: &[Judgement<'_>], scene: Scene<'_>) -> Vec<Finding> {
    let mut live: BTreeMap<Key, &Judgement<'_>> = observed.iter().map(|j| (key(j), j)).collect();
    let mut all: Vec<Finding> = Vec::new();
    for d in declared {
        if promises_nothing(d, scene) {
            continue;
        }
        let o = live.remove(&key(d));
        all.extend(joined(d, o, scene));
    }
    for o in live.into_values() {
        all.extend(undeclared(o, scene));
    }
    all.sort_by(|a, b| (a.rule.id, &a.kind, &a.address, a.class).cmp(&(b.rule.id, &b.kind, &b.address, b.class)));
    all
}

/// Whether templates are silent about what must exist somewhere in an account or region: only what they promise can be broken.
/// Alone they are all there is, and some rules demand that a template says it.
fn promises_nothing(d: &Judgement<'_>, scene: Scene<'_>) -> bool {
    let place = matches!(&*d.resource.kind, types::REGION | types::WHOLE_ACCOUNT);
    let kept = d.verdict.as_ref().is_some_and(Verdict::is_pass) || d.active.params.bool("require_in_template");
    place && !kept && scene.observed.is_some()
}

fn key(j: &Judgement<'_>) -> Key {
    let address = &j.resource.address;
    let name = address.stack.as_ref().and(address.logical_id.clone()).unwrap_or_else(|| {
        format!("{}|{}|{}|{}", j.resource.kind, address.account, address.region, address.name()).into()
    });
    (j.active.rule.id, address.stack.clone().unwrap_or_default(), name)
}

fn joined(d: &Judgement<'_>, o: Option<&Judgement<'_>>, scene: Scene<'_>) -> Option<Finding> {
    let (column, observed) = match o {
        None => absent(d, scene),
        // A part (a rule of a group, a policy of a role) on which the rule is silent live is judged with what it belongs to.
        Some(o) if o.verdict.is_none() && has_natural_key(&o.resource.kind) => (Observed::NotAsked, None),
        Some(o) => (Observed::from(o.verdict.as_ref()), o.verdict.as_ref().map(side)),
    };
    if d.verdict.is_none() && o.is_none_or(|o| o.verdict.is_none()) {
        return None;
    }
    let class = classify(Declared::from(d.verdict.as_ref()), column)?;
    let mut declared = d.verdict.as_ref().map_or_else(pass, side);
    if let (Class::Drift, Some(observed)) = (class, &observed) {
        declared.evidence = counterpart(d.resource, scene.declared, &observed.evidence);
    }
    Some(finding(d, class, merged(&d.resource.address, o.map(|o| &o.resource.address)), Some(declared), observed))
}

/// What can be said of a declared subject that has no observed judgement.
fn absent(d: &Judgement<'_>, scene: Scene<'_>) -> (Observed, Option<Side>) {
    let Some(estate) = scene.observed else { return (Observed::NotAsked, None) };
    if d.active.rule.scope == Scope::Template {
        return (Observed::NotAsked, None);
    }
    match why_unseen(d.resource, estate) {
        None => (Observed::NotThere, None),
        Some(why) => {
            let evidence = Evidence {
                path: String::new(),
                expected: "the live resource".into(),
                actual: None,
                reason: Some(why.to_string()),
                at: Span::LIVE,
                action: why.action().cloned(),
            };
            (Observed::Unknown, Some(Side { verdict: "unknown", evidence: vec![evidence] }))
        }
    }
}

/// Why a declared resource that was not found may exist all the same; `None` if it certainly does not.
pub(super) fn why_unseen(declared: &Resource, observed: &Estate) -> Option<Unknown> {
    let unnamed = if has_natural_key(&declared.kind) {
        natural(declared).is_empty().then_some("a name that can be resolved")
    } else {
        declared.address.physical_id.is_none().then_some("a physical id")
    };
    observed
        .why_unlisted(&declared.kind, &declared.address)
        .or_else(|| unnamed.map(|what| Unknown::Outside(what.into())))
}

fn undeclared(o: &Judgement<'_>, scene: Scene<'_>) -> Option<Finding> {
    let verdict = o.verdict.as_ref()?;
    let mut address = o.resource.address.clone();
    if let Provenance::Derived { stack, .. } = &o.resource.provenance {
        address.stack = Some(Arc::clone(stack));
    }
    if scene.only_stacks && address.stack.is_none() {
        return None;
    }
    // A stack's resource without a declared verdict: its template cannot be read, the rule has no declared side, or a declared resource made it.
    let row = if address.stack.is_some() || !scene.stacks_complete { Declared::Unknown } else { Declared::NoTemplate };
    let class = classify(row, Observed::from(Some(verdict)))?;
    Some(finding(o, class, address, None, Some(side(verdict))))
}

fn finding(
    j: &Judgement<'_>,
    class: Class,
    address: Address,
    declared: Option<Side>,
    observed: Option<Side>,
) -> Finding {
    let rule = j.active.rule;
    let fingerprint = fingerprint(rule, &j.resource.kind, &address);
    let kind = Arc::clone(&j.resource.kind);
    Finding { rule, severity: j.active.severity, class, kind, address, declared, observed, fingerprint }
}

fn side(verdict: &Verdict) -> Side {
    let mut evidence = verdict.evidence().to_vec();
    evidence.sort();
    evidence.dedup();
    Side { verdict: verdict.word(), evidence }
}

fn pass() -> Side {
    Side { verdict: "pass", evidence: Vec::new() }
}

/// Where the template says right what AWS has wrong: the same paths, or the nearest place. Elements of a list have no counterpart of their
/// own, since AWS keeps lists in an order of its own: for them it is the list.
fn counterpart(subject: &Resource, estate: Option<&Estate>, observed: &[Evidence]) -> Vec<Evidence> {
    let said = |e: &Evidence| {
        let (named, path) = e.path.split_once('/').map_or((None, e.path.as_str()), |(name, path)| (Some(name), path));
        let resource = match (named, &subject.address.stack, estate) {
            (None, ..) => Some(subject),
            (Some(name), Some(stack), Some(estate)) => estate.by_logical_id(stack, name),
            _ => None,
        };
        let whole = path.split('.').take_while(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join(".");
        let read = resource.filter(|_| !whole.is_empty()).map(|r| r.get(&whole)).filter(|read| !read.at().is_live());
        let Some(read) = read else {
            let at = subject.at;
            return Evidence { path: String::new(), actual: None, reason: None, action: None, at, ..e.clone() };
        };
        let mut said = Evidence::of(&read, e.expected.clone());
        if let Some(list) = read.value().and_then(Value::as_list) {
            said.actual = Some(format!("{} declared", list.len()));
        }
        if let Some(name) = named { said.on(name) } else { said }
    };
    let mut evidence: Vec<Evidence> = observed.iter().map(said).collect();
    evidence.sort();
    evidence.dedup_by(|a, b| a.at == b.at && a.path == b.path);
    evidence
}

/// The declared names, completed by what AWS calls the thing.
fn merged(declared: &Address, observed: Option<&Address>) -> Address {
    let mut address = declared.clone();
    if let Some(observed) = observed {
        address.physical_id = observed.physical_id.clone().or(address.physical_id);
        address.arn = observed.arn.clone().or(address.arn);
    }
    address
}

/// Rule, account, region and resource identity; never a line number, and for stack resources never the physical id, which a replacement changes.
fn fingerprint(rule: &Rule, kind: &str, address: &Address) -> String {
    let stack = address.stack_name().unwrap_or_default();
    let identity = [rule.id, &address.account, &address.region, kind, stack, address.name()].join("\u{1f}");
    let digest = Sha256::digest(identity.as_bytes());
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
