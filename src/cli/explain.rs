//! `driftline explain RULE`: why, how to fix it, parameters, equivalents, what a scan reads for it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure};
use crate::collect::COLLECTORS;
use crate::profile;
use crate::rules::{ParamValue, Rule, Scope};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Rule id, or another tool's name for it (`CKV_AWS_3`, `EC2.3`).
    #[arg(value_name = "RULE")]
    rule: String,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let rule = profile::find(&args.rule)?;
    std::io::stdout()
        .write_all(text(rule).as_bytes())
        .map_err(|source| Failure::Unwritable { to: "stdout".into(), source })?;
    Ok(Exit::Clean)
}

/// The explanation as Markdown.
fn text(rule: &Rule) -> String {
    let mut out = format!("# {}\n\n{}\n\n", rule.id, rule.title);
    // Writing to a String cannot fail.
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    line(format!("Severity {}, category {}, judged on {}.", rule.severity, rule.category, sides(rule.scope)));
    line(format!("Subjects: {}.\n", rule.types.join(", ")));
    for doc in rule.docs.lines() {
        line(doc.strip_prefix(' ').unwrap_or(doc).to_owned());
    }
    if !rule.params.is_empty() {
        line("\n## Parameters\n".into());
        for p in rule.params {
            line(format!("- `{}` (default {}): {}", p.name, shown(&p.default.value()), p.docs));
        }
    }
    if !rule.equivalents.is_empty() {
        line(format!("\n## Equivalents\n\n{}", rule.equivalents.join(", ")));
    }
    let actions = actions(rule);
    if rule.scope != Scope::Template {
        line(format!("\n## Read live\n\n{}", actions.into_iter().collect::<Vec<_>>().join(", ")));
    }
    out
}

fn sides(scope: Scope) -> &'static str {
    match scope {
        Scope::Template => "templates only",
        Scope::Resource | Scope::Estate => "templates and live resources",
        Scope::Account => "the live account only",
    }
}

/// The IAM actions of the collectors that fill the rule's types.
fn actions(rule: &Rule) -> BTreeSet<&'static str> {
    let types: Vec<&str> = rule.kinds().collect();
    let specs = COLLECTORS.iter().map(|c| c.spec()).filter(|s| s.types.iter().any(|t| types.contains(&t.name)));
    specs.flat_map(|s| s.actions.iter().copied()).collect()
}

fn shown(value: &ParamValue) -> String {
    match value {
        ParamValue::Bool(b) => b.to_string(),
        ParamValue::Int(n) => n.to_string(),
        ParamValue::Share(x) => x.to_string(),
        ParamValue::Text(t) => t.clone(),
        ParamValue::Nothing => "not set".into(),
        ParamValue::Texts(list) => format!("[{}]", list.join(", ")),
        ParamValue::Ints(list) => format!("[{}]", list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        ParamValue::Pattern(pattern) => format!("`{pattern}`"),
        ParamValue::Patterns(list) => {
            format!("[{}]", list.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", "))
        }
        ParamValue::Map(map) => {
            let entry = |(k, v): (&String, &Option<String>)| format!("{k}: {}", v.as_deref().unwrap_or("null"));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        ParamValue::Lists(map) => {
            let entry = |(k, v): (&String, &Vec<String>)| format!("{k}: [{}]", v.join(", "));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}
