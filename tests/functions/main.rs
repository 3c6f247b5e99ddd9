//! The three functions, the real binaries, as Lambda runs them: events come from a Runtime API that
//! the tests serve, buckets and queues from the local AWS, and the order of the calls from
//! `statemachine.asl.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod aws;
mod job;
mod network;
mod runtime_api;

mod bad_environment;
mod bad_events;
mod deadlines;
mod edges;
mod jobs;
mod logs;
mod messages;
mod security;
mod wire;
