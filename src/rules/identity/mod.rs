//! IAM rules.

mod account;
mod boundaries;
mod deployment;
mod instance_roles;
mod keys;
mod mfa;
mod parameters;
mod policies;
mod secret_read;

mod statements;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    account::RULES,
    boundaries::RULES,
    deployment::RULES,
    instance_roles::RULES,
    keys::RULES,
    mfa::RULES,
    parameters::RULES,
    policies::RULES,
    secret_read::RULES,
];
