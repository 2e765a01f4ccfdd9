//! Storage rules.

pub(super) mod ebs;
pub(super) mod s3;
