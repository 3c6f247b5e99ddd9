//! `rehose run`, `rehose cat` and `rehose table`, end to end: the built command on folders, and the files
//! that it writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

mod cat;
mod determinism;
mod digest;
mod flow_log;
mod help;
mod inspect;
mod interruption;
mod logs;
mod memory;
mod merge;
mod messages;
mod names;
mod options;
mod oracle;
mod outputs_that_fail;
mod readers;
mod refusals;
mod rejections;
mod serve;
mod stashes;
mod sync;
mod table;

use rehose_tests::command;
use rehose_tests::command::Rehose;

/// The command that Cargo built for these tests.
static REHOSE: Rehose = Rehose::at(env!("CARGO_BIN_EXE_rehose"));
