//! `process`: handles messages, each for itself.

use std::sync::Arc;

use futures::StreamExt;
use rehose_extract::{Options, Settings, Summary};
use rehose_store::location::Source;
use rehose_store::{Store, StoreName};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;
use tracing::field::display;
use tracing::{info, warn};

use super::convert::convert;
use super::message::{Created, Message};
use super::pool::Threads;
use super::transcoding::Transcoding;
use crate::deadline::{GIVE_UP_TIME, out_of_time, until};
use crate::error::{Error, Result};
use crate::exclude::Exclusions;
use crate::job::JobId;
use crate::ledger::receipt::{ObjectReceipt, Outcome, Receipt};
use crate::ledger::{self, Ledger, receipt_name};
use crate::task::{TaskId, TaskMessage};

/// Messages that are handled at once, each with a few requests of its own beside its objects: a
/// batch may bring 10,000 of them, and a function may have 1,024 connections and files open
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MESSAGES: usize = 64;

/// What `process` works with.
#[derive(Debug)]
pub struct Processor {
    sources: Vec<Source>,
    output: Arc<dyn Store>,
    /// The shape of what realtime events bring; a task has its own.
    realtime: Settings,
    exclude: Exclusions,
    messages: Semaphore,
    slots: Arc<Semaphore>,
    transcoding: Transcoding,
    bound: OnceCell<()>,
}

/// What a message came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Processed {
    /// Objects that are done, each with its key.
    pub done: Vec<(String, Summary)>,
    /// Objects that failed.
    pub failed: u64,
    /// Objects of a task that had been done before.
    pub settled: u64,
}

impl Processor {
    /// A processor that reads from `sources` and writes to `output`, `concurrency` objects at once
    /// and one more read ahead.
    pub fn new(
        sources: Vec<Source>,
        output: Arc<dyn Store>,
        realtime: Settings,
        exclude: &[String],
        concurrency: usize,
    ) -> Result<Self> {
        let threads = Threads::new(concurrency.max(1)).map_err(|error| Error::Died {
            what: "the pool of threads".to_owned(),
            reason: format!("it could not be made: {error}"),
        })?;
        Ok(Self {
            sources,
            output,
            realtime,
            exclude: Exclusions::new(exclude)?,
            messages: Semaphore::new(MESSAGES),
            slots: threads.slots(),
            transcoding: Transcoding::OnThreads(threads),
            bound: OnceCell::new(),
        })
    }

    /// Lets a large object have a second one of so many cores while no other object wants it.
    pub fn on_cores(mut self, cores: usize) -> Self {
        if let Transcoding::OnThreads(threads) = &mut self.transcoding {
            threads.on_cores(cores);
        }
        self
    }

    /// Transcodes where [`process`](Self::process) is polled and not on threads, so that the order
    /// of things is the caller's alone. This is for simulations: nothing overlaps, and memory is
    /// not bounded.
    pub fn in_place(self) -> Self {
        Self {
            transcoding: Transcoding::InPlace,
            ..self
        }
    }

    /// Handles a message until the deadline, and gives it up within a second after. When it
    /// returns, the message's work is done and recorded and the message may be acknowledged; after
    /// an error it goes back to the queue.
    pub async fn process(&self, body: &str, deadline: Instant) -> Result<Processed> {
        const HANDLING: &str = "a message was being handled";
        let reading = deadline.checked_sub(GIVE_UP_TIME).unwrap_or(deadline);
        let handled = async {
            // A timer that is due already may still fire late.
            if reading <= Instant::now() {
                return Err(out_of_time(HANDLING));
            }
            let _turn = self.messages.acquire().await;
            match Message::parse(body)? {
                Message::Task(task) => self.task(*task, reading).await,
                Message::Created(objects) => self.created(objects, reading).await,
            }
        };
        until(deadline, HANDLING, &*self.output, handled).await
    }

    async fn task(&self, message: TaskMessage, reading: Instant) -> Result<Processed> {
        let source = self.source_of(&message)?;
        let ledger = Ledger::new(Arc::clone(&self.output), message.job.clone());
        if ledger.is_settled(message.task).await? {
            return Ok(Processed {
                settled: message.objects.len() as u64,
                ..Processed::default()
            });
        }
        ledger::bind(&*self.output, &message.source, &message.options).await?;
        let settings = self.settings(&message.options)?;
        let limit = message.objects.len().max(1);
        let objects: Vec<Result<ObjectReceipt>> = futures::stream::iter(message.objects)
            .map(async |object| {
                let outcome = self.object(source, &object.key, &settings, reading).await?;
                log(Some((&message.job, message.task)), &object.key, &outcome);
                Ok(ObjectReceipt {
                    key: object.key,
                    outcome,
                })
            })
            .buffered(limit)
            .collect()
            .await;
        // Only now: an object dropped on its way would not be given up in order.
        let objects = objects.into_iter().collect::<Result<_>>()?;
        let receipt = Receipt { objects };
        ledger
            .put_if_absent(&receipt_name(message.task), &receipt)
            .await?;
        Ok(Processed::of(receipt))
    }

    async fn created(&self, objects: Vec<Created>, reading: Instant) -> Result<Processed> {
        let mut processed = Processed::default();
        for Created { bucket, key } in objects {
            let name = StoreName::of_bucket(&bucket);
            let source = self.source(&name, &key)?;
            if self.exclude.contains(&key) {
                info!(key, "excluded");
                continue;
            }
            self.bound
                .get_or_try_init(|| {
                    ledger::bind(&*self.output, &name, self.realtime.shape.options())
                })
                .await?;
            let outcome = self.object(source, &key, &self.realtime, reading).await?;
            log(None, &key, &outcome);
            match outcome {
                Outcome::Done(summary) => processed.done.push((key, summary)),
                // There is no receipt that could tell of it: the dead-letter queue does.
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

    async fn object(
        &self,
        source: &Source,
        key: &str,
        settings: &Settings,
        reading: Instant,
    ) -> Result<Outcome> {
        let _slot = self.slots.acquire().await;
        convert(
            &*source.store,
            key,
            &self.output,
            settings,
            &self.transcoding,
            reading,
        )
        .await
    }

    /// The source of a task, if every key of it may be read, and the task's output is ours.
    fn source_of(&self, message: &TaskMessage) -> Result<&Source> {
        if message.output != StoreName::of(&*self.output) {
            return Err(Error::Outside {
                url: message.output.to_string(),
            });
        }
        let mut found = Err(Error::UnknownMessage {
            reason: "a task without objects".to_owned(),
        });
        for object in &message.objects {
            found = Ok(self.source(&message.source, &object.key)?);
        }
        found
    }

    fn source(&self, name: &StoreName, key: &str) -> Result<&Source> {
        (self.sources.iter())
            .find(|source| source.holds(name, key))
            .filter(|source| !ledger::is_written_by_us(&*self.output, &source.store.url(key)))
            .ok_or_else(|| Error::Outside {
                url: format!("{name}{key}"),
            })
    }

    fn settings(&self, options: &Options) -> Result<Settings> {
        if options == self.realtime.shape.options() {
            return Ok(self.realtime.clone());
        }
        Ok(Settings {
            shape: options.compile()?,
            compression: self.realtime.compression.clone(),
        })
    }
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

/// One line for each object; an event's has no job and no task.
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
