//! What it costs.

mod billing;
mod capacity;
mod database;
mod volumes;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[billing::RULES, capacity::RULES, database::RULES, volumes::RULES];
