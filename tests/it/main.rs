//! One integration binary: the SDK is linked once.

mod architecture;
mod cli;
mod fixtures;
mod rules;
