//! driftline: one rule, judged on what a CloudFormation template declares and on what AWS observes.
//!
//! The flow goes one way, and so do the imports:
//! `source ← model ← {load, collect, rules} ← profile ← judge ← join ← report ← scan ← cli`.
//! `load`, `collect` and `rules` never see each other; everything but `collect`, `scan` and `cli` is synchronous and pure.

pub mod cli;
pub mod collect;
pub mod diag;
pub mod join;
pub mod judge;
pub mod load;
pub mod model;
pub mod profile;
pub mod report;
pub mod rules;
pub mod scan;
pub mod source;
