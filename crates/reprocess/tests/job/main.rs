//! A job's promises, under messages that come twice, late, in any order or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test they are how it fails"
)]

mod check;
mod process;
mod retry;
mod start;
mod watch;
mod world;
