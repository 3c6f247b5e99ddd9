//! The results of a simulation.

use std::time::Duration;

pub use crate::costs::Costs;
use crate::lambda::Function;
use crate::meter::{Counts, Invocations, Request, Requests};
use crate::scenario::Scenario;
pub use crate::stages::Stage;

/// What a job took.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was simulated.
    pub scenario: Scenario,
    /// From the begin of the execution to its end, in virtual time.
    pub duration: Duration,
    /// What each part of the duration was due to, the longest first. The first is the bottleneck.
    pub stages: Vec<(Stage, Duration)>,
    /// What was counted.
    pub counts: Counts,
    /// Receipts.
    pub tasks: u64,
    /// Rows that were written again, with the same bytes.
    pub again: u64,
    /// Messages in the dead-letter queue.
    pub dead: u64,
    /// The most invocations of `process` at once.
    pub most_running: usize,
    /// The most requests of a second: `PUT` in the output, `GET` in the stash.
    pub most_puts: u64,
    /// The most `GET` of a second in the stash.
    pub most_gets: u64,
    /// The partitions of the output at the end.
    pub partitions: u32,
    /// Documents in the ledger.
    pub documents: u64,
    /// Their bytes.
    pub document_bytes: u64,
    /// The largest, with its bytes.
    pub largest: (String, u64),
}

impl Measured {
    /// The requests of a kind.
    pub fn requests(&self, request: Request) -> Requests {
        self.counts.requests(request)
    }

    /// The invocations of a function.
    pub fn invocations(&self, function: Function) -> Invocations {
        self.counts.invocations(function)
    }

    /// Billed time ÷ time of the core for `process`: `w` of docs/COST.md.
    pub fn waiting(&self) -> f64 {
        let process = self.invocations(Function::Process);
        process.billed_ms as f64 / 1_000.0 / process.busy.as_secs_f64()
    }

    /// Objects that were converted again ÷ objects: `r` of docs/COST.md.
    pub fn converted_again(&self) -> f64 {
        self.again as f64 / self.scenario.objects as f64
    }

    /// The cost at list prices.
    pub fn costs(&self) -> Costs {
        Costs::of(&self.counts)
    }
}
