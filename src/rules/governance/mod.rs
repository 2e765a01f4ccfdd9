//! Tags, names, parameters, runbooks.

mod consistency;
mod naming;
mod ssm;
mod tags;

mod table;
mod tagged;
mod unresolved;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[consistency::RULES, naming::RULES, ssm::RULES, tags::RULES];
