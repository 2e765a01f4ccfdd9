//! Load balancers.

mod attributes;
mod compute;
mod forwarding;
mod listeners;
mod logs;
mod targets;

use crate::model::Resource;
use crate::model::network::Known;
use crate::rules::Verdict;
use crate::rules::network::unsure;
use crate::rules::readers::balancer::{Family, family};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] =
    &[attributes::RULES, compute::RULES, forwarding::RULES, listeners::RULES, logs::RULES, targets::RULES];

/// A verdict that only counts if the rule applies to the subject. While nobody can tell, only a pass is certain.
fn given(subject: &Resource, applies: Known<'_, bool>, expected: &str, verdict: Verdict) -> Option<Verdict> {
    match applies {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => Some(verdict),
        Err(open) => Some(unsure(subject, &open, expected)),
    }
}

/// A verdict on application load balancers only.
fn of_application(balancer: &Resource, verdict: Verdict) -> Option<Verdict> {
    let applies = family(balancer).map(|family| family == Family::Application);
    given(balancer, applies, "the type of the load balancer", verdict)
}
