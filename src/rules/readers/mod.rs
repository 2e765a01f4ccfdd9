//! Shared readers: what several rules read in the same way.

pub(in crate::rules) mod acl_entries;
pub(in crate::rules) mod aws_policies;
pub(in crate::rules) mod balancer;
pub(in crate::rules) mod codedeploy;
pub(in crate::rules) mod coverage;
pub(in crate::rules) mod database;
pub(in crate::rules) mod duration;
pub(in crate::rules) mod environments;
pub(in crate::rules) mod event_pattern;
pub(in crate::rules) mod evidence;
pub(in crate::rules) mod given_name;
pub(in crate::rules) mod json;
pub(in crate::rules) mod launch;
pub(in crate::rules) mod mentions;
pub(in crate::rules) mod named;
pub(in crate::rules) mod parameters;
pub(in crate::rules) mod policy;
pub(in crate::rules) mod ports;
pub(in crate::rules) mod production;
pub(in crate::rules) mod schedule;
pub(in crate::rules) mod state_machine;
pub(in crate::rules) mod wanted;
pub(in crate::rules) mod zones;
