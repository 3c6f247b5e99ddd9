//! Why a simulation has no result.

use std::io;

/// Why a simulation has no result.
#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    /// The runtime could not be started.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[from] io::Error),
    /// The product could not be set up.
    #[error("cannot set up the product: {0}")]
    Product(#[from] rehose_reprocess::error::Error),
    /// The state machine ended with an error.
    #[error("the execution failed while it called {function}: {error}: {cause}")]
    Execution {
        /// The function that it called.
        function: &'static str,
        /// The error, as the state machine sees it.
        error: String,
        /// The error in words.
        cause: String,
    },
    /// The execution grew beyond what Step Functions takes.
    #[error("an execution has {events} events, and {limit} is the most")]
    History {
        /// The events of the execution.
        events: u64,
        /// The quota.
        limit: u64,
    },
    /// The job did not convert every object exactly once, or its report says something else.
    #[error("the job is not what it should be: {0}")]
    Contradiction(String),
    /// The layout of the keys is none.
    #[error("cannot read the layout of the keys: {0}")]
    Layout(#[from] rehose_catalog::LayoutError),
    /// The patience for the job is over.
    #[error("the job has not ended after {days} virtual days")]
    Endless {
        /// The patience.
        days: u64,
    },
}
