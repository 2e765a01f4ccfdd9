//! Secrets.

mod database;
mod interval;
mod parameters;
mod rotation;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[database::RULES, rotation::RULES, parameters::RULES];
