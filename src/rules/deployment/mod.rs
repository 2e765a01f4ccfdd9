//! How things are deployed.

mod automation;
mod codedeploy;
mod groups;
mod orchestration;
mod pairs;
mod rollback;
mod signals;
mod tracking;
mod validation;
mod weights;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    codedeploy::RULES,
    groups::RULES,
    orchestration::RULES,
    pairs::RULES,
    rollback::RULES,
    signals::RULES,
    tracking::RULES,
    validation::RULES,
    weights::RULES,
];
