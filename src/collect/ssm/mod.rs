//! Systems Manager: parameters, and the machines that it manages.

pub mod instances;
pub mod parameters;
