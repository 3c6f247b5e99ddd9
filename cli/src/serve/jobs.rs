//! The jobs of digests in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use rehose_api::{Failure, Jobs, JobsError, Metrics};
use rehose_reprocess::digest::{Claim, Digests};
use rehose_reprocess::error::Result;
use rehose_reprocess::job::JobId;
use rehose_reprocess::local::{LocalJobs, Unobserved};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The most jobs at once. Each uses all cores.
const AT_ONCE: usize = 2;

/// The most jobs that run or wait.
const MAX_JOBS: usize = 100;

/// Jobs of this process.
#[derive(Debug)]
pub(super) struct OwnJobs {
    work: Work,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What a job needs.
#[derive(Debug, Clone)]
struct Work {
    local: LocalJobs,
    digests: Digests,
    metrics: Arc<Metrics>,
    turns: Arc<Semaphore>,
    known: Arc<Mutex<HashMap<JobId, State>>>,
}

/// A job that this process knows of.
#[derive(Debug, Clone)]
enum State {
    Running,
    Failed(String),
}

impl OwnJobs {
    pub(super) fn new(local: LocalJobs, digests: Digests, metrics: Arc<Metrics>) -> Self {
        Self {
            work: Work {
                local,
                digests,
                metrics,
                turns: Arc::new(Semaphore::new(AT_ONCE)),
                known: Arc::default(),
            },
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Starts the jobs of claims that another process has left.
    pub(super) async fn resume(&self) -> Result<()> {
        let digests = &self.work.digests;
        for state in digests.list().await? {
            if state.has_ended {
                continue;
            }
            if let Some(claim) = digests.claim(state.version).await?
                && let Err(error) = self.start(&claim).await
            {
                tracing::warn!(job = %claim.job, %error, "does not continue now");
            }
        }
        Ok(())
    }

    /// Stops all jobs, and waits until they have given up what they were writing.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.work.local.output.tidy().await;
    }
}

#[async_trait]
impl Jobs for OwnJobs {
    async fn start(&self, claim: &Claim) -> std::result::Result<(), JobsError> {
        if self.work.enter(&claim.job)? {
            let (work, claim) = (self.work.clone(), claim.clone());
            let stop = self.stop.clone();
            self.tasks.spawn(async move {
                // A job that is dropped stops, and the next start continues it.
                stop.run_until_cancelled(work.run(claim)).await;
            });
        }
        Ok(())
    }

    async fn failure(&self, job: &JobId) -> std::result::Result<Option<Failure>, JobsError> {
        Ok(match self.work.known().get(job) {
            Some(State::Failed(reason)) => Some(Failure {
                reason: reason.clone(),
                is_final: true,
            }),
            _ => None,
        })
    }
}

impl Work {
    fn known(&self) -> MutexGuard<'_, HashMap<JobId, State>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a job runs. Returns whether it did not run before.
    fn enter(&self, job: &JobId) -> std::result::Result<bool, JobsError> {
        let mut known = self.known();
        if matches!(known.get(job), Some(State::Running)) {
            return Ok(false);
        }
        let running = known
            .values()
            .filter(|state| matches!(state, State::Running));
        if running.count() >= MAX_JOBS {
            let reason = format!("{MAX_JOBS} digests are being made or wait; ask again later");
            return Err(JobsError(reason));
        }
        known.insert(job.clone(), State::Running);
        Ok(true)
    }

    async fn run(self, claim: Claim) {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        let job = &claim.job;
        tracing::info!(%job, "begins");
        self.metrics.jobs.inc();
        let ended = self.local.run(claim.start(), Arc::new(Unobserved)).await;
        self.metrics.jobs.dec();
        match ended {
            Ok(report) => {
                tracing::info!(%job, state = ?report.state, "has ended");
                self.known().remove(job);
            }
            Err(error) => {
                tracing::error!(%job, %error, "failed");
                self.metrics.failed_jobs.inc();
                self.record(&claim, &error.to_string()).await;
            }
        }
    }

    /// Records that a digest has failed. While the output cannot be written, this process remembers it.
    async fn record(&self, claim: &Claim, reason: &str) {
        match self.digests.fail(claim, reason, Timestamp::now()).await {
            Ok(_) => self.known().remove(&claim.job),
            Err(error) => {
                tracing::error!(job = %claim.job, %error, "its failure cannot be recorded");
                let failed = State::Failed(reason.to_owned());
                self.known().insert(claim.job.clone(), failed)
            }
        };
    }
}
