//! Network rules.

pub(super) mod gateways;
pub(super) mod logs;
pub(super) mod security_groups;
pub(super) mod subnets;
