//! The loader without the rest of driftline: what is fuzzed is built with coverage and sanitizers, and the AWS SDK would take an hour of
//! that. These are the very source files of the crate, taken in by path.

// The source files that are shared with the crate's own tests call it by its name.
extern crate self as driftline;

#[path = "../../src/diag.rs"]
pub mod diag;
#[path = "../../src/load/mod.rs"]
pub mod load;
#[path = "../../src/model/mod.rs"]
pub mod model;
pub mod properties;
#[path = "../../src/source.rs"]
pub mod source;
