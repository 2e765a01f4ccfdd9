//! Tags, names, parameters, runbooks.

mod ssm;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[ssm::RULES];
