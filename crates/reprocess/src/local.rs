//! A job in this process: one task plans it, several workers process its messages, and a checker waits for its
//! end.
//!
//! They are connected by a queue in memory. Planning waits while the queue is full. When planning has ended and
//! the queue is empty, the checker writes the report and closes the queue, which ends the workers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rehose_extract::Compression;
use rehose_store::location::Source;
use rehose_store::queue::LocalQueue;
use rehose_store::{MAX_PAGE, Store};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::check::{Checker, JobState, Patience};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::exclude::ErrorRecords;
use crate::job::JobId;
use crate::ledger::report::Report;
use crate::ledger::{Ledger, REPORT};
use crate::logs::{Log, Logs};
use crate::plan::{Planner, Sent, StartRequest};
use crate::queues::Queues;
use crate::work::{Limits, Processed, Processor};

/// The most messages that wait for a worker. Bounds the memory of a large job.
const QUEUED: usize = 64;

/// The most messages that are processed at once, so that the requests for one overlap with the work on
/// the others.
const WORKERS: usize = 16;

/// The number of times a message is processed before its error ends the job. Three are enough for a
/// transient error.
const ATTEMPTS: u32 = 3;

/// The wait before a message is processed again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// Runs jobs in this process.
#[derive(Debug, Clone)]
pub struct LocalJobs {
    /// What is read.
    pub source: Source,
    /// The output.
    pub output: Arc<dyn Store>,
    /// How rows are compressed.
    pub compression: Compression,
    /// The cores and the objects in flight.
    pub limits: Limits,
}

/// Sees how far a job is.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Tasks were planned.
    fn planned(&self, sent: &Sent);
    /// All tasks are planned.
    fn all_planned(&self);
    /// A message was processed.
    fn processed(&self, processed: &Processed);
}

/// An observer that looks at nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn planned(&self, _: &Sent) {}
    fn all_planned(&self) {}
    fn processed(&self, _: &Processed) {}
}

impl LocalJobs {
    /// Checks a request before anything is written.
    ///
    /// # Errors
    ///
    /// Those of [`Planner::examine`].
    pub async fn examine(&self, request: &StartRequest) -> Result<()> {
        let planner = self.planner(request, &LocalQueue::new(1))?;
        planner.examine(request, Timestamp::now()).await
    }

    /// Runs a job to its end and returns its report. A job that exists continues: it is planned again from
    /// the first page, which is cheap, because its slices and receipts exist.
    ///
    /// # Errors
    ///
    /// Any error that remains after several attempts. Nothing is lost: the same request continues the job.
    ///
    /// # Cancel safety
    ///
    /// A job whose future is dropped stops, and the same request continues it.
    pub async fn run(&self, request: StartRequest, observer: Arc<dyn Observer>) -> Result<Report> {
        let queue = LocalQueue::new(QUEUED);
        let job = request.job.clone();
        let planner = self.planner(&request, &queue)?;
        let processor = Processor::new(
            planner.logs.clone(),
            Arc::clone(&self.output),
            self.compression.clone(),
            self.limits,
        )?;
        let checker = Checker {
            output: Arc::clone(&self.output),
            queues: Queues::one(Arc::new(queue.clone())),
            // The counters of this queue are exact, so the checker need not wait for them to settle, and no
            // message is lost: what is missing after one round is lost for good.
            patience: Patience {
                quiet: Duration::ZERO,
                stalled: Duration::MAX,
                rounds: 1,
                waits: (Duration::ZERO, Duration::ZERO),
            },
        };
        let worker = Worker {
            queue: queue.clone(),
            processor: Arc::new(processor),
            observer: Arc::clone(&observer),
        };
        let workers = (0..self.limits.transfers.min(WORKERS))
            .map(|_| worker.clone().work())
            .collect();
        let plan_and_check = async {
            plan(&planner, request, &*observer).await?;
            check_until_ended(&checker, &job, &queue).await?;
            queue.close();
            Ok(())
        };
        tokio::try_join!(plan_and_check, join_all(workers))?;
        let ledger = Ledger::new(Arc::clone(&self.output), job);
        let report = ledger.report().await?;
        report.ok_or_else(|| ledger.damaged(REPORT, "it was written but no longer exists"))
    }

    fn planner(&self, request: &StartRequest, queue: &LocalQueue) -> Result<Planner> {
        let logs = Logs::from(Log {
            // Only events are excluded here. The planner excludes objects.
            errors: ErrorRecords::Too,
            ..Log::in_root(vec![self.source.clone()], request.options.compile()?)
        });
        Ok(Planner {
            logs,
            output: Arc::clone(&self.output),
            queues: Queues::one(Arc::new(queue.clone())),
            page: MAX_PAGE,
            // A merge or a digest lists everything before its first slice.
            pages: match request.merge.is_some() || request.digest.is_some() {
                true => usize::MAX,
                false => 1,
            },
        })
    }
}

async fn plan(planner: &Planner, mut request: StartRequest, observer: &dyn Observer) -> Result<()> {
    loop {
        let started = planner
            .start(request.clone(), Timestamp::now(), Deadline::never())
            .await?;
        observer.planned(&started.sent);
        if started.planned {
            observer.all_planned();
            return Ok(());
        }
        request.cursor = started.cursor;
    }
}

/// Processes messages one after another.
#[derive(Clone)]
struct Worker {
    queue: LocalQueue,
    processor: Arc<Processor>,
    observer: Arc<dyn Observer>,
}

impl Worker {
    /// Works until the queue is closed. An error that remains after several attempts ends the job: it
    /// is not the fault of one object, so the other objects would fail too.
    async fn work(self) -> Result<()> {
        while let Some(delivery) = self.queue.receive().await {
            let deadline = Deadline::never();
            match self.processor.process(&delivery.body, deadline).await {
                Ok(processed) => {
                    self.observer.processed(&processed);
                    delivery.ack();
                }
                Err(error) if delivery.receive_count >= ATTEMPTS => return Err(error),
                Err(_) => {
                    sleep(RETRY_WAIT).await;
                    delivery.give_back();
                }
            }
        }
        Ok(())
    }
}

/// Waits for all workers. Returns the first error, and dropping the set stops the other workers.
async fn join_all(mut workers: JoinSet<Result<()>>) -> Result<()> {
    while let Some(joined) = workers.join_next().await {
        joined.map_err(|error| Error::Internal {
            what: "a worker".to_owned(),
            reason: error.to_string(),
        })??;
    }
    Ok(())
}

async fn check_until_ended(checker: &Checker, job: &JobId, queue: &LocalQueue) -> Result<()> {
    loop {
        queue.emptied().await;
        let checked = checker
            .check(job, Timestamp::now(), Deadline::never())
            .await?;
        if checked.state != JobState::Running {
            return Ok(());
        }
    }
}
