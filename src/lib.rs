//! driftline: one rule, judged on what a CloudFormation template declares and on what AWS observes.

pub mod collect;
pub mod diag;
pub mod load;
pub mod model;
pub mod rules;
pub mod source;
