//! `driftline policy`: the IAM policy that a scan needs.

use std::io::Write as _;

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure};
use super::options::Rules;
use crate::collect::policy::{self, Need};
use crate::source::Sources;

/// AWS's limit for a managed policy, white space not counted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MANAGED_POLICY: usize = 6144;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    needs: Needs,
}

/// What is to be allowed.
#[derive(Debug, ClapArgs)]
pub(super) struct Needs {
    /// Only what the chosen rules look at, not what templates may declare besides.
    #[arg(long)]
    rules_only: bool,
    #[command(flatten)]
    rules: Rules,
}

impl Needs {
    /// What a scan with these rules needs: everything any stack may hold, or only what the rules look at if that is asked for or if the rules
    /// were chosen one by one.
    pub(super) fn of_rules(&self) -> Result<Need, Failure> {
        let active = self.rules.choose(&mut Sources::default())?.active;
        if !self.rules_only && !self.rules.is_narrowed() {
            return Ok(Need::Everything);
        }
        Ok(Need::Rules {
            types: active.iter().flat_map(crate::profile::Active::kinds).collect(),
            properties: active.iter().flat_map(crate::profile::Active::properties).collect(),
        })
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let document = policy::document(&args.needs.of_rules()?);
    let unwritable = |source| Failure::Unwritable { to: "stdout".into(), source };
    writeln!(std::io::stdout(), "{document:#}").map_err(unwritable)?;
    let size = document.to_string().len();
    if size > MANAGED_POLICY {
        let note = format!(
            "note: {size} characters, but a managed policy holds {MANAGED_POLICY}: attach it as two policies, or inline to a role (10,240)"
        );
        // A note that cannot be shown is no reason to fail.
        drop(writeln!(std::io::stderr(), "{note}"));
    }
    Ok(Exit::Clean)
}
