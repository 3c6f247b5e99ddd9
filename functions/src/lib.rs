//! The Lambda functions (`src/bin`), and their shared code.
//!
//! A function reads its environment once, builds its clients once, and calls `rehose-reprocess` for
//! each event. It has no rules of its own.

mod environment;
mod invocation;
mod logs;
mod metrics;
mod serve;

pub use environment::{
    Deployment, Environment, EnvironmentError, JobDefaults, MergedLog, StateMachine,
};
pub use invocation::{deadline, log, log_and_answer, parse};
pub use metrics::{Metric, Unit, emit, emit_unless_zero, of_batch, of_check, of_planned_merge};
pub use serve::serve;
