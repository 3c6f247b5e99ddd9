//! `rehose run`: a whole job in this process, with the ledger and layout that it has in the cloud.

use std::fmt::Display;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rehose_extract::{Compression, OptionsError};
use rehose_reprocess::check::{Checked, Checker, JobState, Patience};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::{Error, ErrorKind, Result};
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::plan::{Planner, StartRequest};
use rehose_reprocess::work::Processor;
use rehose_store::location::{Location, Stores};
use rehose_store::queue::LocalQueue;
use rehose_store::{LocalStore, MAX_PAGE};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::args::{RunArgs, cores};
use crate::progress::Progress;
use crate::{FAILED, USAGE, complain, say, say_json, status_of, summary};

/// Tasks that wait for a worker. Planning pauses when so many do, so that memory stays flat.
const QUEUED: usize = 64;

/// How often a task is tried: once more than a fault that passes by itself should need.
const ATTEMPTS: u32 = 3;

/// The wait before a task is tried again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// Runs a job and returns the exit status.
pub(crate) async fn run(args: Box<RunArgs>) -> u8 {
    let job = args
        .job
        .clone()
        .unwrap_or_else(|| JobId::new(Timestamp::now()));
    let finished = tokio::select! {
        finished = reprocess(&args, &job) => finished,
        _ = tokio::signal::ctrl_c() => {
            complain(&format!("interrupted; the same command with --job {job} goes on"));
            return FAILED;
        }
    };
    match finished {
        Ok(report) => {
            tell(&args, &report);
            status_of(&report)
        }
        Err(error) => match error.kind() {
            ErrorKind::InvalidInput => {
                match &error {
                    Error::Options(error) => complain(&in_flags(error)),
                    _ => complain(&error),
                }
                USAGE
            }
            ErrorKind::Transient | ErrorKind::Failed => {
                complain(&format!(
                    "{error}; once that is mended, the same command with --job {job} goes on"
                ));
                FAILED
            }
        },
    }
}

