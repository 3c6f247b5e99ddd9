//! The results of a simulation.

use std::time::Duration;

use crate::lambda::Function;
use crate::meter::{Invocations, Request, Requests};
use crate::prices::{GB_SECOND, GET, INVOCATION, PUT, SQS, TRANSITION, gigabytes};
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
    /// Requests, by [`Request`].
    pub requests: [Requests; Request::ALL.len()],
    /// Invocations, by [`Function`].
    pub invocations: [Invocations; Function::ALL.len()],
    /// State transitions.
    pub transitions: u64,
    /// Executions of the state machine, and the events of the longest.
    pub executions: u64,
    /// The events of the longest execution.
    pub events: u64,
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

/// What a job costs, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Lambda's GB-seconds of `process`.
    pub process: f64,
    /// Lambda's GB-seconds of `start` and `check`.
    pub others: f64,
    /// Requests to Lambda.
    pub invocations: f64,
    /// `PUT` and `LIST`.
    pub puts: f64,
    /// `GET` and `HEAD`.
    pub gets: f64,
    /// Requests to SQS.
    pub queue: f64,
    /// Transitions.
    pub transitions: f64,
}

impl Measured {
    /// The requests of a kind.
    pub fn requests(&self, request: Request) -> Requests {
        self.requests[request as usize]
    }

    /// The invocations of a function.
    pub fn invocations(&self, function: Function) -> Invocations {
        self.invocations[function as usize]
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
        let answered = |request| self.requests(request).answered as f64;
        let time = |function: Function| {
            let seconds = self.invocations(function).billed_ms as f64 / 1_000.0;
            seconds * gigabytes(function.megabytes()) * GB_SECOND
        };
        let number = |function| self.invocations(function).number as f64;
        let queue = [
            Request::Send,
            Request::Receive,
            Request::Delete,
            Request::Counters,
        ];
        Costs {
            process: time(Function::Process),
            others: time(Function::Start) + time(Function::Check),
            invocations: Function::ALL.map(number).iter().sum::<f64>() * INVOCATION,
            puts: (answered(Request::Put) + answered(Request::List)) * PUT,
            gets: (answered(Request::Get) + answered(Request::Head)) * GET,
            queue: queue.map(answered).iter().sum::<f64>() * SQS,
            transitions: self.transitions as f64 * TRANSITION,
        }
    }
}

impl Costs {
    /// The sum.
    pub fn sum(&self) -> f64 {
        let lambda = self.process + self.others + self.invocations;
        lambda + self.puts + self.gets + self.queue + self.transitions
    }
}
