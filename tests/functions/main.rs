//! The binaries of the functions. The tests serve Lambda's runtime API, and the local AWS has the
//! buckets and queues.
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

mod api;
mod bad_environment;
mod bad_events;
mod deadlines;
mod edges;
mod jobs;
mod logs;
mod merges;
mod messages;
mod security;
mod several_logs;
mod wire;
