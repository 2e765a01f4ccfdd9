//! `driftline rules` and `driftline profiles`: what can be judged.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::exit::{Exit, Failure};
use super::listing::{self, Style, print};
use super::options::{Rules, load_profile};
use crate::handbook::{Handbook, Page, profile_schema};
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
    /// How the list is written.
    #[arg(short, long, env = "DRIFTLINE_LIST_FORMAT", value_name = "FORMAT", default_value = "table")]
    format: Style,
    /// Instead of a list, write the reference of all rules into this folder, one Markdown file each.
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ProfilesArgs {
    #[command(subcommand)]
    command: Option<ProfilesCommand>,
    /// How the list is written.
    #[arg(short, long, env = "DRIFTLINE_LIST_FORMAT", value_name = "FORMAT", default_value = "table", global = true)]
    format: Style,
}

#[derive(Debug, Subcommand)]
enum ProfilesCommand {
    /// One profile: its rules with severities and parameters, what it leaves out, what it covers of a framework.
    Show {
        /// A built-in name or a file.
        #[arg(value_name = "NAME|FILE")]
        name: String,
    },
    /// The JSON Schema of profile files.
    Schema,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(folder) = &args.reference {
        return write_reference(folder);
    }
    let mut active = if args.all {
        rules::all().map(profile::Active::by_default).collect()
    } else {
        args.rules.choose(&mut Sources::default())?.active
    };
    active.sort_by_key(|a| a.rule.id);
    if args.format == Style::Json {
        let handbook = Handbook::new()?;
        let entry = |a: &profile::Active| {
            let mut entry = handbook.entry(a.rule);
            entry.severity = a.severity;
            entry
        };
        return print(&listing::json(&active.iter().map(entry).collect::<Vec<_>>())?);
    }
    let row = |a: &profile::Active| {
        vec![a.rule.id.to_owned(), a.severity.to_string(), a.rule.category.to_string(), a.rule.title.to_owned()]
    };
    let rows: Vec<Vec<String>> = active.iter().map(row).collect();
    match args.format {
        Style::Markdown => print(&listing::markdown(&["rule", "severity", "category", "title"], &rows)),
        Style::Table | Style::Json => print(&listing::table(&rows)),
    }
}

/// The reference as files. Pages of rules that are no more are removed.
fn write_reference(folder: &std::path::Path) -> Result<Exit, Failure> {
    let unwritable = |source| Failure::Unwritable { to: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let pages = Handbook::new()?.reference();
    for entry in std::fs::read_dir(folder).map_err(unwritable)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().extension().is_some_and(|e| e == "md") && pages.iter().all(|(page, _)| *page != name) {
            std::fs::remove_file(entry.path()).map_err(unwritable)?;
        }
    }
    for (name, text) in pages {
        std::fs::write(folder.join(name), text).map_err(unwritable)?;
    }
    Ok(Exit::Clean)
}

pub(super) fn profiles(args: &ProfilesArgs) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    if matches!(args.command, Some(ProfilesCommand::Schema)) {
        return print(&listing::json(&profile_schema())?);
    }
    if let Some(ProfilesCommand::Show { name }) = &args.command {
        let page = Page::new(&load_profile(&mut sources, name)?);
        return match args.format {
            Style::Json => print(&listing::json(&page)?),
            Style::Markdown => print(&page.markdown()),
            Style::Table => print(&show(&page)),
        };
    }
    let mut pages = Vec::new();
    for (name, _) in profile::BUILT_IN {
        pages.push(Page::new(&load_profile(&mut sources, name)?));
    }
    if args.format == Style::Json {
        let brief = |p: &Page| {
            let percent = p.framework.as_ref().map(|f| f.percent);
            json!({"name": p.name, "title": p.title, "rules": p.rules.len(), "framework_percent": percent})
        };
        return print(&listing::json(&pages.iter().map(brief).collect::<Vec<_>>())?);
    }
    let row = |p: &Page| {
        let share = p.framework.as_ref().map_or(String::new(), |f| format!("{}% of it", f.percent));
        vec![p.name.clone(), format!("{} rules", p.rules.len()), share, p.title.clone()]
    };
    let rows: Vec<Vec<String>> = pages.iter().map(row).collect();
    match args.format {
        Style::Markdown => print(&listing::markdown(&["profile", "rules", "framework", "title"], &rows)),
        Style::Table | Style::Json => print(&listing::table(&rows)),
    }
}

/// A profile for a terminal.
fn show(page: &Page) -> String {
    let row = |r: &crate::handbook::Listed| {
        let set: Vec<String> = r.parameters.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        vec![r.id.to_owned(), r.severity.to_string(), r.category.to_string(), set.join("; ")]
    };
    let mut out = format!("{}: {}\n\n", page.name, page.title);
    out.push_str(&listing::table(&page.rules.iter().map(row).collect::<Vec<_>>()));
    if !page.left_out.is_empty() {
        let rows: Vec<Vec<String>> =
            page.left_out.iter().map(|(id, why)| vec![(*id).to_owned(), why.clone()]).collect();
        let _ = write!(out, "\nleft out on purpose\n{}", listing::table(&rows));
    }
    if let Some(share) = &page.framework {
        let _ = write!(
            out,
            "\n{}% of the framework ({}): {} of {} controls have rules\nno rule yet: {}\n",
            share.percent,
            share.edition,
            share.covered.len(),
            share.controls(),
            share.missing.join(", ")
        );
        let rows: Vec<Vec<String>> = share.cannot.iter().map(|(id, why)| vec![id.clone(), why.clone()]).collect();
        let _ = write!(out, "cannot be judged from templates and settings\n{}", listing::table(&rows));
    }
    out
}
