//! Whole jobs under duplicate, late, reordered and lost messages.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test they are how it fails"
)]

mod check;
mod digest;
mod fake_queue;
mod fixture;
mod merge;
mod merge_again;
mod other_logs;
mod plan;
mod process;
mod promises;
mod retry;
mod several_logs;
mod start;
mod versions;
mod watch;
