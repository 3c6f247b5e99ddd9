//! What the three functions share. They read their environment once, build their clients once, and
//! call the library; nothing is decided here.

mod environment;
mod invocation;
mod logs;
mod metrics;
mod serve;

pub use environment::{Environment, EnvironmentError};
pub use invocation::{deadline, diagnostic, log, parse};
pub use metrics::{Metric, Unit, emit};
pub use serve::serve;
