//! The formula of docs/COST.md.

use crate::Function;
use crate::prices::{GB_SECOND, GET, INVOCATION, PUT, SQS, gigabytes};
use crate::scenario::Scenario;
use crate::work::{REQUEST, SECONDS_PER_GB};

/// Billed time ÷ time of the core, `w` of docs/COST.md: for tasks of small objects, and for larger ones.
const WAITING: (f64, f64) = (1.7, 1.3);

/// The largest small object, as stored (docs/GLOSSARY.md).
const SMALL: u64 = 64 * 1024;

/// The most messages of one send, and the most objects of a page, whose tasks are sent together.
const BATCH: f64 = 10.0;
const PAGE: f64 = 1_000.0;

/// Bytes of a task, and its objects on average: four tasks for a page of 1,000 keys.
const TASK_BYTES: f64 = 64.0 * 1024.0 * 1024.0;
const TASK_OBJECTS: f64 = 250.0;

/// What a job costs by the formula, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Formula {
    /// Lambda's GB-seconds of `process`.
    pub process: f64,
    /// Requests to S3 for objects.
    pub objects: f64,
    /// Requests to S3 for tasks.
    pub tasks: f64,
    /// Requests to SQS.
    pub queue: f64,
    /// Requests to Lambda.
    pub invocations: f64,
}

impl Formula {
    /// The cost of a job that S3 does not throttle.
    pub fn of(scenario: &Scenario) -> Self {
        Self::with(scenario, waiting(scenario), 0.0)
    }

    /// The cost with these `w` and `r`: the table "A job" of docs/COST.md, row by row.
    pub fn with(scenario: &Scenario, waiting: f64, again: f64) -> Self {
        let objects = scenario.objects as f64;
        let bytes = objects * scenario.stack.stored as f64;
        let tasks = (objects / TASK_OBJECTS).max(bytes / TASK_BYTES).ceil();
        // The tasks of a page are sent together, in batches that it may not fill.
        let sends = 1.0 / BATCH.min(tasks * PAGE / objects);
        let converted = objects * (1.0 + again);
        let text = converted * scenario.stack.decoded as f64 / 1e9;
        let memory = gigabytes(Function::Process.megabytes());
        Self {
            process: text * seconds_per_gb(scenario) * waiting * memory * GB_SECOND,
            objects: converted * (GET + PUT),
            tasks: tasks * (PUT + 5.0 * GET),
            queue: tasks * (sends + 2.0) * SQS,
            invocations: tasks * INVOCATION,
        }
    }

    /// The sum.
    pub fn sum(&self) -> f64 {
        self.process + self.objects + self.tasks + self.queue + self.invocations
    }
}

/// `w` of docs/COST.md.
pub fn waiting(scenario: &Scenario) -> f64 {
    match scenario.stack.stored <= SMALL {
        true => WAITING.0,
        false => WAITING.1,
    }
}

/// `c` of docs/COST.md: the text and two requests for each object.
pub fn seconds_per_gb(scenario: &Scenario) -> f64 {
    let requests = 2.0 * REQUEST.as_secs_f64();
    SECONDS_PER_GB + requests * 1e9 / scenario.stack.decoded as f64
}
