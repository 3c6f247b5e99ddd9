//! `process`: processes a message, which is a task of a job or an event of new objects.
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
use rehose_extract::{Compression, Summary};
use rehose_store::{Store, StoreName};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::field::display;
use tracing::{info, warn};

use super::convert::{Converted, Converter, Input};
use super::deployed::{DeployedLog, DeployedLogs};
use super::merge::{FoldTask, Goal, MergeTask, MergeWorker};
use super::message::{Created, Message};
use super::plans::Plans;
use super::transfers::Limits;
use crate::deadline::{Deadline, out_of_time};
use crate::error::{Error, Result};
use crate::job::JobId;
use crate::ledger::receipt::{Artifact, ObjectReceipt, Outcome, Receipt};
use crate::ledger::{Ledger, Version};
use crate::logs::Logs;
use crate::task::{PlannedObject, TaskId, TaskMessage};

/// The most concurrent messages. A batch may have 10,000 messages, each makes a few requests, and a
/// function may have 1,024 open files and connections
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MESSAGES: usize = 64;

/// Processes messages. Its caller may process several at once.
#[derive(Debug)]
pub struct Processor {
    logs: DeployedLogs,
    messages: Semaphore,
    cores: usize,
    converter: Converter,
    merger: MergeWorker,
    plans: Plans,
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
    /// A processor of the objects of these logs, which share the output.
    pub fn new(
        logs: Logs,
        output: Arc<dyn Store>,
        compression: Compression,
        limits: Limits,
    ) -> Result<Self> {
        let logs = DeployedLogs::open(logs, output)?;
        Ok(Self {
            messages: Semaphore::new(MESSAGES),
            cores: limits.cores.min(MESSAGES),
            merger: MergeWorker::new(compression.clone(), limits.cores, limits.transfers),
            converter: Converter::new(compression, limits)?,
            plans: Plans::new(logs.shapes()),
            logs,
        })
    }

    /// Transcodes on the thread that polls [`process`](Self::process), so the caller decides the order
    /// of events. Objects up to `small_bytes` are treated as small. A merge has `merge_memory` bytes of
    /// rows in memory.
    #[cfg(feature = "simulation")]
    pub fn in_place(mut self, small_bytes: usize, merge_memory: usize) -> Self {
        self.cores = 1;
        self.merger.in_place(merge_memory);
        self.converter.in_place(small_bytes);
        self
    }

    /// Processes a message. After `Ok`, its work is done and recorded, and the caller acknowledges it.
    ///
    /// # Errors
    ///
    /// After any error the caller returns the message to the queue.
    ///
    /// # Cancel safety
    ///
    /// A dropped call writes no receipt, and its unfinished outputs never become visible.
    pub async fn process(&self, body: &str, deadline: Deadline) -> Result<Processed> {
        const PROCESSING: &str = "a message was being processed";
        let reading_ends = deadline.reading_ends();
        let processed = async {
            // A timeout polls its work once before it looks at the time, and would send requests.
            if reading_ends <= Instant::now() {
                return Err(out_of_time(PROCESSING));
            }
            let _turn = self.messages.acquire().await;
            match Message::parse(body)? {
                Message::Task(task) => self.process_task(task, reading_ends).await,
                Message::Created(objects) => self.process_created(objects, reading_ends).await,
            }
        };
        deadline
            .limit(PROCESSING, &*self.logs.root, processed)
            .await
    }

