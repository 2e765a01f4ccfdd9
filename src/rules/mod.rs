//! Judgement: rules as data plus one closure each, over the model alone.

mod answer;
pub mod check;
mod params;
mod verdict;

mod balancing;
mod compute;
mod cost;
mod data;
mod deployment;
mod edge;
mod encryption;
mod governance;
mod identity;
mod logging;
mod monitoring;
mod network;
mod readers;
mod resilience;
mod secrets;
mod storage;
mod template;

pub use params::{PLACEHOLDERS, Param, ParamError, ParamValue, Params, Preset};
pub use verdict::{Evidence, Verdict};

use std::fmt;

use crate::model::{Estate, Resource, types};

/// How bad it is. Ordered: `Critical` is the greatest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Hygiene.
    Low,
    /// Should be put right.
    Medium,
    /// Must be put right.
    High,
    /// Must be put right now.
    Critical,
}

/// What a rule is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Account settings.
    Account,
    /// Instances, functions, containers.
    Compute,
    /// What it costs.
    Cost,
    /// Databases.
    Database,
    /// How things are deployed.
    Deployment,
    /// The edge: CDN, DNS, certificates.
    Edge,
    /// Encryption at rest and in transit.
    Encryption,
    /// Ownership, tags, conventions.
    Governance,
    /// Permissions.
    Iam,
    /// Load balancers.
    LoadBalancing,
    /// Logs and audit trails.
    LoggingAudit,
    /// Metrics and alarms.
    MonitoringAlerting,
    /// Networks.
    Network,
    /// Surviving failures.
    Resilience,
    /// Secrets.
    Secrets,
    /// Object and file storage.
    Storage,
    /// The template as a text.
    TemplateQuality,
}

macro_rules! display_by_serde {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                serde::Serialize::serialize(self, f)
            }
        }
    )*};
}
display_by_serde!(Severity, Category);

/// Where a rule can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only a template shows it; there is no observed side.
    Template,
    /// One resource, on both sides.
    Resource,
    /// Several resources joined, on both sides; the subject is the one they belong to.
    Estate,
    /// The account or a region; there is no declared side.
    Account,
}

/// Stands for every type among the types that a rule is about or reads (`*.Tags`). Nothing is collected because of it.
pub const EVERY: &str = "*";

/// A rule: what it is called, what it reads, and how it judges.
#[derive(Debug)]
pub struct Rule {
    /// The AWS Config rule's name where there is one.
    pub id: &'static str,
    /// One sentence: what holds when it passes.
    pub title: &'static str,
    /// Markdown with the headings `Why` and `Fix`.
    pub docs: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad a failure is, unless a profile says otherwise.
    pub severity: Severity,
    /// Where it can be judged.
    pub scope: Scope,
    /// Types of its subjects: each such resource gets a verdict. [`EVERY`] is every type of AWS, as far as stacks and other rules bring it in.
    pub types: &'static [&'static str],
    /// What it looks at besides its subjects: types, and properties that cost a call per resource (`AWS::S3::Bucket.LoggingConfiguration`).
    /// With ` if some_parameter` only where that parameter is true.
    pub reads: &'static [&'static str],
    /// What a profile can set.
    pub params: &'static [Param],
    /// The same check in other tools: `aws-config/encrypted-volumes`, `security-hub/EC2.3`, `checkov/CKV_AWS_3`, `cis-5.0/5.1.1`…
    pub equivalents: &'static [&'static str],
    /// Its fixture: templates with marks on what passes and what fails.
    pub fixture: &'static str,
    /// Judges one subject; `None` if the rule does not apply to it.
    pub check: fn(&Resource, &Context<'_>) -> Option<Verdict>,
}

