//! The commands that operate a stack, end to end: the built command, the state machine from
//! `statemachine.asl.json` and the real functions, on the local AWS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod server;
mod stack;

mod buckets;
mod continuing;
mod jobs;
mod leftover_parts;
mod refusals;
mod reports;
mod stopping;

use rehose_tests::command::{self, Rehose};

/// The command that Cargo built for these tests.
static REHOSE: Rehose = Rehose::at(env!("CARGO_BIN_EXE_rehose"));
