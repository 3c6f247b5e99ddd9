//! The state machine, with the retriers of `statemachine.asl.json`.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use rehose_reprocess::check::JobState;
use rehose_reprocess::digest::{DigestRequest, Requested};
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;
use rehose_testkit::cloud::retrier::Retriers;
use tokio::time::sleep;

use crate::functions::{Failure, Functions};

#[derive(Debug)]
pub(crate) struct Machine {
    functions: Arc<Functions>,
    plan: Retriers,
    check: Retriers,
}

/// The maximum number of calls of an execution. A job that needs more never ends.
const MAX_CALLS: usize = 5_000;

impl Machine {
    pub(crate) fn new(functions: Arc<Functions>) -> Self {
        Self {
            functions,
            plan: Retriers::of("Plan"),
            check: Retriers::of("Check"),
        }
    }

    /// Runs an execution. The restart in a new execution is left out, because it keeps the state.
    pub(crate) async fn execute(&self, request: &StartRequest) -> Result<JobState, Failure> {
        let mut request = request.clone();
        loop {
            let started = self
                .task(&self.plan, async || self.functions.start(&request).await)
                .await?;
            if started.planned {
                break;
            }
            request.cursor = started.cursor;
        }
        for _ in 0..MAX_CALLS {
            let checked = self
                .task(&self.check, async || {
                    self.functions.check(&request.job).await
                })
                .await?;
            if checked.state != JobState::Running {
                return Ok(checked.state);
            }
            sleep(Duration::from_secs(checked.wait)).await;
        }
        let detail = format!("{} has an end", request.job);
        let violation = format!("{}: {detail}", Promise::NeverStuck);
        self.functions.chance.violate(violation);
        Ok(JobState::Running)
    }

    /// Lets several ask at once for each digest before its job is started. They may all die.
    pub(crate) async fn claim(&self, jobs: &[StartRequest]) {
        for job in jobs {
            let Some(digest) = &job.digest else {
                continue;
            };
            let request = DigestRequest {
                source: job.source.clone(),
                prefix: job.prefix.clone(),
                exclude: job.exclude.clone(),
                errors: job.errors,
                max_rejected: job.max_rejected,
                digest: digest.clone(),
                options: job.options.clone(),
            };
            let callers = self.functions.chance.number(1..5);
            let asking = (0..callers).map(|_| self.functions.ask(&request, digest.version > 1));
            let answers = join_all(asking).await;
            let claimed = answers.iter().flatten();
            let claimed = claimed.filter(|requested| matches!(requested, Requested::Claimed(_)));
            self.functions.oracle.claimed(&job.job, claimed.count());
        }
    }

    /// Runs a task.
    async fn task<T>(
        &self,
        retriers: &Retriers,
        task: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut retriers = retriers.clone();
        loop {
            let failure = match task().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(delay) = retriers.next(failure.error) else {
                return Err(failure);
            };
            // With full jitter.
            let chance = &self.functions.chance;
            sleep(chance.time(Duration::from_millis(1)..delay)).await;
        }
    }
}
