//! Declared and observed, brought together: who is who, what kind of finding it is, and what has drifted.

mod classify;
mod drift;
mod findings;
mod identity;
mod keys;
mod provenance;

pub use classify::{Class, Declared, Observed, classify};
pub use drift::{Difference, DriftEntry, Status, statuses};
pub use findings::{Finding, Scene, Side, findings};
pub use identity::attribute;
