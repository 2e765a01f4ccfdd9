//! `driftline doctor`: can a scan be made with these credentials, and what would it not see?

use std::io::{self, Write as _};

use clap::Args as ClapArgs;

use super::aws::{Aws, Restraint};
use super::exit::{Exit, Failure};
use super::input::runtime;
use super::policy::Needs;
use super::signals::{Signal, stopped};
use crate::collect::{self, Connection, Diagnosis, Method, diagnose, policy};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    needs: Needs,
    #[command(flatten)]
    aws: Aws,
    #[command(flatten)]
    restraint: Restraint,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let accounts = args.aws.accounts()?;
    let actions = policy::actions(&args.needs.of_rules()?);
    let runtime = runtime()?;
    let pace = args.restraint.pace();
    let deadline = args.restraint.deadline;
    let outcome = runtime.block_on(async {
        let opened = Box::pin(collect::open(&args.aws.connect(), &accounts)).await?;
        let mut complete = opened.refused.is_empty();
        for gap in &opened.refused {
            say(&format!("account {}: {} {} ({})\n", gap.account, gap.action, gap.cause, gap.code))?;
        }
        for connection in &opened.connections {
            let found = tokio::select! {
                found = diagnose(connection, &actions, pace) => found,
                _ = stopped(Signal::default(), deadline) => {
                    return Err(Failure::Usage("stopped before every call was tried".into()));
                }
            };
            complete &= show(connection, &found)?;
        }
        Ok(complete)
    });
    runtime.shutdown_background();
    Ok(if outcome? { Exit::Clean } else { Exit::Incomplete })
}

/// Shows what was found; whether nothing is missing.
fn show(connection: &Connection, found: &Diagnosis) -> Result<bool, Failure> {
    let regions: Vec<&str> = connection.regions.iter().map(|r| &**r).collect();
    let how = match found.method {
        Method::Simulated => "as IAM simulates it; service control policies of the organization may still refuse",
        Method::Tried => "as tried in the first region",
    };
    let mut lines = vec![
        format!("account {}, {}", connection.account, regions.join(", ")),
        connection.identity.clone(),
        format!("{} actions allowed ({how})", found.allowed.len()),
    ];
    for (heading, actions) in [("denied", &found.denied), ("failed", &found.failed)] {
        lines.extend(actions.iter().map(|(action, code)| format!("{heading:<8} {action} ({code})")));
    }
    if !found.untried.is_empty() {
        lines.push(format!("{} actions not tried, because nothing is there that needs them:", found.untried.len()));
        lines.extend(found.untried.iter().map(|action| format!("         {action}")));
    }
    if !found.denied.is_empty() {
        lines.push(
            "what is denied stays unknown in a scan; `driftline policy` prints a policy that allows it".to_owned(),
        );
    }
    say(&format!("{}\n", lines.join("\n")))?;
    Ok(found.denied.is_empty() && found.failed.is_empty())
}

fn say(text: &str) -> Result<(), Failure> {
    io::stdout().write_all(text.as_bytes()).map_err(|source| Failure::Unwritable { to: "stdout".into(), source })
}
