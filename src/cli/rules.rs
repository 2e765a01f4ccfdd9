//! `driftline rules` and `driftline profiles`: what can be judged.

use std::io::Write as _;

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure};
use super::options::Rules;
use crate::profile;
use crate::rules;
use crate::source::Sources;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    rules: Rules,
    /// Every rule, whatever the profile.
    #[arg(long, conflicts_with_all = ["compliance", "rule", "exclude_rule", "service", "category", "severity"])]
    all: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ProfilesArgs {}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut rows: Vec<[String; 4]> = if args.all {
        let row =
            |r: &rules::Rule| [r.id.to_owned(), r.severity.to_string(), r.category.to_string(), r.title.to_owned()];
        rules::all().map(row).collect()
    } else {
        let active = args.rules.choose(&mut Sources::default())?.active;
        let row = |a: &profile::Active| {
            [a.rule.id.to_owned(), a.severity.to_string(), a.rule.category.to_string(), a.rule.title.to_owned()]
        };
        active.iter().map(row).collect()
    };
    rows.sort();
    print(&rows)
}

pub(super) fn profiles(_: &ProfilesArgs) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let mut rows = Vec::new();
    for (name, _) in profile::BUILT_IN {
        let profile = profile::load(&mut sources, name)?;
        rows.push([profile.name, format!("{} rules", profile.active.len()), String::new(), profile.title]);
    }
    print(&rows)
}

/// Columns as wide as their widest cell.
fn print(rows: &[[String; 4]]) -> Result<Exit, Failure> {
    let width = |n: usize| rows.iter().filter_map(|r| r.get(n)).map(String::len).max().unwrap_or(0);
    let [a, b, c] = [width(0), width(1), width(2)];
    let mut out = std::io::stdout().lock();
    for [first, second, third, last] in rows {
        writeln!(out, "{first:<a$}  {second:<b$}  {third:<c$}  {last}")
            .map_err(|source| Failure::Unwritable { to: "stdout".into(), source })?;
    }
    Ok(Exit::Clean)
}
