//! One integration binary: the SDK is linked once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod architecture;
mod cli;
mod collected;
mod declared;
mod documents;
mod e2e;
mod fixtures;
mod handbook;
mod load;
mod mutation;
mod report;
mod rules;
