//! `driftline scan`, `audit` and `verify`: an account, judged on both sides.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use clap::Args as ClapArgs;

use super::check::parameters;
use super::exit::{Exit, Failure, write_all};
use super::files::unreadable;
use super::options::{Aws, Gate, Offline, Output, Rules, TemplateInputs};
use super::output::stderr_has_color;
use super::progress::Progress;
use crate::collect::{self, Connection, Pace, Target};
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
    args.offline.refuse()?;
    let mut sources = Sources::default();
    let (compliance, active) = args.rules.choose(&mut sources)?;
    let local = template.map(|(path, inputs)| local(&mut sources, path, inputs, stacks)).transpose()?;
    let run = Run { command: command.into(), compliance, started: now(), ..Run::default() };
    let mut plan = Plan { active, all: args.output.all, run };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::Usage(format!("failed to start: {e}")))?;
    let progress = Progress::of(&args.output);
    let signal: Arc<Mutex<Option<Exit>>> = Arc::default();
    let (connection, collected) = runtime.block_on(async {
        let connection = Connection::open(&args.aws.connect()).await?;
        let wanted = |stacks: &[Stack]| scan::wanted(&plan.active, stacks, local.as_ref());
        let target = Target {
            types: plan.types(),
            stacks: stacks.map(<[String]>::to_vec),
            pace: Pace::default(),
            wanted: &wanted,
        };
        let stop = stopped(Arc::clone(&signal));
        let collected = collect::collect(&connection, &target, &|line| progress.say(line), stop).await;
        Ok::<_, Failure>((connection, collected))
    })?;
    drop(progress);
    // What is still in flight after a signal is not waited for.
    runtime.shutdown_background();
    if let Some(missing) = collected.missing.first() {
        let regions: Vec<&str> = connection.regions.iter().map(|r| &**r).collect();
        return Err(Failure::Usage(format!(
            "there is no stack {missing} in {} of account {}",
            regions.join(", "),
            connection.account
        )));
    }
    plan.run.accounts = vec![connection.account.to_string()];
    plan.run.regions = connection.regions.iter().map(ToString::to_string).collect();
    let (mut report, warnings) = scan::account(plan, &mut sources, collected, stacks.is_some(), local.as_ref());
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

/// Resolves on SIGINT or SIGTERM and remembers which.
async fn stopped(signal: Arc<Mutex<Option<Exit>>>) {
    // Without signal handlers the process ends as the system wants it.
    let Ok(exit) = wait().await else { return std::future::pending().await };
    *signal.lock().unwrap_or_else(PoisonError::into_inner) = Some(exit);
}

#[cfg(unix)]
async fn wait() -> io::Result<Exit> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    })
}

#[cfg(not(unix))]
async fn wait() -> io::Result<Exit> {
    tokio::signal::ctrl_c().await.map(|()| Exit::Interrupted)
}

/// The time in RFC 3339, UTC, to the second.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
