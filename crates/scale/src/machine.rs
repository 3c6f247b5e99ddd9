//! The state machine of `statemachine.asl.json`: its order of calls, its transitions and its events.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rehose_reprocess::check::{Checked, JobState};
use rehose_reprocess::plan::StartRequest;
use rehose_testkit::cloud::retrier::Retriers;
use tokio::time::sleep;

use crate::error::ScaleError;
use crate::functions::Functions;
use crate::lambda::Failure;

/// The most events of an execution
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const MAX_EVENTS: u64 = 25_000;

/// Calls before a new execution continues the job: the default of `restartAfter` in
/// `infra/lib/config.ts`.
const RESTART_AFTER: u32 = 500;

/// Events of the begin and the end of an execution.
const EXECUTION: u64 = 2;

/// Events of a state that is entered and left, and of an attempt of a task, which is scheduled, starts
/// and ends.
const STATE: u64 = 2;
const ATTEMPT: u64 = 3;

/// An execution, and those that continue it.
pub(crate) struct Machine {
    functions: Arc<Functions>,
    /// What it was started with.
    given: StartRequest,
    /// Calls and events of the current execution.
    calls: u32,
    events: u64,
}

impl Machine {
    pub(crate) fn new(functions: &Arc<Functions>, given: StartRequest) -> Self {
        Self {
            functions: Arc::clone(functions),
            given,
            calls: 0,
            events: 0,
        }
    }

    /// Runs the job until `check` says that it has ended.
    pub(crate) async fn run(mut self) -> Result<Checked, ScaleError> {
        let functions = Arc::clone(&self.functions);
        functions.cloud.running.fetch_add(1, Ordering::Relaxed);
        functions.cloud.planning.fetch_add(1, Ordering::Relaxed);
        self.begin();
        self.enter()?;
        loop {
            let given = self.given.clone();
            let start = async || functions.start(given.clone()).await;
            let started = self.task("Plan", "start", start).await?;
            self.enter()?;
            if started.planned {
                break;
            }
            self.given.cursor = started.cursor;
            self.restart()?;
        }
        functions.cloud.planning.fetch_sub(1, Ordering::Relaxed);
        let job = self.given.job.clone();
        loop {
            let check = async || functions.check(&job).await;
            let checked = self.task("Check", "check", check).await?;
            self.enter()?;
            if checked.state != JobState::Running {
                self.enter()?;
                functions.cloud.running.fetch_sub(1, Ordering::Relaxed);
                return Ok(checked);
            }
            // A new execution checks at once.
            if !self.restart()? {
                self.enter()?;
                sleep(Duration::from_secs(checked.wait)).await;
            }
        }
    }

    /// Runs a task with its retriers.
    async fn task<T>(
        &mut self,
        state: &str,
        function: &'static str,
        call: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, ScaleError> {
        self.enter()?;
        self.calls += 1;
        let mut retriers = Retriers::of(state);
        loop {
            self.add(ATTEMPT)?;
            let Failure { error, cause } = match call().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(delay) = retriers.next(error) else {
                return Err(ScaleError::Execution {
                    function,
                    error: error.to_owned(),
                    cause,
                });
            };
            // A retry is paid for like a transition.
            self.functions
                .cloud
                .meter
                .add(|counts| counts.transitions += 1);
            sleep(delay.mul_f64(fastrand::f64())).await;
        }
    }

    /// Enters a state.
    fn enter(&mut self) -> Result<(), ScaleError> {
        self.functions
            .cloud
            .meter
            .add(|counts| counts.transitions += 1);
        self.add(STATE)
    }

    /// Continues in a new execution after many calls, and returns whether it does. The last one waits
    /// for it, which nobody pays for.
    fn restart(&mut self) -> Result<bool, ScaleError> {
        if self.calls < RESTART_AFTER {
            return Ok(false);
        }
        self.enter()?;
        self.add(ATTEMPT)?;
        self.begin();
        // It begins, and looks whether the job is planned.
        self.enter()?;
        self.enter()?;
        Ok(true)
    }

    fn begin(&mut self) {
        (self.calls, self.events) = (0, EXECUTION);
        self.functions
            .cloud
            .meter
            .add(|counts| counts.executions += 1);
    }

    fn add(&mut self, events: u64) -> Result<(), ScaleError> {
        self.events += events;
        let events = self.events;
        self.functions.cloud.meter.add(|counts| {
            counts.events = counts.events.max(events);
        });
        match events <= MAX_EVENTS {
            true => Ok(()),
            false => Err(ScaleError::History {
                events,
                limit: MAX_EVENTS,
            }),
        }
    }
}