    /// Converts the planned objects of a task.
    async fn process_task(&self, message: TaskMessage, reading_ends: Instant) -> Result<Processed> {
        let TaskMessage { job, task, .. } = message;
        let ledger = Ledger::new(Arc::clone(&self.logs.root), job.clone());
        let (planned, is_settled) =
            futures::try_join!(self.plans.find(&ledger, task), ledger.is_settled(task),)?;
        let ledger = ledger.defined(planned.job());
        let objects = planned.objects();
        // Another job may have taken over its generation and been faster, and a part may come too late.
        let is_settled = is_settled
            || match planned.generation() {
                Some(generation) => ledger.generations().is_decided(generation).await?,
                None => planned.digest().is_some() && ledger.is_decided(task.slice).await?,
            };
        if is_settled {
            return Ok(Processed {
                settled: objects.len() as u64,
                ..Processed::default()
            });
        }
        if let Some(digest) = planned.digest().filter(|_| planned.is_fold()) {
            let fold = FoldTask {
                ledger: &ledger,
                digest,
                shape: planned.shape(),
                task,
            };
            let receipt = self.merger.fold(fold, reading_ends).await?;
            ledger.store_receipt(task, &receipt).await?;
            return Ok(Processed::default());
        }
        let (DeployedLog { output, .. }, source) = self.logs.of_task(planned.job(), objects)?;
        let names = planned.flow_log_names();
        // A digest is in the root, whichever log it is made of.
        let goal = match (planned.merge(), planned.digest()) {
            (Some(merge), _) => {
                let goal = match (&merge.flow_log, &names) {
                    (Some(settings), Some(names)) => Goal::FlowLog(settings, names),
                    _ => Goal::Merge { gap: merge.gap },
                };
                Some((goal, output))
            }
            (None, digest) => digest.map(|digest| (Goal::Part(digest), &self.logs.root)),
        };
        if let Some((goal, files)) = goal {
            let receipt = self.merger.merge(
                MergeTask {
                    source,
                    objects,
                    shape: planned.shape(),
                    goal,
                    output,
                    files: &**files,
                    job: &job,
                    task,
                },
                reading_ends,
            );
            let receipt = receipt.await?;
            for object in &receipt.objects {
                log(Some((&job, task)), &object.key, &object.outcome);
            }
            ledger.store_receipt(task, &receipt).await?;
            return Ok(Processed::of(receipt));
        }
        let converted: Vec<Result<Converted>> = futures::stream::iter(0..objects.len())
            .map(async |number| {
                let object = &objects[number];
                let input = Input {
                    source,
                    key: &object.key,
                    bytes: Some(object.bytes),
                    shape: planned.shape(),
                    output,
                };
                let converted = self.convert(input, reading_ends).await?;
                log(Some((&job, task)), &object.key, &converted.outcome);
                Ok(converted)
            })
            .buffered(objects.len())
            .collect()
            .await;
        // After all of them: dropping a future would leave its uploads to be aborted.
        let converted: Vec<Converted> = converted.into_iter().collect::<Result<_>>()?;
        let receipt = receipt(objects, converted);
        ledger.store_receipt(task, &receipt).await?;
        Ok(Processed::of(receipt))
    }

    /// Converts created objects in turn. The first that fails returns the whole message: an event has no
    /// receipt that could record the others.
    async fn process_created(
        &self,
        objects: Vec<Created>,
        reading_ends: Instant,
    ) -> Result<Processed> {
        let mut processed = Processed::default();
        for Created { bucket, key, bytes } in objects {
            let name = StoreName::of_bucket(&bucket);
            let (deployed, source) = self.logs.of_object(&name, &key)?;
            if deployed.excludes(&key) {
                info!(key, "excluded");
                continue;
            }
            deployed.bind(&name).await?;
            let input = Input {
                source,
                key: &key,
                bytes,
                shape: deployed.shape(),
                output: &deployed.output,
            };
            let converted = self.convert(input, reading_ends).await?;
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

    /// Converts an object. The objects of a message share its thread. While there are fewer messages
    /// than cores, small objects go to the pool, or cores would be idle.
    async fn convert(&self, input: Input<'_>, reading_ends: Instant) -> Result<Converted> {
        let messages = MESSAGES - self.messages.available_permits();
        let inline = messages >= self.cores;
        self.converter.convert(input, inline, reading_ends).await
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
            sums: None,
            out_of_scope: 0,
            outcome: converted.outcome,
        });
        let artifacts = converted.files.into_iter().map(|file| Artifact {
            key: file.key,
            bytes: file.bytes,
            rows: file.rows,
            inputs: vec![number],
            sums: None,
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
        Outcome::Done(Summary {
            other_kind: Some(kind),
            ..
        }) => info!(job, task, key, kind, "excluded"),
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
            filtered = summary.filtered,
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
