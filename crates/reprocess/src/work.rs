//! Work: a message becomes finished outputs and a receipt.

mod convert;
mod head;
mod in_place;
pub mod message;
mod outputs;
mod parallel_gzip;
mod pool;
mod process;
mod small;
mod streaming;
mod transcoding;

pub use process::{Processed, Processor};
