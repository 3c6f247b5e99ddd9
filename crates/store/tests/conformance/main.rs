//! What every store and every queue does alike: the suites of `rehose-testkit` on every adapter.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod aws;
mod folder;
mod local;
mod publish;
