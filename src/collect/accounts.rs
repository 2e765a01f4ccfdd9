//! Which accounts are scanned: one's own, those of roles, or those of an organization.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_organizations::Client;
use aws_sdk_organizations::operation::list_accounts::ListAccountsOutput;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::answer::{denied, in_words};
use super::connect::{Base, Connection, Options, Role};
use super::paging::{Broken, paged};
use super::shape::token;
use super::{ConnectError, Gap, tasks};

/// Which accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Roles to assume, one account each.
    pub roles: Vec<Role>,
    /// Accounts by number, where [`Self::role_name`] is assumed.
    pub ids: Vec<String>,
    /// Every active account of the organization, where [`Self::role_name`] is assumed.
    pub organization: bool,
    /// The name of the role, with its path, in accounts that are given by number.
    pub role_name: String,
    /// The external id that those roles want.
    pub external_id: Option<String>,
    /// Accounts to leave out, by number.
    pub exclude: Vec<String>,
}

/// The accounts that answer, and those that do not.
#[derive(Debug, Default)]
pub struct Opened {
    /// By account number.
    pub connections: Vec<Connection>,
    /// Accounts that cannot be scanned, and why.
    pub refused: Vec<Gap>,
}

/// Opens all accounts. If only one is asked for and it does not answer, or none of several does, that is an error; otherwise those
/// that do not answer are gaps.
pub async fn open(options: &Options, accounts: &Accounts) -> Result<Opened, ConnectError> {
    let base = Base::load(options).await?;
    let mut ways = accounts.roles.iter().cloned().map(Way::Role).collect::<Vec<_>>();
    if accounts.organization || !accounts.ids.is_empty() {
        let own = base.own().await?;
        let listed = if accounts.organization { organization(&base).await? } else { Vec::new() };
        let ids: BTreeSet<&String> = listed.iter().chain(&accounts.ids).collect();
        for id in ids.into_iter().filter(|id| !accounts.exclude.contains(id)) {
            if **id == *own.account {
                ways.push(Way::Own);
                continue;
            }
            ways.push(Way::Role(Role {
                arn: format!("arn:{}:iam::{id}:role/{}", own.partition, accounts.role_name.trim_start_matches('/')),
                external_id: accounts.external_id.clone(),
                regions: Vec::new(),
            }));
        }
        if ways.is_empty() {
            return Err(ConnectError::NoAccount);
        }
    }
    if ways.is_empty() {
        ways.push(Way::Own);
    }
    let several = ways.len() > 1;
    let readings = ways.into_iter().map(|way| {
        let base = base.clone();
        async move {
            let outcome = match &way {
                Way::Own => base.own().await,
                Way::Role(role) => base.assume(role).await,
            };
            (way, outcome)
        }
    });
    let mut opened = Opened::default();
    let mut first = None;
    for (way, outcome) in Box::pin(tasks::all(readings.collect())).await {
        match outcome {
            Ok(connection) => opened.connections.push(connection),
            Err(error) if several => {
                opened.refused.push(refused(&way, &error));
                first.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    // Two roles may lead to one account: it is scanned once.
    opened.connections.sort_by(|a, b| (&a.account, &a.identity).cmp(&(&b.account, &b.identity)));
    opened.connections.dedup_by(|a, b| a.account == b.account);
    opened.connections.retain(|c| !accounts.exclude.iter().any(|id| **id == *c.account));
    opened.refused.sort();
    match first {
        Some(error) if opened.connections.is_empty() => Err(error),
        _ if opened.connections.is_empty() => Err(ConnectError::NoAccount),
        _ => Ok(opened),
    }
}

/// How an account is entered.
#[derive(Clone, Debug)]
enum Way {
    Own,
    Role(Role),
}

fn refused(way: &Way, error: &ConnectError) -> Gap {
    let (account, action) = match way {
        Way::Own => ("", "sts:GetCallerIdentity"),
        // arn:aws:iam::123456789012:role/name
        Way::Role(role) => (role.arn.split(':').nth(4).unwrap_or_default(), "sts:AssumeRole"),
    };
    let code: Arc<str> = match error {
        ConnectError::Identity { code, .. } => Arc::clone(code),
        other => other.to_string().into(),
    };
    let text = error.to_string();
    let cause = if denied(&code) || text.contains("AccessDenied") { "denied" } else { "failed" };
    Gap { account: account.into(), region: "".into(), action: action.into(), cause, code, affects: vec!["*".into()] }
}

/// The active accounts of the organization. Only its management account, or one that it delegates to, may list them.
async fn organization(base: &Base) -> Result<Vec<String>, ConnectError> {
    let client = Client::new(&base.config);
    let call = |start| client.list_accounts().set_next_token(start).send();
    let (pages, end) = paged(call, |page| token(page.next_token())).await;
    end.map_err(|broken| {
        ConnectError::Organization(match broken {
            Broken::Failed(e) if e.code() == Some("AWSOrganizationsNotInUseException") => {
                "this account is in no organization".into()
            }
            Broken::Failed(e) => in_words(&e),
            Broken::Repeated => "the listing of accounts repeats itself".into(),
        })
    })?;
    let accounts = pages.iter().flat_map(ListAccountsOutput::accounts);
    Ok(accounts.filter(|a| active(a)).filter_map(|a| a.id().map(str::to_owned)).collect())
}

/// `State` replaces `Status`, which AWS retires.
fn active(account: &Account) -> bool {
    match account.state() {
        Some(state) => *state == AccountState::Active,
        None => account.status().is_none_or(|status| *status == AccountStatus::Active),
    }
}
