//! The commands that operate a stack, as their user meets them: the built command, the state machine
//! from `statemachine.asl.json`, and the real functions behind it, on the local AWS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod stack;

mod jobs;
mod refusals;
mod reports;
mod stopping;

use rehose_tests::command;
