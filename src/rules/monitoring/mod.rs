//! Metrics, alarms, and who hears of them.

mod actions;
mod balancers;
mod baselines;
mod composites;
mod coverage;
mod databases;
mod dead_letters;
mod descriptions;
mod inside;
mod math;
mod periods;
mod security;
mod servers;
mod subscriptions;
mod visitors;
mod watching;

use crate::model::{Field, Read, Resource, Unknown};
use crate::rules::answer::any;

use super::check;
use super::readers::policy;
use super::{Context, Verdict};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    actions::RULES,
    descriptions::RULES,
    periods::RULES,
    math::RULES,
    servers::RULES,
    inside::RULES,
    databases::RULES,
    balancers::RULES,
    subscriptions::RULES,
    dead_letters::RULES,
    security::RULES,
    composites::RULES,
    baselines::RULES,
    visitors::RULES,
];

/// Something that a resource should have around it and that stands in no property of its own: evidence hangs on its name.
fn around<'a>(r: &'a Resource, what: &str) -> Read<'a> {
    Read::new(r, what.to_owned(), Field::Absent { near: r.at })
}

/// The verdict of an answer with three values; `read` is where it would have to be put right.
fn verdict(answer: Result<bool, Unknown>, read: &Read<'_>, expected: &str) -> Verdict {
    match answer {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(read, expected),
        Err(why) => policy::unknown(read, expected, &why),
    }
}

/// The verdict where a rule applies; `None` where it does not. If that is not known, only a pass stands.
fn if_applies(applies: Result<bool, Unknown>, place: &Resource, judge: impl FnOnce() -> Verdict) -> Option<Verdict> {
    match applies {
        Ok(false) => None,
        Ok(true) => Some(judge()),
        Err(why) => Some(match judge() {
            Verdict::Pass => Verdict::Pass,
            _ => policy::unknown(&around(place, "Resources"), "to know whether there is anything to watch", &why),
        }),
    }
}

/// What a place is run for: servers, databases, functions, and what leads to them.
const WORKLOAD: &[&str] = &[
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::Instance",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::ApiGateway::RestApi",
];

/// Whether a place has a workload that somebody should watch.
fn has_workload(place: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    has_any(place, cx, WORKLOAD)
}

/// Whether a place has a resource of one of some types.
fn has_any(place: &Resource, cx: &Context<'_>, kinds: &[&str]) -> Result<bool, Unknown> {
    any(kinds.iter().map(|kind| {
        let listing = cx.estate.of(place, kind);
        match listing.incomplete {
            _ if !listing.items.is_empty() => Ok(true),
            Some(why) => Err(why),
            None => Ok(false),
        }
    }))
}
