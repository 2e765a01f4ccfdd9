//! IAM rules.

mod account;
mod policies;

mod statements;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[account::RULES, policies::RULES];
