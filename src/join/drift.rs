//! What became of each resource of a stack: still there, changed, gone, or not to be told.

use std::collections::HashMap;
use std::sync::Arc;

use super::Class;
use super::findings::{Finding, why_unseen};
use crate::model::{Address, Estate, Resource, Stack, StackMember, World, types};
use crate::source::Span;

/// The drift status of a stack's resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every declared property was compared and is as declared.
    InSync,
    /// A declared property is not as declared.
    Modified,
    /// The resource was looked for and does not exist.
    Deleted,
    /// Nobody can say; [`DriftEntry::reason`] says why.
    NotChecked,
}

/// A property that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The property path.
    pub path: String,
    /// `changed`, `added` or `removed`.
    pub kind: &'static str,
    /// What the template says.
    pub declared: Option<String>,
    /// What AWS says.
    pub observed: Option<String>,
}

/// The status of one resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftEntry {
    /// Its names.
    pub address: Address,
    /// Its type.
    pub kind: Arc<str>,
    /// What became of it.
    pub status: Status,
    /// Why it was not checked, or what it was compared with if not with AWS.
    pub reason: Option<String>,
    /// What is not as declared, as far as rules have seen it.
    pub differences: Vec<Difference>,
}

/// Said of a resource that exists: its verdicts are compared, its other properties are not.
const EXISTS: &str = "exists; properties that no rule reads are not compared";

/// The status of every resource of every stack; their number is the stacks' resource count.
#[must_use]
pub fn statuses(
    stacks: &[Stack],
    declared: Option<&Estate>,
    observed: &Estate,
    findings: &[Finding],
) -> Vec<DriftEntry> {
    let live: HashMap<(&str, &str), &Resource> = observed
        .iter()
        .filter_map(|r| Some(((r.address.stack.as_deref()?, r.address.logical_id.as_deref()?), r)))
        .collect();
    let mut drifted: HashMap<(&str, &str), Vec<&Finding>> = HashMap::new();
    for f in findings.iter().filter(|f| f.class == Class::Drift) {
        if let (Some(stack), Some(logical)) = (&f.address.stack, &f.address.logical_id) {
            drifted.entry((stack, logical)).or_default().push(f);
        }
    }
    let nested: Vec<&str> = stacks.iter().flat_map(|s| [&*s.id, &*s.name]).collect();
    let mut entries = Vec::new();
    for stack in stacks {
        for member in stack.members.iter().filter(|m| !m.is_deleted()) {
            let key = (&*stack.id, &*member.logical_id);
            let found = live.get(&key).copied();
            let findings = drifted.get(&key).map_or(&[][..], Vec::as_slice);
            let (status, reason) = match found {
                Some(_) if !findings.is_empty() => (Status::Modified, None),
                Some(_) => (Status::NotChecked, Some(EXISTS.into())),
                None => missing(stack, member, declared, observed, &nested),
            };
            entries.push(DriftEntry {
                address: address(stack, member, found),
                kind: Arc::clone(&member.kind),
                status,
                reason,
                differences: findings.iter().flat_map(|f| differences(f)).collect(),
            });
        }
    }
    entries.sort_by(|a, b| (&a.address, &a.kind).cmp(&(&b.address, &b.kind)));
    entries
}

fn missing(
    stack: &Stack,
    member: &StackMember,
    declared: Option<&Estate>,
    observed: &Estate,
    nested: &[&str],
) -> (Status, Option<String>) {
    let not_checked = |why: String| (Status::NotChecked, Some(why));
    if &*member.kind == types::STACK {
        if member.physical_id.as_deref().is_some_and(|id| nested.contains(&id)) {
            return not_checked("a nested stack: its own resources are checked".into());
        }
        return match observed.why_unlisted(types::STACK, &address(stack, member, None)) {
            Some(why) => not_checked(format!("a nested stack that was not read: {why}")),
            None => (Status::Deleted, None),
        };
    }
    if !stack.status.ends_with("_COMPLETE") {
        return not_checked(format!("the stack is {}", stack.status));
    }
    let declared = declared.and_then(|estate| estate.by_logical_id(&stack.id, &member.logical_id)).cloned();
    let resource = declared.unwrap_or_else(|| {
        Resource::new(Arc::clone(&member.kind), address(stack, member, None), World::Closed, Span::LIVE)
    });
    match why_unseen(&resource, observed) {
        Some(crate::model::Unknown::NotCollected) => not_checked(format!("{} is not collected", member.kind)),
        Some(why) => not_checked(why.to_string()),
        None => (Status::Deleted, None),
    }
}

fn address(stack: &Stack, member: &StackMember, found: Option<&Resource>) -> Address {
    Address {
        account: Arc::clone(&stack.account),
        region: Arc::clone(&stack.region),
        stack: Some(Arc::clone(&stack.id)),
        logical_id: Some(Arc::clone(&member.logical_id)),
        physical_id: found.and_then(|r| r.address.physical_id.clone()).or_else(|| member.physical_id.clone()),
        arn: found.and_then(|r| r.address.arn.clone()),
    }
}

/// What a drift finding shows: at each path the live value, and what the template says there.
fn differences(finding: &Finding) -> Vec<Difference> {
    let declared = finding.declared.iter().flat_map(|side| &side.evidence);
    let said: HashMap<&str, Option<&String>> = declared.map(|e| (e.path.as_str(), e.actual.as_ref())).collect();
    finding
        .observed
        .iter()
        .flat_map(|side| &side.evidence)
        .map(|e| {
            let declared = said.get(e.path.as_str()).copied().flatten().cloned();
            let kind = match (&declared, &e.actual) {
                (None, Some(_)) => "added",
                (Some(_), None) => "removed",
                _ => "changed",
            };
            Difference { path: e.path.clone(), kind, declared, observed: e.actual.clone() }
        })
        .collect()
}
