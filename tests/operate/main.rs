//! The commands that operate a stack, as their user meets them: the built command, the state machine
//! from `statemachine.asl.json`, and the real functions behind it, on the local AWS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../run/command.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod command;
mod stack;

mod jobs;
mod refusals;
mod reports;
mod stopping;
