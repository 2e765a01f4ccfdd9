//! driftline: one rule, judged on what a CloudFormation template declares and on what AWS observes.
//!
//! The flow goes one way, and so do the imports (an architecture test reads them):
//!
//! ```text
//!  template files ─▶ load ────┐ declared (closed world: what is not said is absent)
//!                             ├─▶ model ─▶ rules ─▶ judge ─▶ join ─▶ report
//!  AWS APIs ───────▶ collect ─┘ observed (open world: what was not read is unknown)
//!                                           ▲ profile
//! ```
//!
//! | module | what lives there |
//! |---|---|
//! | [`source`], [`diag`] | files and positions; our own errors that point into a file |
//! | [`model`] | values, resources, estates with their references resolved, the network |
//! | [`load`] | YAML or JSON with spans → template → functions resolved → declared resources |
//! | [`collect`] | AWS → observed resources; one folder per service; restraint, regions, stacks |
//! | [`rules`] | verdicts, combinators, and the rules as data with one closure each |
//! | [`profile`] | which rules are judged, how severely, with which parameters |
//! | [`handbook`] | what can be said of rules and profiles, from the rules themselves |
//! | [`judge`] | active rules × estate → judgements |
//! | [`join`] | who is who, the class of each pair of verdicts, what has drifted |
//! | [`report`] | the versioned report, and one file per format |
//! | [`scan`] | the pipeline: the one place where the stages are called in order |
//! | [`cli`] | arguments in, exit code out |
//!
//! [`load`], [`collect`] and [`rules`] never see each other; everything but [`collect`], [`scan`] and [`cli`] is synchronous and pure: no
//! clock, no environment, no network.

pub mod cli;
pub mod collect;
pub mod diag;
pub mod handbook;
pub mod join;
pub mod judge;
pub mod load;
pub mod model;
pub mod profile;
pub mod report;
pub mod rules;
pub mod scan;
pub mod source;
