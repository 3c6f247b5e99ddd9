//! Planning: what a job has to do, written down before any of it is sent.
//!
//! [`Planner::start`] plans a listing, [`Planner::retry`] what another job left undone.

mod leftover;
mod listing;
mod planner;
mod retry;
mod start;

pub use leftover::retryable;
pub use planner::{Cursor, Planner, Sent, Started};
pub use retry::RetryRequest;
pub use start::StartRequest;
