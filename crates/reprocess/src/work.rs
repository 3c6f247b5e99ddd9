//! Work: a message is processed into outputs and a receipt.
//!
//! ```text
//! process ─► plans     finds the message's task in the plan
//!         └► convert ─┬► small      most objects, on the caller's thread
//!                     └► streaming  the others ─► executor ─► pool
//!                                                         └► movable_gzip
//!         └► merge     the objects of a task that merges, into one file
//! ```

mod convert;
mod deployed;
mod executor;
#[cfg(feature = "simulation")]
mod in_place;
mod merge;
pub mod message;
mod movable_gzip;
mod outputs;
mod pipe;
mod plans;
mod pool;
mod process;
mod small;
mod streaming;
mod transfers;

pub use process::{Processed, Processor};
pub use transfers::Limits;
