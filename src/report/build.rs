//! From findings to the report: names resolved to lines, counts, coverage.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::document::{
    Counts, Coverage, DifferenceJson, DriftJson, EvidenceJson, FindingJson, GapJson, PlaceCoverage, ProvenanceCounts,
    Report, ResourceJson, Run, SideJson, StackCoverage, Tool,
};
use super::score::scores;
use crate::collect::Gap;
use crate::join::{Class, DriftEntry, Finding, Side, Status};
use crate::model::{Address, Estate, GLOBAL, Provenance, Resource, Stack, types};
use crate::rules::Evidence;
use crate::source::Sources;

/// What a report is made of.
#[derive(Debug)]
pub struct Input<'a> {
    /// When and over what.
    pub run: Run,
    /// All findings, compliant ones included.
    pub findings: &'a [Finding],
    /// The drift statuses; empty in `check`.
    pub drift: &'a [DriftEntry],
    /// What could not be read.
    pub gaps: &'a [Gap],
    /// What AWS observed; `None` in `check`.
    pub observed: Option<&'a Estate>,
    /// Whether every stack and its members could be read: without that nobody can call a resource unmanaged.
    pub stacks_complete: bool,
    /// The stacks in question.
    pub stacks: &'a [Stack],
    /// The accounts that answered, and their regions; empty in `check`.
    pub accounts: &'a BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Each profile's name with the rules of it that were judged.
    pub profiles: &'a [(String, Vec<&'static str>)],
    /// The texts that evidence points into.
    pub sources: &'a Sources,
    /// Whether compliant findings are listed too.
    pub all: bool,
}

/// Builds the report.
#[must_use]
pub fn build(input: Input<'_>) -> Report {
    let shown = input.findings.iter().filter(|f| input.all || f.class != Class::Compliant);
    Report {
        format: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        counts: counts(input.findings),
        scores: scores(&input),
        findings: shown.map(|f| finding(f, input.sources)).collect(),
        drift: input.drift.iter().map(drift).collect(),
        gaps: input.gaps.iter().map(gap).collect(),
        coverage: input.observed.map(|estate| Coverage {
            stacks: stack_coverage(input.stacks, input.drift),
            places: places(&input, estate),
            ..coverage(estate, input.stacks_complete)
        }),
        run: input.run,
    }
}

/// Stacks are what resources are counted by, and facts and places are none.
fn counts_as_resource(r: &Resource) -> bool {
    !r.kind.starts_with("Driftline::") && &*r.kind != types::STACK
}

fn counts(findings: &[Finding]) -> Counts {
    let mut counts = Counts::default();
    for f in findings {
        let n = match f.class {
            Class::Template => &mut counts.template,
            Class::Drift => &mut counts.drift,
            Class::Latent => &mut counts.latent,
            Class::Live => &mut counts.live,
            Class::Unmanaged => &mut counts.unmanaged,
            Class::Unverified => &mut counts.unverified,
            Class::Unknown => &mut counts.unknown,
            Class::Compliant => &mut counts.compliant,
        };
        *n += 1;
    }
    counts
}

fn finding(f: &Finding, sources: &Sources) -> FindingJson {
    FindingJson {
        rule: f.rule.id,
        title: f.rule.title,
        severity: f.severity,
        category: f.rule.category.to_string(),
        class: f.class,
        fingerprint: f.fingerprint.clone(),
        resource: resource(&f.kind, &f.address),
        declared: f.declared.as_ref().map(|s| side(s, sources)),
        observed: f.observed.as_ref().map(|s| side(s, sources)),
        suppressed: None,
    }
}

fn resource(kind: &str, a: &Address) -> ResourceJson {
    let filled = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    let owned = |s: &Option<Arc<str>>| s.as_deref().map(str::to_owned);
    ResourceJson {
        kind: kind.to_owned(),
        account: filled(&a.account),
        region: filled(&a.region),
        stack: a.stack_name().map(str::to_owned),
        logical_id: owned(&a.logical_id),
        physical_id: owned(&a.physical_id),
        arn: owned(&a.arn),
    }
}

fn side(side: &Side, sources: &Sources) -> SideJson {
    SideJson { verdict: side.verdict, evidence: side.evidence.iter().map(|e| evidence(e, sources)).collect() }
}

