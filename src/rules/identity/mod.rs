//! IAM rules.

pub(super) mod account;
pub(super) mod policies;

mod statements;
