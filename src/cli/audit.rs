//! `driftline scan`, `audit` and `verify`: an account, judged on both sides.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use clap::Args as ClapArgs;

use super::aws::{Aws, Offline, Restraint};
use super::check::parameters;
use super::exit::{Exit, Failure, write_all};
use super::files::unreadable;
use super::input::Input;
use super::options::{Gate, Output, Rules, TemplateInputs};
use super::output::stderr_has_color;
use super::progress::Progress;
use super::signals::Signal;
use crate::load;
use crate::model::Stack;
use crate::report::Run;
use crate::scan::{self, Local, Plan};
use crate::source::Sources;

#[derive(Debug, ClapArgs)]
pub(super) struct ScanArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, ClapArgs)]
pub(super) struct AuditArgs {
    /// Stack names or ARNs.
    #[arg(required = true, value_name = "STACK")]
    stacks: Vec<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, ClapArgs)]
pub(super) struct VerifyArgs {
    /// Name of the deployed stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The template file that was deployed.
    #[arg(long, value_name = "FILE")]
    template: PathBuf,
    #[command(flatten)]
    inputs: TemplateInputs,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, ClapArgs)]
struct Common {
    #[command(flatten)]
    aws: Aws,
    #[command(flatten)]
    restraint: Restraint,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
    #[command(flatten)]
    offline: Offline,
}

pub(super) fn scan(args: &ScanArgs) -> Result<Exit, Failure> {
    run("scan", &args.common, None, None)
}

pub(super) fn audit(args: &AuditArgs) -> Result<Exit, Failure> {
    run("audit", &args.common, Some(&args.stacks), None)
}

pub(super) fn verify(args: &VerifyArgs) -> Result<Exit, Failure> {
    run("verify", &args.common, Some(std::slice::from_ref(&args.stack)), Some((&args.template, &args.inputs)))
}

fn run(
    command: &str,
    args: &Common,
    stacks: Option<&[String]>,
    template: Option<(&PathBuf, &TemplateInputs)>,
) -> Result<Exit, Failure> {
    args.output.check()?;
    let mut sources = Sources::default();
    let choice = args.rules.choose(&mut sources)?;
    let local = template.map(|(path, inputs)| local(&mut sources, path, inputs, stacks)).transpose()?;
    let run = Run { command: command.into(), compliance: choice.names(), started: now(), ..Run::default() };
    let mut plan = Plan { choice, all: args.output.all, run };
    let wanted = |stacks: &[Stack]| scan::wanted(&plan.choice.active, stacks, local.as_ref());
    let input = Input {
        aws: &args.aws,
        restraint: &args.restraint,
        offline: &args.offline,
        stacks,
        types: plan.types(),
        wanted: &wanted,
    };
    let signal = Signal::default();
    let snapshot = input.gather(&Progress::of(&args.output), &signal)?;
    plan.run.accounts = snapshot.accounts.keys().map(ToString::to_string).collect();
    let regions: BTreeSet<&Arc<str>> = snapshot.accounts.values().flatten().collect();
    plan.run.regions = regions.into_iter().map(ToString::to_string).collect();
    plan.run.calls = snapshot.collected.calls.clone();
    plan.run.throttled = snapshot.collected.throttles;
    let (mut report, warnings) = scan::account(plan, &mut sources, snapshot, stacks.is_some(), local.as_ref());
    if args.output.verbose {
        // Warnings that cannot be shown are no reason to stop.
        drop(write_all(&mut anstream::stderr(), &sources, &warnings, stderr_has_color()));
    }
    report.run.finished = now();
    args.output.write(&report)?;
    let signal = *signal.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(signal.unwrap_or_else(|| args.gate.judge(&report)))
}

fn local(
    sources: &mut Sources,
    path: &Path,
    inputs: &TemplateInputs,
    stacks: Option<&[String]>,
) -> Result<Local, Failure> {
    let parameters = parameters(sources, inputs)?;
    let text = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
    let template = load::parse(sources, &path.display().to_string(), &text)
        .map_err(|diagnostics| Failure::Files(Box::new(std::mem::take(sources)), diagnostics))?;
    let stack = stacks.and_then(|s| s.first()).cloned().unwrap_or_default();
    Ok(Local { stack, template, parameters })
}

/// The time in RFC 3339, UTC, to the second.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