fn evidence(e: &Evidence, sources: &Sources) -> EvidenceJson {
    let place = sources.place(e.at);
    EvidenceJson {
        path: e.path.clone(),
        expected: e.expected.clone(),
        actual: e.actual.clone(),
        reason: e.reason.clone(),
        line: place.as_ref().map(|p| p.start.line),
        column: place.as_ref().map(|p| p.start.column),
        file: place.map(|p| p.file.to_string()),
        action: e.action.as_deref().map(str::to_owned),
    }
}

fn drift(entry: &DriftEntry) -> DriftJson {
    let status = match entry.status {
        Status::InSync => "in-sync",
        Status::Modified => "modified",
        Status::Deleted => "deleted",
        Status::NotChecked => "not-checked",
    };
    let differences = entry.differences.iter().map(|d| DifferenceJson {
        path: d.path.clone(),
        kind: d.kind,
        declared: d.declared.clone(),
        observed: d.observed.clone(),
    });
    DriftJson {
        resource: resource(&entry.kind, &entry.address),
        status,
        reason: entry.reason.clone(),
        differences: differences.collect(),
    }
}

fn gap(g: &Gap) -> GapJson {
    GapJson {
        account: g.account.to_string(),
        region: g.region.to_string(),
        action: g.action.to_string(),
        cause: g.cause,
        code: g.code.to_string(),
        affects: g.affects.iter().map(ToString::to_string).collect(),
    }
}

fn coverage(observed: &Estate, stacks_complete: bool) -> Coverage {
    let mut provenance = ProvenanceCounts::default();
    for r in observed.iter().filter(|r| counts_as_resource(r)) {
        let n = match r.provenance {
            Provenance::Stack => &mut provenance.stack,
            Provenance::Derived { .. } => &mut provenance.derived,
            Provenance::Service => &mut provenance.service,
            Provenance::Default => &mut provenance.default,
            Provenance::Unmanaged => &mut provenance.unmanaged,
        };
        *n += 1;
    }
    let own = provenance.stack + provenance.unmanaged;
    #[expect(clippy::cast_precision_loss, reason = "counts of resources")]
    let iac_percent =
        (own > 0 && stacks_complete).then(|| (provenance.stack as f64 / own as f64 * 1000.0).round() / 10.0);
    Coverage { provenance, iac_percent, formula: "stack / (stack + unmanaged)", stacks: Vec::new(), places: Vec::new() }
}

fn places(input: &Input<'_>, observed: &Estate) -> Vec<PlaceCoverage> {
    let mut places: BTreeMap<(&str, &str), PlaceCoverage> = BTreeMap::new();
    for (account, regions) in input.accounts {
        for region in regions.iter().map(|r| &**r).chain([GLOBAL]) {
            places.entry((account, region)).or_default();
        }
    }
    for s in input.stacks {
        places.entry((&s.account, &s.region)).or_default().stacks += 1;
    }
    for r in observed.iter().filter(|r| counts_as_resource(r)) {
        places.entry((&r.address.account, &r.address.region)).or_default().resources += 1;
    }
    for gap in input.gaps {
        places.entry((&gap.account, &gap.region)).or_default().gaps += 1;
    }
    let named = |((account, region), place): ((&str, &str), PlaceCoverage)| PlaceCoverage {
        account: account.to_owned(),
        region: region.to_owned(),
        ..place
    };
    places.into_iter().map(named).collect()
}

fn stack_coverage(stacks: &[Stack], drift: &[DriftEntry]) -> Vec<StackCoverage> {
    let empty = |s: &Stack| StackCoverage {
        stack: s.name.to_string(),
        account: s.account.to_string(),
        region: s.region.to_string(),
        ..StackCoverage::default()
    };
    let mut counted: Vec<StackCoverage> = stacks.iter().map(empty).collect();
    let at: HashMap<&Arc<str>, usize> = stacks.iter().enumerate().map(|(n, s)| (&s.id, n)).collect();
    for entry in drift {
        let Some(c) = entry.address.stack.as_ref().and_then(|id| counted.get_mut(*at.get(id)?)) else { continue };
        c.resources += 1;
        let n = match entry.status {
            Status::InSync => &mut c.in_sync,
            Status::Modified => &mut c.modified,
            Status::Deleted => &mut c.deleted,
            Status::NotChecked => &mut c.not_checked,
        };
        *n += 1;
    }
    counted
}
