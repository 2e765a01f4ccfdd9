//! What a run found, as data, and the formats it is written in.

mod build;
mod document;
pub mod json;
mod sanitize;
mod score;
pub mod terminal;

pub use build::{Input, build};
pub use document::{
    Counts, Coverage, DifferenceJson, DriftJson, EvidenceJson, FindingJson, GapJson, ProvenanceCounts, Report,
    ResourceJson, Run, Score, SideJson, StackCoverage, Tool,
};
pub use sanitize::sanitize;
