//! What the end-to-end tests share: stashes, the command, and what has to come of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

pub mod command;
pub mod oracle;
pub mod output;
pub mod stash;
