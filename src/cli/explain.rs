//! `driftline explain RULE`: why, what passes and fails, how to fix it, parameters, equivalents, what a scan reads for it.

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure};
use super::listing::{Style, json, print};
use crate::handbook::{Entry, Handbook};
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
    let handbook = Handbook::new()?;
    let entries: Vec<Entry> = profile::find(&args.rule)?.into_iter().map(|rule| handbook.entry(rule)).collect();
    match (args.format, entries.as_slice()) {
        (Style::Json, [entry]) => print(&json(entry)?),
        (Style::Json, several) => print(&json(&several)?),
        (Style::Table | Style::Markdown, all) => print(&all.iter().map(Entry::markdown).collect::<Vec<_>>().join("\n")),
    }
}
