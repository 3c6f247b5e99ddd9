//! What is billed at list prices.

use crate::lambda::Function;
use crate::meter::{Counts, Request};
use crate::prices::{GB_SECOND, GET, INVOCATION, PUT, SQS, TRANSITION, gigabytes};

/// What was billed, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Lambda's GB-seconds of `process`.
    pub process: f64,
    /// Lambda's GB-seconds of `start`.
    pub start: f64,
    /// Lambda's GB-seconds of `check`.
    pub check: f64,
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

impl Costs {
    pub(crate) fn of(counts: &Counts) -> Self {
        let answered = |request| counts.requests(request).answered as f64;
        let time = |function: Function| {
            let seconds = counts.invocations(function).billed_ms as f64 / 1_000.0;
            seconds * gigabytes(function.megabytes()) * GB_SECOND
        };
        let number = |function| counts.invocations(function).number as f64;
        let queue = [
            Request::Send,
            Request::Receive,
            Request::Delete,
            Request::Counters,
        ];
        Self {
            process: time(Function::Process),
            start: time(Function::Start),
            check: time(Function::Check),
            invocations: Function::ALL.map(number).iter().sum::<f64>() * INVOCATION,
            puts: (answered(Request::Put) + answered(Request::List)) * PUT,
            gets: (answered(Request::Get) + answered(Request::Head)) * GET,
            queue: queue.map(answered).iter().sum::<f64>() * SQS,
            transitions: counts.transitions as f64 * TRANSITION,
        }
    }

    /// The sum.
    pub fn sum(&self) -> f64 {
        let lambda = self.process + self.start + self.check + self.invocations;
        lambda + self.puts + self.gets + self.queue + self.transitions
    }
}
