//! What is written is what a reader finds, for any columns and rows.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod failures;
mod footer;
mod pages;
mod rows;
mod subject;
