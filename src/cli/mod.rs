//! The command line: arguments in, exit code out.

mod accounts;
mod audit;
mod aws;
mod check;
mod doctor;
mod exit;
mod explain;
mod files;
mod input;
mod listing;
mod options;
mod output;
mod policy;
mod progress;
mod rules;
mod signals;

pub use exit::Exit;

use clap::{Parser, Subcommand};

/// AWS drift and compliance scanner: one rule, judged on the template and on the live resource.
#[derive(Debug, Parser)]
#[command(name = "driftline", version, about, disable_help_subcommand = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge template files; no AWS account needed.
    Check(check::Args),
    /// Judge every stack and resource of the account and its regions.
    Scan(audit::ScanArgs),
    /// Judge one stack or a few, nested stacks included.
    Audit(audit::AuditArgs),
    /// After a deployment: compare a template file, the deployed template and the live resources.
    Verify(audit::VerifyArgs),
    /// List the rules.
    Rules(rules::Args),
    /// Explain a rule: why, how to fix it, parameters, equivalents.
    Explain(explain::Args),
    /// List the compliance profiles.
    Profiles(rules::ProfilesArgs),
    /// Print the read-only IAM policy that a scan needs.
    Policy(policy::Args),
    /// Try the credentials and say which actions a scan would miss.
    Doctor(doctor::Args),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> Exit {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Scan(args) => audit::scan(&args),
        Command::Audit(args) => audit::audit(&args),
        Command::Verify(args) => audit::verify(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Profiles(args) => rules::profiles(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut command, "driftline", &mut std::io::stdout());
            Ok(Exit::Clean)
        }
    };
    outcome.unwrap_or_else(exit::Failure::report)
}
