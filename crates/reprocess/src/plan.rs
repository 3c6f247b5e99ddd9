//! Planning: a job's tasks are stored in the manifest, and then sent.
//!
//! [`Planner::start`] plans the objects under a prefix. [`Planner::retry`] plans the failed and lost
//! objects of another job.

mod generations;
mod leftover;
mod listing;
mod partitions;
mod planner;
mod retry;
mod start;
mod timed;
pub(crate) mod window;

pub use leftover::retryable;
pub use planner::{Cursor, Planner, Sent, Started};
pub use retry::RetryRequest;
pub use start::StartRequest;
