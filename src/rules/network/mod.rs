//! Network rules.

mod exposure;
mod gateways;
mod group_rules;
mod group_texts;
mod logs;
mod security_groups;
mod subnets;
#[cfg(test)]
pub(in crate::rules) mod testing;

use crate::model::network::{Unsure, about};
use crate::model::{Resource, Unknown};
use crate::rules::{Evidence, Verdict};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[gateways::RULES, logs::RULES, security_groups::RULES, subnets::RULES];

/// What could not be read of the network leaves the verdict on `subject` open.
fn unsure(subject: &Resource, unsure: &Unsure<'_>, expected: &str) -> Verdict {
    let verdict = Verdict::unknown(Evidence::unknown(&unsure.read, expected, &unsure.why));
    if std::ptr::eq(unsure.read.resource, subject) { verdict } else { verdict.on(unsure.read.resource.address.name()) }
}

/// Not all of something could be listed.
fn unlisted(subject: &Resource, what: &str, expected: &str, why: &Unknown) -> Verdict {
    Verdict::unknown(Evidence::unknown(&about(subject, what), expected, why))
}
