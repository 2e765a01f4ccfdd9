//! Network rules.

mod acls;
mod balancer_groups;
mod bastions;
mod budget;
mod data_tables;
mod dependencies;
mod egress;
mod endpoints;
mod exposure;
mod gateways;
mod group_rules;
mod group_texts;
mod hosts;
mod logs;
mod security_groups;
mod sources;
mod subnet_space;
mod subnets;
#[cfg(test)]
pub(in crate::rules) mod testing;

use crate::model::network::{Unsure, about};
use crate::model::{Estate, Items, Read, Related, Resource, Unknown};
use crate::rules::{Evidence, Verdict};

pub(in crate::rules) use group_rules::GROUP;
pub(in crate::rules) use sources::from_cloudfront;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    acls::RULES,
    balancer_groups::RULES,
    bastions::RULES,
    budget::RULES,
    data_tables::RULES,
    egress::RULES,
    endpoints::RULES,
    gateways::RULES,
    logs::RULES,
    security_groups::RULES,
    subnet_space::RULES,
    subnets::RULES,
];

/// What could not be read of the network leaves the verdict on `subject` open.
pub(in crate::rules) fn unsure(subject: &Resource, unsure: &Unsure<'_>, expected: &str) -> Verdict {
    let verdict = Verdict::unknown(Evidence::unknown(&unsure.read, expected, &unsure.why));
    if std::ptr::eq(unsure.read.resource, subject) { verdict } else { verdict.on(unsure.read.resource.address.name()) }
}

/// Not all of something could be listed.
fn unlisted(subject: &Resource, what: &str, expected: &str, why: &Unknown) -> Verdict {
    Verdict::unknown(Evidence::unknown(&about(subject, what), expected, why))
}

/// Whether a list names a resource of a type. A text that leads nowhere is another one; the error is why it cannot be told.
fn lists(estate: &Estate, list: &Read<'_>, wanted: &Resource, kind: &str) -> Result<bool, Unknown> {
    let items = match list.items() {
        Items::Absent => return Ok(false),
        Items::Unknown => return Err(list.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(items) => items,
    };
    let mut open = None;
    for item in items {
        match estate.follow(&item, &[kind]) {
            Related::Found(found) if found.address == wanted.address => return Ok(true),
            Related::Found(_) | Related::Missing => {}
            Related::Unknown(why) => open = item.as_str().map_or(Some(why), |_| open),
        }
    }
    open.map_or(Ok(false), Err)
}
