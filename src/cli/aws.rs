//! Options about AWS: how to reach it, which accounts, and how much may be asked of it.

use std::time::Duration;

use clap::Args;

use super::accounts;
use super::exit::Failure;
use crate::collect::{self, Accounts, Pace, Role};

/// How to reach AWS.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub(super) struct Aws {
    /// AWS named profile.
    #[arg(long, env = "DRIFTLINE_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// Region to scan; repeatable, comma-separated, or `all` for every enabled one [default: the configured region].
    #[arg(long, env = "DRIFTLINE_REGION", value_delimiter = ',', value_name = "REGION")]
    region: Vec<String>,
    /// Region to leave out; repeatable or comma-separated.
    #[arg(long, env = "DRIFTLINE_EXCLUDE_REGION", value_delimiter = ',', value_name = "REGION")]
    exclude_region: Vec<String>,
    /// Role to assume in the account that is scanned; repeatable, one account each.
    #[arg(long, env = "DRIFTLINE_ROLE_ARN", value_delimiter = ',', value_name = "ARN")]
    role_arn: Vec<String>,
    /// External id that the roles ask for.
    #[arg(long, env = "DRIFTLINE_EXTERNAL_ID", value_name = "ID")]
    external_id: Option<String>,
    /// Accounts to scan: a YAML or JSON list of account numbers, role ARNs, or `{role_arn, external_id, regions}`.
    #[arg(long, env = "DRIFTLINE_ACCOUNTS", value_name = "FILE")]
    accounts: Option<String>,
    /// Scan every active account of the organization.
    #[arg(long, env = "DRIFTLINE_ORG")]
    org: bool,
    /// Role to assume in accounts that are given by number.
    #[arg(
        long,
        env = "DRIFTLINE_ACCOUNT_ROLE_NAME",
        value_name = "NAME",
        default_value = "OrganizationAccountAccessRole"
    )]
    account_role_name: String,
    /// Account to leave out; repeatable or comma-separated.
    #[arg(long, env = "DRIFTLINE_EXCLUDE_ACCOUNT", value_delimiter = ',', value_name = "ID")]
    exclude_account: Vec<String>,
    /// Send all requests here instead of to AWS.
    #[arg(long, env = "DRIFTLINE_ENDPOINT_URL", value_name = "URL")]
    endpoint_url: Option<String>,
}

impl Aws {
    /// The options of the connection.
    pub(super) fn connect(&self) -> collect::Options {
        collect::Options {
            profile: self.profile.clone(),
            regions: self.region.clone(),
            exclude_regions: self.exclude_region.clone(),
            endpoint_url: self.endpoint_url.clone(),
            keys: None,
        }
    }

    /// Which accounts.
    pub(super) fn accounts(&self) -> Result<Accounts, Failure> {
        let role = |arn: &String| Role { arn: arn.clone(), external_id: self.external_id.clone(), regions: Vec::new() };
        let mut accounts = Accounts {
            roles: self.role_arn.iter().map(role).collect(),
            ids: Vec::new(),
            organization: self.org,
            role_name: self.account_role_name.clone(),
            external_id: self.external_id.clone(),
            exclude: self.exclude_account.clone(),
        };
        if let Some(path) = &self.accounts {
            accounts::read(path, self.external_id.as_ref(), &mut accounts)?;
        }
        Ok(accounts)
    }
}

/// How much may be asked of AWS.
#[derive(Debug, Args)]
#[command(next_help_heading = "Restraint")]
pub(super) struct Restraint {
    /// Requests per second over all services, or `unlimited` to lift every limit (for emulators) [default: half of AWS's quota for each service].
    #[arg(long, env = "DRIFTLINE_MAX_RPS", value_name = "N|unlimited", value_parser = rate)]
    max_rps: Option<Rate>,
    /// Requests in flight at once.
    #[arg(
        long,
        env = "DRIFTLINE_MAX_CONCURRENCY",
        value_name = "N",
        default_value_t = 64,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    max_concurrency: u16,
    /// Stop reading after this time (`90s`, `15m`, `1h`) and report what is known by then.
    #[arg(long, env = "DRIFTLINE_DEADLINE", value_name = "TIME", value_parser = time)]
    pub(super) deadline: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
enum Rate {
    Limited(f64),
    Unlimited,
}

impl Restraint {
    /// How fast a scan may be.
    pub(super) fn pace(&self) -> Pace {
        Pace {
            concurrency: usize::from(self.max_concurrency),
            polite: !matches!(self.max_rps, Some(Rate::Unlimited)),
            rps: match self.max_rps {
                Some(Rate::Limited(rps)) => Some(rps),
                _ => None,
            },
        }
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    if text == "unlimited" {
        return Ok(Rate::Unlimited);
    }
    match text.parse::<f64>() {
        Ok(rps) if rps >= 0.1 && rps.is_finite() => Ok(Rate::Limited(rps)),
        _ => Err("expected a number of at least 0.1, or `unlimited`".into()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let expected = || "expected a time such as 90s, 15m or 1h".to_owned();
    let time: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(time).ok().filter(|time| !time.is_zero()).ok_or_else(expected)
}

/// Judging without an account.
#[derive(Debug, Args)]
#[command(next_help_heading = "Offline")]
pub(super) struct Offline {
    /// Also write what was collected, secrets redacted, to a file that only you can read.
    #[arg(long, env = "DRIFTLINE_RECORD", value_name = "FILE")]
    pub(super) record: Option<String>,
    /// Judge a recording instead of an account; no network is used.
    #[arg(long, env = "DRIFTLINE_SNAPSHOT", value_name = "FILE", conflicts_with_all = ["record", "role_arn", "accounts", "org", "endpoint_url", "deadline"])]
    pub(super) snapshot: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_checked() {
        assert!(matches!(rate("unlimited"), Ok(Rate::Unlimited)));
        assert!(matches!(rate("2.5"), Ok(Rate::Limited(rps)) if (rps - 2.5).abs() < 1e-9));
        assert!(rate("0").is_err() && rate("fast").is_err());
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("15m"), Ok(Duration::from_mins(15)));
        assert!(time("-1s").is_err() && time("0s").is_err() && time("soon").is_err());
    }
}
