//! Storage rules.

mod ebs;
mod s3;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[ebs::RULES, s3::RULES];
