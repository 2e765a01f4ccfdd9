//! Option groups that subcommands share.

use clap::Args;

use super::exit::Failure;
use super::output::Format;
use crate::profile::{self, Choice, Filters, Profile, ProfileError};
use crate::rules::{Category, Severity};
use crate::source::Sources;

/// Which rules are judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Rules {
    /// Compliance profile: a built-in name or a file; repeatable.
    #[arg(long, env = "DRIFTLINE_COMPLIANCE", value_delimiter = ',', value_name = "NAME|FILE", default_value = profile::DEFAULT)]
    compliance: Vec<String>,
    /// Judge only this rule; repeatable. Other tools' names work too (`CKV_AWS_3`, `EC2.3`).
    #[arg(long, env = "DRIFTLINE_RULE", value_delimiter = ',', value_name = "RULE")]
    rule: Vec<String>,
    /// Do not judge this rule; repeatable.
    #[arg(long, env = "DRIFTLINE_EXCLUDE_RULE", value_delimiter = ',', value_name = "RULE")]
    exclude_rule: Vec<String>,
    /// Only rules about this service (`ec2`, `rds`…); repeatable.
    #[arg(long, env = "DRIFTLINE_SERVICE", value_delimiter = ',', value_name = "SERVICE")]
    service: Vec<String>,
    /// Only rules of this category; repeatable.
    #[arg(
        long,
        env = "DRIFTLINE_CATEGORY",
        value_delimiter = ',',
        value_name = "CATEGORY",
        hide_possible_values = true
    )]
    category: Vec<Category>,
    /// Only rules of at least this severity.
    #[arg(long, env = "DRIFTLINE_SEVERITY", value_name = "SEVERITY")]
    severity: Option<Severity>,
}

impl Rules {
    /// Whether rules were chosen besides by profile.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.rule.is_empty() || !self.service.is_empty() || !self.category.is_empty() || self.severity.is_some()
    }

    /// The profiles and the rules they come to.
    pub(super) fn choose(&self, sources: &mut Sources) -> Result<Choice, Failure> {
        let profiles =
            self.compliance.iter().map(|name| load_profile(sources, name)).collect::<Result<Vec<Profile>, _>>()?;
        let filters = Filters {
            rules: self.rule.clone(),
            exclude: self.exclude_rule.clone(),
            services: self.service.clone(),
            categories: self.category.clone(),
            severity: self.severity,
        };
        Ok(Choice::new(&profiles, &filters)?)
    }
}

/// A profile; what is wrong in its file is shown as such.
pub(super) fn load_profile(sources: &mut Sources, name: &str) -> Result<Profile, Failure> {
    profile::load(sources, name).map_err(|error| match error {
        ProfileError::Invalid { diagnostics, .. } => Failure::Files(Box::new(std::mem::take(sources)), diagnostics),
        other => other.into(),
    })
}

/// Parameter values for templates.
#[derive(Debug, Args)]
#[command(next_help_heading = "Template inputs")]
pub(super) struct TemplateInputs {
    /// Parameter file: CloudFormation's JSON list, `{"Parameters": {…}}`, or a plain map; repeatable.
    #[arg(long, env = "DRIFTLINE_PARAMETERS", value_name = "FILE")]
    pub(super) parameters: Vec<String>,
    /// One parameter; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) parameter: Vec<String>,
}

/// What is written where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// Format, optionally with a file: `json`, `json=report.json`; repeatable. Formats: terminal, json (sarif, junit, markdown, html, csv and ocsf: not yet).
    #[arg(
        short,
        long,
        env = "DRIFTLINE_FORMAT",
        value_delimiter = ',',
        value_name = "FORMAT[=PATH]",
        default_value = "terminal"
    )]
    pub(super) format: Vec<Format>,
    /// Also list what is compliant.
    #[arg(long, env = "DRIFTLINE_ALL")]
    pub(super) all: bool,
    /// Only the summary.
    #[arg(short, long, env = "DRIFTLINE_QUIET", conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Also what cannot be told, and all evidence.
    #[arg(short, long, env = "DRIFTLINE_VERBOSE")]
    pub(super) verbose: bool,
    /// Colours.
    #[arg(long, env = "DRIFTLINE_COLOR", value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
    /// Progress on stderr: a spinner on a terminal, lines elsewhere.
    #[arg(long, env = "DRIFTLINE_PROGRESS", value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,
}

/// On, off, or as the terminal suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// As the terminal suggests.
    Auto,
    /// On.
    Always,
    /// Off.
    Never,
}

/// When the run fails.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate")]
pub(super) struct Gate {
    /// Exit with 1 if anything of at least this severity fails, or never.
    #[arg(long, env = "DRIFTLINE_FAIL_ON", value_name = "SEVERITY|none", default_value = "low")]
    pub(super) fail_on: FailOn,
    /// Exit with 0 instead of 3 if not everything could be read.
    #[arg(long, env = "DRIFTLINE_ALLOW_INCOMPLETE")]
    pub(super) allow_incomplete: bool,
}

/// The threshold of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    None,
    Low,
    Medium,
    High,
    Critical,
}

impl FailOn {
    /// The least severity that fails the run; `None` if nothing does.
    pub(super) fn least(self) -> Option<Severity> {
        match self {
            Self::None => None,
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
        }
    }
}
