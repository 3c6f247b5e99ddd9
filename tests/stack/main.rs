//! The deployed stack: the synthesised template, its functions and its state machine on the local
//! AWS, driven and judged from outside. `scripts/test stack` deploys it and runs these twice: as it
//! is, and with the functions' own roles enforced (those of `permissions` only then).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

mod deployed;
mod execution;

mod complete;
mod counters;
mod incomplete;
mod permissions;
mod realtime;
mod repeated;
