//! What an identity may and may not read, before a scan is made with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyOutput;
use aws_sdk_iam::types::PolicyEvaluationDecisionType;

use super::limiter::Pace;
use super::paging::paged;
use super::pass::Pass;
use super::shape::token;
use super::{COLLECTORS, Connection, Out, Reach, Wanted, stacks, tasks};

/// How many actions one simulation is asked about.
const AT_ONCE: usize = 100;

/// How it was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// IAM was asked (`iam:SimulatePrincipalPolicy`).
    Simulated,
    /// The calls were made: actions of which no call was due stay untried.
    Tried,
}

/// What an identity may read.
#[derive(Debug)]
pub struct Diagnosis {
    /// How it was found out.
    pub method: Method,
    /// Actions that are allowed.
    pub allowed: BTreeSet<&'static str>,
    /// Actions that are refused, and AWS's word for it.
    pub denied: BTreeMap<&'static str, Arc<str>>,
    /// Actions that failed in another way.
    pub failed: BTreeMap<&'static str, Arc<str>>,
    /// Actions that nobody can tell of.
    pub untried: BTreeSet<&'static str>,
}

/// Finds out which of the actions an identity may use.
pub async fn diagnose(connection: &Connection, actions: &BTreeSet<&'static str>, pace: Pace) -> Diagnosis {
    match simulate(connection, actions).await {
        Some(diagnosis) => diagnosis,
        None => attempt(connection, actions, pace).await,
    }
}

/// Asks IAM. `None` if it does not say: the identity may not ask, or is a root user.
async fn simulate(connection: &Connection, actions: &BTreeSet<&'static str>) -> Option<Diagnosis> {
    let client = Client::new(&connection.config);
    let source = principal(&client, &connection.identity).await?;
    let mut diagnosis = Diagnosis::of(Method::Simulated);
    let all: Vec<&'static str> = actions.iter().copied().collect();
    for chunk in all.chunks(AT_ONCE) {
        let names: Vec<String> = chunk.iter().map(|a| (*a).to_owned()).collect();
        let request = client.simulate_principal_policy().policy_source_arn(&source).set_action_names(Some(names));
        let call = |start| request.clone().set_marker(start).send();
        let (pages, end) = paged(call, |page| token(page.marker())).await;
        end.ok()?;
        for result in pages.iter().flat_map(SimulatePrincipalPolicyOutput::evaluation_results) {
            let Some(action) = chunk.iter().find(|a| **a == result.eval_action_name()) else { continue };
            match result.eval_decision() {
                PolicyEvaluationDecisionType::Allowed => drop(diagnosis.allowed.insert(action)),
                other => drop(diagnosis.denied.insert(action, other.as_str().into())),
            }
        }
    }
    Some(diagnosis.with_rest(actions))
}

/// The ARN that policies hang on: a session's is not its role's, and lacks the role's path.
async fn principal(client: &Client, identity: &str) -> Option<String> {
    let Some((_, session)) = identity.split_once(":assumed-role/") else {
        return identity.contains(":user/").then(|| identity.to_owned());
    };
    let name = session.split('/').next()?;
    Some(client.get_role().role_name(name).send().await.ok()?.role()?.arn().to_owned())
}

/// Makes every call that is due whatever the templates say, in the first region and globally.
async fn attempt(connection: &Connection, actions: &BTreeSet<&'static str>, pace: Pace) -> Diagnosis {
    let pass = Pass::new(pace);
    let nothing = Arc::new(Wanted::default());
    let places = |reach| pass.places(connection, reach, &nothing).into_iter().next();
    if let Some(cx) = places(Reach::Regional) {
        stacks::read(&cx, None).await;
    }
    let readings = COLLECTORS.iter().filter_map(|&collector| {
        let cx = places(collector.spec().reach)?;
        Some(async move { collector.collect(&cx, &mut Out::default()).await })
    });
    tasks::all(readings.collect()).await;
    let mut diagnosis = Diagnosis::of(Method::Tried);
    let made = pass.calls.made();
    for gap in pass.calls.gaps() {
        let Some(action) = actions.iter().find(|a| ***a == *gap.action) else { continue };
        let known = if gap.cause == "denied" { &mut diagnosis.denied } else { &mut diagnosis.failed };
        known.insert(action, gap.code);
    }
    let unhappy = |a: &&&'static str| diagnosis.denied.contains_key(**a) || diagnosis.failed.contains_key(**a);
    diagnosis.allowed = actions.iter().filter(|a| made.contains_key(*a) && !unhappy(a)).copied().collect();
    diagnosis.with_rest(actions)
}

impl Diagnosis {
    fn of(method: Method) -> Self {
        Self {
            method,
            allowed: BTreeSet::new(),
            denied: BTreeMap::new(),
            failed: BTreeMap::new(),
            untried: BTreeSet::new(),
        }
    }

    /// Whatever is neither allowed nor refused was not tried.
    fn with_rest(mut self, actions: &BTreeSet<&'static str>) -> Self {
        let told = |a: &str| self.allowed.contains(a) || self.denied.contains_key(a) || self.failed.contains_key(a);
        self.untried = actions.iter().copied().filter(|a| !told(a)).collect();
        self
    }
}
