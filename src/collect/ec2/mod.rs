//! EC2.

pub mod account;
pub mod compute;
pub mod network;
pub mod security_groups;
