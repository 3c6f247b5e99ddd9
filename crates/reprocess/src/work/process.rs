//! `process`: handles a message, which is a task of a job or an event of new objects.
//!
//! # The order of writes
//!
//! ```text
//!  task ─► find in the plan ─► settled? ─ yes ──────────────────────────────► acknowledge
//!                                │ no
//!                                ▼
//!                    convert every object ─► outputs complete ─► receipt ─► acknowledge
//!                         │ error: a retry may succeed
//!                         └─────────────────────────────────────────────► back to the queue
//! ```
//!
//! 1. The outputs of an object become visible only when it is converted completely: the rejected
//!    events first, the rows last.
//! 2. The receipt is written, if absent, after every object of the task has an outcome.
//! 3. [`Processor::process`] returns `Ok` after the receipt. Only then may the caller acknowledge the
//!    message.
//!
//! A crash between two steps leaves complete outputs without a receipt, or a receipt without an
//! acknowledgement. The message comes again in both cases, and writes the same bytes or nothing.
//!
//! # Invariants
//!
//! - A message only selects a task. Keys, source and options come from the plan.
//! - An object's own fault is its outcome and is recorded in the receipt. Any other error writes no
//!   receipt.
//! - An event has no job and no receipt: an object that fails returns its message to the queue, and
//!   in the end to the dead-letter queue.
//!
//! # What must change together
//!
//! The order here, `conclude` and `Outputs::complete` (the order of outputs and of errors),
//! [`Ledger::is_settled`], and the caller that acknowledges.

use std::sync::Arc;

use futures::StreamExt;
use rehose_extract::{Compression, Shape, Summary};
use rehose_store::location::Source;
use rehose_store::{Store, StoreName};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;
use tracing::field::display;
use tracing::{info, warn};

use super::convert::{Converted, Converter, Input};
use super::message::{Created, Message};
use super::plans::Plans;
use super::transfers::Limits;
use crate::deadline::{Deadline, out_of_time};
use crate::error::{Error, Result};
use crate::exclude::Exclusions;
use crate::job::{Job, JobId};
use crate::ledger::receipt::{Artifact, ObjectReceipt, Outcome, Receipt};
use crate::ledger::{self, Ledger, Version, receipt_name};
use crate::task::{PlannedObject, TaskId, TaskMessage};

/// The most concurrent messages. A batch may have 10,000 messages, each makes a few requests, and a
/// function may have 1,024 open files and connections
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MESSAGES: usize = 64;

/// Handles messages concurrently.
#[derive(Debug)]
pub struct Processor {
    sources: Vec<Source>,
    /// The shape for events. A task uses its job's options.
    realtime: Shape,
    exclude: Exclusions,
    messages: Semaphore,
    cores: usize,
    converter: Converter,
    plans: Plans,
    bound: OnceCell<()>,
}

/// The result of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Processed {
    /// Objects that are done, each with its key.
    pub done: Vec<(String, Summary)>,
    /// Objects that failed.
    pub failed: u64,
    /// Objects of a task that was settled before.
    pub settled: u64,
}

impl Processor {
    /// A processor that reads from `sources` and writes to `output`.
    pub fn new(
        sources: Vec<Source>,
        output: Arc<dyn Store>,
        realtime: Shape,
        compression: Compression,
        exclude: &[String],
        limits: Limits,
    ) -> Result<Self> {
        Ok(Self {
            sources,
            exclude: Exclusions::new(exclude)?,
            messages: Semaphore::new(MESSAGES),
            cores: limits.cores.min(MESSAGES),
            converter: Converter::new(output, compression, limits)?,
            plans: Plans::new(realtime.clone()),
            realtime,
            bound: OnceCell::new(),
        })
    }

    /// Transcodes on the thread that polls [`process`](Self::process), so the caller decides the order
    /// of events. Objects up to `small_bytes` are treated as small.
    #[cfg(feature = "simulation")]
    pub fn in_place(mut self, small_bytes: usize) -> Self {
        self.cores = 1;
        self.converter.in_place(small_bytes);
        self
    }

    /// Handles a message. After `Ok`, its work is done and recorded, and the caller acknowledges it.
    ///
    /// # Errors
    ///
    /// After any error the caller returns the message to the queue.
    ///
    /// # Cancel safety
    ///
    /// A dropped call writes no receipt, and its unfinished outputs never become visible.
    pub async fn process(&self, body: &str, deadline: Deadline) -> Result<Processed> {
        const HANDLING: &str = "a message was being handled";
        let reading = deadline.reading();
        let handled = async {
            // A timer that is due already may still fire late.
            if reading <= Instant::now() {
                return Err(out_of_time(HANDLING));
            }
            let _turn = self.messages.acquire().await;
            match Message::parse(body)? {
                Message::Task(task) => self.task(task, reading).await,
                Message::Created(objects) => self.created(objects, reading).await,
            }
        };
        deadline.limit(HANDLING, self.output(), handled).await
    }

