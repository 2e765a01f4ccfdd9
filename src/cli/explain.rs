//! `driftline explain RULE`: why, what passes and fails, how to fix it, parameters, equivalents, what a scan reads for it.

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure};
use super::listing::{Style, json, print};
use crate::handbook::Handbook;
use crate::profile;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Rule id, or another tool's name for it (`CKV_AWS_3`, `EC2.3`).
    #[arg(value_name = "RULE")]
    rule: String,
    /// How it is written.
    #[arg(short, long, env = "DRIFTLINE_LIST_FORMAT", value_name = "FORMAT", default_value = "markdown")]
    format: Style,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let rule = profile::find(&args.rule)?;
    let entry = Handbook::new()?.entry(rule);
    match args.format {
        Style::Json => print(&json(&entry)?),
        Style::Table | Style::Markdown => print(&entry.markdown()),
    }
}
