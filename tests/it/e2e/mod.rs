//! End to end: emulated accounts with deployed stacks and drift made by hand, scanned by the real binary.

mod accounts;
pub(crate) mod emulator;
mod honesty;
mod intrinsics;
mod localstack;
mod ministack;
mod moto;
mod nested;
mod proxy;
mod report;
mod restraint;
mod snapshot;
mod wide;
