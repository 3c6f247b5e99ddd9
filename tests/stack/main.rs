//! The deployed stack on the local AWS: the synthesised template, its functions and its state machine.
//! `scripts/test stack` deploys it, and runs these tests with enforced roles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

mod deployed;
mod execution;

mod api;
mod complete;
mod counters;
mod digests;
mod incomplete;
mod merging;
mod parquet;
mod permissions;
mod realtime;
mod repeated;
mod several_logs;
