//! `driftline policy`: the IAM policy that a scan needs for the chosen rules. Those of the baseline need every collector.

use std::collections::BTreeSet;
use std::io::Write as _;

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure};
use super::options::Rules;
use crate::collect::policy;
use crate::source::Sources;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    rules: Rules,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let (_, active) = args.rules.choose(&mut Sources::default())?;
    let types: BTreeSet<&'static str> = active.iter().flat_map(|a| a.rule.kinds()).collect();
    let document = policy::document(&types);
    writeln!(std::io::stdout(), "{document:#}")
        .map_err(|source| Failure::Unwritable { to: "stdout".into(), source })?;
    Ok(Exit::Clean)
}