    /// Converts the planned objects of a task.
    async fn task(&self, message: TaskMessage, reading: Instant) -> Result<Processed> {
        let TaskMessage { job, task, .. } = message;
        let ledger = Ledger::new(Arc::clone(&self.converter.output), job.clone());
        let (planned, is_settled) =
            futures::try_join!(self.plans.find(&ledger, task), ledger.is_settled(task),)?;
        let objects = planned.objects();
        if is_settled {
            return Ok(Processed {
                settled: objects.len() as u64,
                ..Processed::default()
            });
        }
        let source = self.source_of(planned.job(), objects)?;
        let converted: Vec<Result<Converted>> = futures::stream::iter(0..objects.len())
            .map(async |number| {
                let object = &objects[number];
                let input = Input {
                    source,
                    key: &object.key,
                    bytes: Some(object.bytes),
                    shape: planned.shape(),
                };
                let converted = self.convert(input, reading).await?;
                log(Some((&job, task)), &object.key, &converted.outcome);
                Ok(converted)
            })
            .buffered(objects.len())
            .collect()
            .await;
        // After all of them: dropping a future would leave its uploads to be aborted.
        let converted: Vec<Converted> = converted.into_iter().collect::<Result<_>>()?;
        let receipt = receipt(objects, converted);
        ledger.put_if_absent(&receipt_name(task), &receipt).await?;
        Ok(Processed::of(receipt))
    }

    async fn created(&self, objects: Vec<Created>, reading: Instant) -> Result<Processed> {
        let mut processed = Processed::default();
        for Created { bucket, key, bytes } in objects {
            let name = StoreName::of_bucket(&bucket);
            let source = self.source(&name, &key)?;
            if self.exclude.contains(&key) {
                info!(key, "excluded");
                continue;
            }
            self.bound
                .get_or_try_init(|| ledger::bind(self.output(), &name, self.realtime.options()))
                .await?;
            let input = Input {
                source,
                key: &key,
                bytes,
                shape: &self.realtime,
            };
            let converted = self.convert(input, reading).await?;
            log(None, &key, &converted.outcome);
            match converted.outcome {
                Outcome::Done(summary) => processed.done.push((key, summary)),
                // Without a receipt, the dead-letter queue records the failure.
                Outcome::Failed(failure) => {
                    return Err(Error::ObjectFailed {
                        url: source.store.url(&key),
                        reason: failure.reason,
                        detail: failure.detail,
                    });
                }
            }
        }
        Ok(processed)
    }

    /// Converts an object. One thread handles all objects of a message, so that small objects keep
    /// every core busy only if each core has a message.
    async fn convert(&self, input: Input<'_>, reading: Instant) -> Result<Converted> {
        let handled = MESSAGES - self.messages.available_permits();
        let inline = handled >= self.cores;
        self.converter.convert(input, inline, reading).await
    }

    /// The source of a task, if all its objects may be read.
    fn source_of(&self, job: &Job, objects: &[PlannedObject]) -> Result<&Source> {
        let sources = objects
            .iter()
            .map(|object| self.source(&job.source, &object.key));
        let all: Vec<&Source> = sources.collect::<Result<_>>()?;
        all.first().copied().ok_or_else(|| Error::Outside {
            url: job.source.to_string(),
        })
    }

    fn source(&self, name: &StoreName, key: &str) -> Result<&Source> {
        (self.sources.iter())
            .find(|source| source.holds(name, key))
            .filter(|source| !ledger::is_written_by_us(self.output(), &source.store.url(key)))
            .ok_or_else(|| Error::Outside {
                url: format!("{name}{key}"),
            })
    }

    fn output(&self) -> &dyn Store {
        &*self.converter.output
    }
}

/// The receipt of a task. `converted` is in the plan's order.
fn receipt(objects: &[PlannedObject], converted: Vec<Converted>) -> Receipt {
    let mut receipt = Receipt {
        v: Version,
        objects: Vec::with_capacity(objects.len()),
        artifacts: Vec::new(),
    };
    for (number, (object, converted)) in (0..).zip(objects.iter().zip(converted)) {
        receipt.objects.push(ObjectReceipt {
            key: object.key.clone(),
            outcome: converted.outcome,
        });
        let artifacts = converted.written.into_iter().map(|file| Artifact {
            key: file.key,
            bytes: file.bytes,
            rows: file.rows,
            inputs: vec![number],
        });
        receipt.artifacts.extend(artifacts);
    }
    receipt
}

impl Processed {
    fn of(receipt: Receipt) -> Self {
        let mut processed = Self::default();
        for object in receipt.objects {
            match object.outcome {
                Outcome::Done(summary) => processed.done.push((object.key, summary)),
                Outcome::Failed(_) => processed.failed += 1,
            }
        }
        processed
    }
}

/// Logs one line for an object. An event has no job and no task.
fn log(of: Option<(&JobId, TaskId)>, key: &str, outcome: &Outcome) {
    let (job, task) = of.unzip();
    let (job, task) = (job.map(display), task.map(display));
    match outcome {
        Outcome::Done(summary) => info!(
            job,
            task,
            key,
            bytes_in = summary.bytes_in,
            bytes_out = summary.bytes_out,
            events = summary.events,
            written = summary.written,
            rejected = summary.rejected,
            control = summary.control,
            "done"
        ),
        Outcome::Failed(failure) => warn!(
            job,
            task,
            key,
            reason = failure.reason,
            detail = failure.detail,
            "failed"
        ),
    }
}