impl Rule {
    /// Every type that it looks at.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds_with(|_| true)
    }

    /// The types that it looks at where only some of its parameters are true.
    pub fn kinds_with(&self, on: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static str> {
        let kind = |read: &'static str| read.split_once('.').map_or(read, |(kind, _)| kind);
        self.types.iter().copied().chain(self.reads_with(on).map(kind)).filter(|kind| *kind != EVERY)
    }

    /// What it reads where only some of its parameters are true.
    fn reads_with(&self, on: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static str> {
        self.reads.iter().filter_map(move |read| match read.split_once(" if ") {
            Some((read, param)) => on(param).then_some(read),
            None => Some(*read),
        })
    }

    /// Whether resources of a type are subjects. [`EVERY`] is every type of AWS, but not the template itself or a fact without such a type.
    #[must_use]
    pub fn is_about(&self, kind: &str) -> bool {
        self.types.contains(&kind) || (self.types.contains(&EVERY) && has_resources(kind))
    }

    /// The properties that it looks at and that cost a call per resource: type and name.
    pub fn properties(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.properties_with(|_| true)
    }

    /// The same where only some of its parameters are true.
    pub fn properties_with(&self, on: impl Fn(&str) -> bool) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.reads_with(on).filter_map(|read| read.split_once('.'))
    }
}

/// Whether a type is one of AWS, and not the template itself.
fn has_resources(kind: &str) -> bool {
    kind.starts_with("AWS::") && kind != types::TEMPLATE
}

/// What a check may look at besides its subject.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// All resources of the subject's side.
    pub estate: &'a Estate,
    /// The parameters in force.
    pub params: &'a Params,
}

impl Context<'_> {
    /// Whether a resource belongs to a production environment.
    /// `None` if nobody says: no environment on the resource or its stack.
    #[must_use]
    pub fn production(&self, resource: &Resource) -> Option<bool> {
        resource
            .environment
            .as_deref()
            .map(|e| ["prod", "production", "prd", "live"].iter().any(|name| e.eq_ignore_ascii_case(name)))
    }
}

/// Declares the rules of a file, in order. The doc comment is the rule's documentation.
macro_rules! rules {
    ($(
        $(#[doc = $doc:literal])*
        $id:literal => {
            title: $title:literal,
            category: $category:ident,
            severity: $severity:ident,
            scope: $scope:ident,
            types: [$($type:literal),* $(,)?],
            $(reads: [$($reads:literal),* $(,)?],)?
            $(params: { $($param:ident: $default:expr => $pdoc:literal),* $(,)? },)?
            equivalents: [$($equivalent:literal),* $(,)?],
            check: $check:expr $(,)?
        }
    )*) => {
        pub(in crate::rules) static RULES: &[$crate::rules::Rule] = &[$($crate::rules::Rule {
            id: $id,
            title: $title,
            docs: concat!($($doc, "\n"),*),
            category: $crate::rules::Category::$category,
            severity: $crate::rules::Severity::$severity,
            scope: $crate::rules::Scope::$scope,
            types: &[$($type),*],
            reads: &[$($($reads),*)?],
            params: &[$($($crate::rules::Param { name: stringify!($param), default: $default, docs: $pdoc }),*)?],
            equivalents: &[$($equivalent),*],
            fixture: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rules/", $id, ".yaml")),
            check: $check,
        }),*];
    };
}
use rules;

/// The domains, in the order in which they are listed; each knows its files.
static DOMAINS: &[&[&[Rule]]] = &[
    balancing::FILES,
    compute::FILES,
    cost::FILES,
    data::FILES,
    deployment::FILES,
    edge::FILES,
    encryption::FILES,
    governance::FILES,
    identity::FILES,
    logging::FILES,
    monitoring::FILES,
    network::FILES,
    resilience::FILES,
    secrets::FILES,
    storage::FILES,
    template::FILES,
];

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    DOMAINS.iter().flat_map(|domain| domain.iter()).flat_map(|file| file.iter())
}

/// The rules of a name: one by its id, or those that another tool's name stands for (`CKV_AWS_3`, `EC2.3`, `checkov/CKV_AWS_3`).
#[must_use]
pub fn named(name: &str) -> Vec<&'static Rule> {
    if let Some(rule) = all().find(|rule| rule.id == name) {
        return vec![rule];
    }
    let means = |e: &str| {
        e.eq_ignore_ascii_case(name) || e.split_once('/').is_some_and(|(_, id)| id.eq_ignore_ascii_case(name))
    };
    all().filter(|rule| rule.equivalents.iter().any(|e| means(e))).collect()
}

/// A rule by its id, or by another tool's name that stands for it alone.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    match named(name).as_slice() {
        [rule] => Some(rule),
        _ => None,
    }
}
