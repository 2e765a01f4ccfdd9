//! The report as it is written: versioned, sorted, and free of secrets. `docs/report.schema.json` describes it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::join::Class;
use crate::rules::Severity;

/// A run's result. Two runs over the same state differ in [`Report::run`] only.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this shape.
    pub format: u32,
    /// What wrote it.
    pub tool: Tool,
    /// When and over what.
    pub run: Run,
    /// Judgements by class.
    pub counts: Counts,
    /// How each profile does.
    pub scores: Vec<Score>,
    /// Every judgement that is not compliant (all of them with `--all`).
    pub findings: Vec<FindingJson>,
    /// What became of each resource of each stack.
    pub drift: Vec<DriftJson>,
    /// What could not be read.
    pub gaps: Vec<GapJson>,
    /// How much of the account is made by stacks; `null` where no account was asked.
    pub coverage: Option<Coverage>,
}

/// What wrote the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `driftline`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// When and over what.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// The subcommand.
    pub command: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// Accounts scanned.
    pub accounts: Vec<String>,
    /// Regions scanned.
    pub regions: Vec<String>,
    /// Profiles judged.
    pub compliance: Vec<String>,
    /// Whether everything could be read.
    pub complete: bool,
    /// Calls made to AWS by IAM action, repeated attempts included; empty in `check` and for recordings.
    pub calls: BTreeMap<&'static str, u64>,
    /// How often a service asked us to be slower.
    pub throttled: u64,
}

/// Judgements by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named after the classes")]
pub struct Counts {
    pub template: usize,
    pub drift: usize,
    pub latent: usize,
    pub live: usize,
    pub unmanaged: usize,
    pub unverified: usize,
    pub unknown: usize,
    pub compliant: usize,
    pub suppressed: usize,
}

/// How a profile does: its rules by what became of them. A rule that applies to nothing is in none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The profile.
    pub profile: String,
    /// Rules that apply to something: those that pass, fail or cannot be told.
    pub applicable: usize,
    /// Rules that pass everywhere.
    pub passed: usize,
    /// The share of applicable rules that pass, in percent, rounded down; `null` if none applies. What cannot be told has not passed.
    pub percent: Option<usize>,
    /// Rules that fail somewhere.
    pub failed: Vec<&'static str>,
    /// Rules that fail nowhere, as far as one can tell, and cannot be told somewhere.
    pub unknown: Vec<&'static str>,
}

/// One rule on one resource.
#[derive(Clone, Debug, Serialize)]
pub struct FindingJson {
    /// Rule id.
    pub rule: &'static str,
    /// What holds when the rule passes.
    pub title: &'static str,
    /// `low` to `critical`.
    pub severity: Severity,
    /// The rule's category.
    pub category: String,
    /// The class.
    pub class: Class,
    /// Stable over runs.
    pub fingerprint: String,
    /// The subject.
    pub resource: ResourceJson,
    /// The template's side.
    pub declared: Option<SideJson>,
    /// AWS's side.
    pub observed: Option<SideJson>,
    /// Why it does not count, if it was suppressed.
    pub suppressed: Option<()>,
}

/// A resource's names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "named after the parts of an address")]
pub struct ResourceJson {
    #[serde(rename = "type")]
    pub kind: String,
    pub account: Option<String>,
    pub region: Option<String>,
    pub stack: Option<String>,
    pub logical_id: Option<String>,
    pub physical_id: Option<String>,
    pub arn: Option<String>,
}

/// The verdict of one side.
#[derive(Clone, Debug, Serialize)]
pub struct SideJson {
    /// `pass`, `fail`, `unknown`.
    pub verdict: &'static str,
    /// What it rests on.
    pub evidence: Vec<EvidenceJson>,
}

/// What a verdict rests on. `file`, `line` and `column` on the template's side, `action` on AWS's.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "described by the contract in docs/report.schema.json")]
pub struct EvidenceJson {
    pub path: String,
    pub expected: String,
    pub actual: Option<String>,
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// What became of a stack's resource.
#[derive(Clone, Debug, Serialize)]
pub struct DriftJson {
    /// The resource.
    pub resource: ResourceJson,
    /// `in-sync`, `modified`, `deleted`, `not-checked`.
    pub status: &'static str,
    /// Why it was not checked.
    pub reason: Option<String>,
    /// What is not as declared.
    pub differences: Vec<DifferenceJson>,
}

/// A property that is not as declared.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "described by the contract in docs/report.schema.json")]
pub struct DifferenceJson {
    pub path: String,
    pub kind: &'static str,
    pub declared: Option<String>,
    pub observed: Option<String>,
}

/// A call whose answer is missing.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "described by the contract in docs/report.schema.json")]
pub struct GapJson {
    pub account: String,
    pub region: String,
    pub action: String,
    pub cause: &'static str,
    pub code: String,
    pub affects: Vec<String>,
}

/// How much of the account is made by stacks.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Live resources by who made them.
    pub provenance: ProvenanceCounts,
    /// Share of resources made by stacks, in percent; `null` if there are none, or if not every stack could be read.
    pub iac_percent: Option<f64>,
    /// How the share is computed.
    pub formula: &'static str,
    /// Each stack's resources by status.
    pub stacks: Vec<StackCoverage>,
    /// What was read in each account and region.
    pub places: Vec<PlaceCoverage>,
}

/// What was read in one account and region, or of what the account has only once (`global`).
#[derive(Clone, Debug, Default, Serialize)]
pub struct PlaceCoverage {
    /// Twelve digits.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// Deployed stacks.
    pub stacks: usize,
    /// Resources observed, whoever made them.
    pub resources: usize,
    /// Actions that could not be read.
    pub gaps: usize,
}

/// Live resources by who made them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "named after the provenances")]
pub struct ProvenanceCounts {
    pub stack: usize,
    pub derived: usize,
    pub service: usize,
    pub default: usize,
    pub unmanaged: usize,
}

/// A stack's resources by status; the four add up to `resources`.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "named after the statuses")]
pub struct StackCoverage {
    pub stack: String,
    pub account: String,
    pub region: String,
    pub resources: usize,
    pub in_sync: usize,
    pub modified: usize,
    pub deleted: usize,
    pub not_checked: usize,
}
