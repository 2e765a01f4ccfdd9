//! What a run found, as data, and the formats it is written in.

mod build;
mod document;
pub mod json;
mod sanitize;
pub mod terminal;

pub use build::{Input, build};
pub use document::{
    Counts, Coverage, DifferenceJson, DriftJson, EvidenceJson, FindingJson, GapJson, ProvenanceCounts, Report,
    ResourceJson, Run, SideJson, StackCoverage, Tool,
};
pub use sanitize::sanitize;
