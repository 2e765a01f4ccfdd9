//! Shared readers: what several rules read in the same way.

pub(in crate::rules) mod launch;
pub(in crate::rules) mod policy;
pub(in crate::rules) mod ports;