async fn reprocess(args: &RunArgs, job: &JobId) -> Result<Report> {
    let (from, to) = (real("SOURCE", &args.source)?, real("OUTPUT", &args.output)?);
    if let Location::Folder(path) = &from
        && !path.exists()
    {
        let advice = "does not exist; name the folder or the s3://bucket/prefix with the stash";
        return Err(unusable("SOURCE", path, advice));
    }
    // Even if this job's prefix leaves it out: the next job on the same source would not.
    if let (Location::Folder(source), Location::Folder(output)) = (&from, &to)
        && output.starts_with(source)
    {
        return Err(Error::OutputUnderSource {
            output: to.to_string(),
            source_url: from.to_string(),
        });
    }
    let stores = Stores::of(&[&from, &to]).await;
    let source = stores.source(&from)?;
    let output = stores.output(&to)?;
    let concurrency = args.workers();
    let queue = LocalQueue::new(QUEUED);
    let request = StartRequest {
        job: job.clone(),
        source: source.name(),
        prefix: args.prefix(),
        mode: args.mode(),
        exclude: args.exclude.clone(),
        options: args.options(),
        cursor: None,
    };
    let shape = args.options().compile()?;
    let planner = Planner {
        sources: vec![source.clone()],
        output: Arc::clone(&output),
        queue: Arc::new(queue.clone()),
        page: MAX_PAGE,
        pages: 1,
    };
    planner.examine(&request).await?;
    let _lock = match &to {
        Location::Folder(path) => Some(LocalStore::open(path)?.lock()?),
        Location::S3 { .. } => None,
    };
    let processor = Processor::new(
        vec![source],
        Arc::clone(&output),
        shape,
        Compression::new(args.level),
        &args.exclude,
        concurrency,
    )?
    .use_cores(cores());
    let checker = Checker {
        output: Arc::clone(&output),
        queue: Arc::new(queue.clone()),
        // This queue's counters are exact, so there is nothing to be patient about.
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
    let workers = (0..concurrency).map(|_| worker.clone().work()).collect();
    let direction = async {
        plan(&planner, request, &progress).await?;
        wait_for_end(&checker, job, &queue).await?;
        queue.close();
        Ok(())
    };
    let finished = tokio::try_join!(direction, all_of(workers));
    progress.end();
    finished?;
    let ledger = Ledger::new(output, job.clone());
    let report = ledger.report().await?;
    report.ok_or_else(|| ledger.damaged("report.json", "it was there and is gone"))
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

/// Handles tasks, on a thread that it has for itself.
#[derive(Clone)]
struct Worker {
    queue: LocalQueue,
    processor: Arc<Processor>,
    progress: Arc<Progress>,
}

impl Worker {
    /// Goes on until there are no more tasks. What still fails after some attempts ends the run: the
    /// fault is not in an object, so the next object would meet it too.
    async fn work(self) -> Result<()> {
        while let Some(delivery) = self.queue.receive().await {
            match (self.processor)
                .process(&delivery.body, Deadline::never())
                .await
            {
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

/// Waits for the workers. The first that fails stops the others.
async fn all_of(mut workers: JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| Error::Died {
            what: "a worker".to_owned(),
            reason: error.to_string(),
        })??;
    }
    Ok(())
}

async fn wait_for_end(checker: &Checker, job: &JobId, queue: &LocalQueue) -> Result<Checked> {
    loop {
        queue.emptied().await;
        let checked = checker
            .check(job, Timestamp::now(), Deadline::never())
            .await?;
        if checked.state != JobState::Running {
            return Ok(checked);
        }
    }
}

/// A folder by its real path: neither links nor `..` must hide that one lies in another. The end of
/// the path need not exist yet.
fn real(name: &'static str, location: &Location) -> Result<Location> {
    let Location::Folder(path) = location else {
        return Ok(location.clone());
    };
    let failed = |error: io::Error| unusable(name, path, error);
    let mut real = PathBuf::new();
    for part in std::path::absolute(path).map_err(failed)?.components() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            part => real.push(part),
        }
        match real.canonicalize() {
            Ok(found) => real = found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if real.exists() && !real.is_dir() {
        return Err(unusable(name, path, "is a file; name a folder"));
    }
    Ok(Location::Folder(real))
}

fn unusable(name: &'static str, path: &Path, why: impl Display) -> Error {
    Error::Value {
        name,
        reason: format!("{} {why}", path.display()),
    }
}

/// What is wrong with the options, by the names that they have on the command line.
pub(crate) fn in_flags(error: &OptionsError) -> String {
    let flag = |option: &str| format!("--{}", option.replace('_', "-"));
    match error {
        OptionsError::Stray { option, with } => {
            format!("{} goes with {with} only; leave it out", flag(option))
        }
        OptionsError::Missing { option, with } => {
            format!("{with} needs {}; add it", flag(option))
        }
        OptionsError::Value { option, reason } => format!("{}: {reason}", flag(option)),
    }
}

fn tell(args: &RunArgs, report: &Report) {
    let path = match &args.output {
        Location::Folder(folder) => {
            let path: PathBuf = folder
                .join("jobs")
                .join(report.job.as_str())
                .join("report.json");
            path.display().to_string()
        }
        Location::S3 { .. } => format!(
            "{}/jobs/{}/report.json",
            args.output.to_string().trim_end_matches('/'),
            report.job
        ),
    };
    if args.json {
        say_json(report);
    } else {
        say(&summary::table(report));
        say(&format!("report: {path}"));
    }
    if report.state == JobOutcome::Incomplete {
        for line in summary::failures(report) {
            complain(&line);
        }
        complain(&format!(
            "incomplete: mend or exclude what failed, then run again with --mode missing; \
             all failures stand in {path}"
        ));
    }
}
