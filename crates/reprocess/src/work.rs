//! Work: a message becomes finished outputs and a receipt.
//!
//! ```text
//! process ─► plans     what the message's task is
//!         └► convert ─┬► small      most objects, where they are awaited
//!                     └► streaming  the others ─► executor ─► pool
//!                                                         └► parallel_gzip
//! ```

mod convert;
mod executor;
#[cfg(feature = "simulation")]
mod in_place;
pub mod message;
mod outputs;
mod parallel_gzip;
mod plans;
mod pool;
mod process;
mod small;
mod streaming;

pub use process::{Processed, Processor};
