//! What a job over a stash takes on the stack, by the formula of docs/COST.md with its prices.

use serde::Serialize;

use super::sample::Sample;

/// Seconds of a core for a GB of text, and for the requests of an object.
const CORE: f64 = 2.4;
const CORE_OF_OBJECT: f64 = 0.000_84;

/// Billed time ÷ time of the core, for small objects and for those of some MB.
const WAITING_SMALL: f64 = 1.7;
const WAITING_LARGE: f64 = 1.3;

/// The size from which objects are large, in bytes as stored.
const LARGE: f64 = 1e6;

/// Dollars for a second of `process`, for the requests of an object, and for those of a task.
const SECOND: f64 = 0.000_023_04;
const OBJECT: f64 = 0.000_005_4;
const TASK: f64 = 0.000_008_1;

/// Objects and stored bytes of a task.
const TASK_OBJECTS: f64 = 250.0;
const TASK_BYTES: f64 = 64.0 * 1024.0 * 1024.0;

/// Objects that S3 takes in a second under one prefix.
const PUTS: f64 = 3_500.0;

/// The stack's default number of functions at once.
const FUNCTIONS: f64 = 100.0;

#[derive(Debug, Serialize)]
pub(super) struct Estimate {
    /// Bytes of text in all objects.
    pub(super) text: f64,
    /// Seconds that one core computes.
    pub(super) core_seconds: f64,
    /// Seconds of a job on the stack, at least: as many functions as the default, or as S3 allows.
    pub(super) stack_seconds: f64,
    /// The cost of that job in dollars.
    pub(super) dollars: f64,
}

impl Estimate {
    /// Extrapolates from the objects that were read whole. Returns `None` if there were none.
    pub(super) fn of(sample: &Sample) -> Option<Self> {
        if sample.whole == 0 {
            return None;
        }
        let (objects, bytes) = (sample.objects as f64, sample.bytes as f64);
        let text = bytes * sample.text as f64 / sample.whole as f64;
        let core_seconds = text / 1e9 * CORE + objects * CORE_OF_OBJECT;
        let waiting = match bytes / objects < LARGE {
            true => WAITING_SMALL,
            false => WAITING_LARGE,
        };
        let billed = core_seconds * waiting;
        let tasks = (objects / TASK_OBJECTS).max(bytes / TASK_BYTES).ceil();
        Some(Self {
            text,
            core_seconds,
            stack_seconds: (billed / FUNCTIONS).max(objects / PUTS),
            dollars: billed * SECOND + objects * OBJECT + tasks * TASK,
        })
    }
}
