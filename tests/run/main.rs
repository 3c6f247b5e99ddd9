//! `rehose run` as its user meets it: the built command on folders, judged by what it leaves there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

mod determinism;
mod interruption;
mod memory;
mod options;
mod oracle;
mod outputs_that_fail;
mod refusals;
mod table;

use rehose_tests::{command, output, stash};
