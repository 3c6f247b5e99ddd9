//! What the end-to-end tests share: the command, a folder for its input and output, a client of the HTTP API, calls
//! of the local AWS, and a server in place of AWS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

pub mod command;
pub mod http;
pub mod local_aws;
pub mod server;
pub mod workspace;
