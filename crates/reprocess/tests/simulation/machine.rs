//! The state machine, with the retriers of `statemachine.asl.json`.

use std::sync::Arc;
use std::time::Duration;

use rehose_reprocess::check::JobState;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::functions::{Failure, Functions};

#[derive(Debug)]
pub(crate) struct Machine {
    functions: Arc<Functions>,
    plan: Vec<Retrier>,
    check: Vec<Retrier>,
}

/// A retrier of the States language
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retrier {
    error_equals: Vec<String>,
    interval_seconds: f64,
    backoff_rate: f64,
    max_delay_seconds: f64,
    max_attempts: i32,
}

/// The maximum number of calls of an execution. A job that needs more never ends.
const MAX_CALLS: usize = 5_000;

impl Machine {
    pub(crate) fn new(functions: Arc<Functions>) -> Self {
        let definition = include_str!("../../../../statemachine.asl.json");
        let definition: Value = serde_json::from_str(definition).unwrap();
        let retry = |state: &str| {
            let retry = definition["States"][state]["Retry"].clone();
            serde_json::from_value(retry).unwrap()
        };
        Self {
            functions,
            plan: retry("Plan"),
            check: retry("Check"),
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

    /// Runs a task. Each retrier counts its own attempts.
    async fn task<T>(
        &self,
        retriers: &[Retrier],
        task: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempts = vec![0; retriers.len()];
        loop {
            let failure = match task().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let matches = |retrier: &Retrier| {
                let mut names = retrier.error_equals.iter();
                names.any(|name| name == failure.error)
            };
            let Some(at) = retriers.iter().position(matches) else {
                return Err(failure);
            };
            let retrier = &retriers[at];
            if attempts[at] == retrier.max_attempts {
                return Err(failure);
            }
            let delay = retrier.interval_seconds * retrier.backoff_rate.powi(attempts[at]);
            let delay = Duration::from_secs_f64(delay.min(retrier.max_delay_seconds));
            attempts[at] += 1;
            // With full jitter.
            let chance = &self.functions.chance;
            sleep(chance.time(Duration::from_millis(1)..delay)).await;
        }
    }
}
