//! A job in this process, from its arguments to its report.

use std::sync::Arc;

use rehose_extract::{Compression, Options};
use rehose_reprocess::error::Result;
use rehose_reprocess::job::{JobId, Mode};
use rehose_reprocess::ledger::report::Report;
use rehose_reprocess::local::{LocalJobs, Observer};
use rehose_reprocess::plan::StartRequest;
use rehose_store::{LocalLock, LocalStore};

use crate::args::job::JobArgs;
use crate::opened::{self, Opened};
use crate::progress::Progress;

/// A job in this process, which shows its progress.
pub(super) struct Local {
    pub(super) jobs: LocalJobs,
    /// The output if it is a folder.
    folder: Option<LocalStore>,
}

impl Local {
    /// Opens the stores. `level` is that of gzip.
    pub(super) async fn open(args: &JobArgs, level: Option<u8>) -> Result<Self> {
        let Opened {
            source,
            output,
            folder,
            limits,
        } = opened::open(&args.stash, args.sync).await?;
        let jobs = LocalJobs {
            source,
            output,
            compression: Compression::new(level),
            limits,
        };
        Ok(Self { jobs, folder })
    }

    /// A job over the objects of the arguments, each of which is rewritten.
    pub(super) fn request(&self, args: &JobArgs, job: JobId, options: Options) -> StartRequest {
        let stash = &args.stash;
        StartRequest {
            job,
            source: self.jobs.source.name(),
            prefix: stash.prefix(),
            mode: Mode::All,
            exclude: stash.acceptance.exclude.clone(),
            errors: stash.acceptance.errors().unwrap_or_default(),
            max_rejected: stash.acceptance.max_rejected().unwrap_or_default(),
            merge: None,
            digest: None,
            options,
            cursor: None,
        }
    }

    /// Examines a job, and keeps others from writing to its folder until the lock is dropped.
    pub(super) async fn lock(&self, request: &StartRequest) -> Result<Option<LocalLock>> {
        // Before the lock, which creates the folder: a refused job writes nothing.
        self.jobs.examine(request).await?;
        let lock = self.folder.as_ref().map(LocalStore::lock);
        Ok(lock.transpose()?)
    }

    /// Runs a job that was [locked](Self::lock) to its end, and returns its report.
    pub(super) async fn run(&self, request: StartRequest) -> Result<Report> {
        let progress = Arc::new(Progress::begin());
        let observer: Arc<dyn Observer> = progress.clone();
        let report = self.jobs.run(request, observer).await;
        progress.end();
        report
    }
}
