//! What the end-to-end tests share: the command, and a folder for its input and output.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

pub mod command;
pub mod workspace;
