//! A job in this process: one task plans it, several workers process its messages, and a checker
//! waits for its end.
//!
//! They are connected by a queue in memory. Planning waits while the queue is full. When planning has
//! ended and the queue is empty, the checker writes the report and closes the queue, which ends the
//! workers.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rehose_extract::{Compression, Options, Shape};
use rehose_reprocess::check::{Checker, JobState, Patience};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::{Error, Result};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, Mode};
use rehose_reprocess::ledger::report::Report;
use rehose_reprocess::ledger::{Ledger, REPORT};
use rehose_reprocess::logs::{Log, Logs};
use rehose_reprocess::plan::{Planner, StartRequest};
use rehose_reprocess::queues::Queues;
use rehose_reprocess::work::{Limits, Processor};
use rehose_store::location::{Location, Source, Stores};
use rehose_store::queue::LocalQueue;
use rehose_store::{LocalLock, LocalStore, MAX_PAGE, Store};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::folder;
use crate::args::job::JobArgs;
use crate::progress::Progress;

/// The most messages that wait for a worker. Bounds the memory of a large job.
const QUEUED: usize = 64;

/// The most messages that are processed at once, so that the requests for one overlap with the work on
/// the others.
const WORKERS: usize = 16;

/// The number of times a message is processed before its error ends the run. Three are enough for a
/// transient error.
const ATTEMPTS: u32 = 3;

/// The wait before a message is processed again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// The stores of a job in this process.
pub(super) struct Local {
    pub(super) source: Source,
    pub(super) output: Arc<dyn Store>,
    output_location: Location,
    limits: Limits,
    queue: LocalQueue,
}

impl Local {
    /// Opens the stores.
    pub(super) async fn open(args: &JobArgs) -> Result<Self> {
        let (source, output) = folder::resolve(&args.source, &args.output)?;
        let stores = Stores::of(&[&source, &output]).await;
        Ok(Self {
            source: stores.source(&source)?,
            output: open_output(&stores, &output, args.sync)?,
            limits: limits(args, &[&source, &output]),
            output_location: output,
            queue: LocalQueue::new(QUEUED),
        })
    }

    /// A job over the objects of the arguments, each of which is rewritten.
    pub(super) fn request(&self, args: &JobArgs, job: JobId, options: Options) -> StartRequest {
        StartRequest {
            job,
            source: self.source.name(),
            prefix: args.prefix(),
            mode: Mode::All,
            exclude: args.exclude.clone(),
            errors: args.acceptance.errors().unwrap_or_default(),
            max_rejected: args.acceptance.max_rejected().unwrap_or_default(),
            merge: None,
            digest: None,
            options,
            cursor: None,
        }
    }

    fn logs(&self, shape: Shape) -> Logs {
        Logs::from(Log {
            // Only events are excluded here. The planner excludes objects.
            errors: ErrorRecords::Too,
            ..Log::in_root(vec![self.source.clone()], shape)
        })
    }

    fn planner(&self, request: &StartRequest) -> Result<Planner> {
        // A merge or a digest lists everything before its first slice.
        let is_rewriting = request.merge.is_none() && request.digest.is_none();
        Ok(Planner {
            logs: self.logs(request.options.compile()?),
            output: Arc::clone(&self.output),
            queues: Queues::one(Arc::new(self.queue.clone())),
            page: MAX_PAGE,
            pages: if is_rewriting { 1 } else { usize::MAX },
        })
    }

    /// Examines a job, and keeps others from writing to its folder until the lock is dropped.
    pub(super) async fn lock(&self, request: &StartRequest) -> Result<Option<LocalLock>> {
        // Before the lock, which creates the folder: a refused job writes nothing.
        let now = Timestamp::now();
        self.planner(request)?.examine(request, now).await?;
        match &self.output_location {
            Location::Folder(path) => Ok(Some(LocalStore::open(path)?.lock()?)),
            Location::S3 { .. } => Ok(None),
        }
    }

    /// Runs a job that was [locked](Self::lock) to its end, and returns its report. A job that exists continues: it is planned again from
    /// the first page, which is cheap, because its slices and receipts exist.
    pub(super) async fn run(self, request: StartRequest, level: Option<u8>) -> Result<Report> {
        let planner = self.planner(&request)?;
        let Self {
            output,
            limits,
            queue,
            ..
        } = self;
        let job = request.job.clone();
        let compression = Compression::new(level);
        let logs = planner.logs.clone();
        let processor = Processor::new(logs, Arc::clone(&output), compression, limits)?;
        let checker = Checker {
            output: Arc::clone(&output),
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

        let progress = Arc::new(Progress::begin());
        let worker = Worker {
            queue: queue.clone(),
            processor: Arc::new(processor),
            progress: Arc::clone(&progress),
        };
        let workers = (0..limits.transfers.min(WORKERS))
            .map(|_| worker.clone().work())
            .collect();
        let plan_and_check = async {
            plan(&planner, request, &progress).await?;
            check_until_ended(&checker, &job, &queue).await?;
            queue.close();
            Ok(())
        };
        let result = tokio::try_join!(plan_and_check, join_all(workers));
        progress.end();
        result?;
        let ledger = Ledger::new(output, job);
        let report = ledger.report().await?;
        report.ok_or_else(|| ledger.damaged(REPORT, "it was written but no longer exists"))
    }
}

fn open_output(stores: &Stores, location: &Location, sync: bool) -> Result<Arc<dyn Store>> {
    match location {
        Location::Folder(path) if sync => Ok(Arc::new(LocalStore::open(path)?.synced())),
        Location::S3 { .. } if sync => Err(Error::Value {
            name: "--sync",
            reason: "it is for folders; S3 keeps every object that it has accepted".to_owned(),
        }),
        location => Ok(stores.output(location)?),
    }
}

/// The limits for these stores, unless the user sets them. A disk that is waited for takes as long as a
/// network, and syncs several files at the cost of one.
fn limits(args: &JobArgs, locations: &[&Location]) -> Limits {
    let is_near = |location: &&Location| matches!(location, Location::Folder(_));
    let cores = args.cores();
    let limits = match !args.sync && locations.iter().all(is_near) {
        true => Limits::near(cores),
        false => Limits::distant(cores),
    };
    limits.with_transfers(args.transfers())
}

async fn plan(planner: &Planner, mut request: StartRequest, progress: &Progress) -> Result<()> {
    loop {
        let started = (planner)
            .start(request.clone(), Timestamp::now(), Deadline::never())
            .await?;
        progress.planned(&started.sent);
        if started.planned {
            progress.all_planned();
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
    progress: Arc<Progress>,
}

impl Worker {
    /// Works until the queue is closed. An error that remains after several attempts ends the run: it
    /// is not the fault of one object, so the other objects would fail too.
    async fn work(self) -> Result<()> {
        while let Some(delivery) = self.queue.receive().await {
            let deadline = Deadline::never();
            match self.processor.process(&delivery.body, deadline).await {
                Ok(processed) => {
                    self.progress.processed(&processed);
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
