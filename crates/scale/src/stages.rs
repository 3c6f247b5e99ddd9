//! What each moment of a job's duration is due to.
//!
//! The job is looked at many times. Each look puts the time since the last one down to the first of
//! these that holds: S3 has refused requests, the queue has messages that nobody receives, or it has
//! none.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cloud::Cloud;
use crate::event_source::EventSource;
use crate::s3::rates::Rates;

/// The time between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// How long a refusal counts: S3's rates are those of a second.
const REFUSAL: Duration = Duration::from_secs(1);

/// What the job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// S3 throttles `PUT` in the output.
    OutputPuts,
    /// S3 throttles `GET`, `HEAD` or `LIST` in the output.
    OutputGets,
    /// S3 throttles `GET` or `LIST` in the stash.
    StashGets,
    /// Messages wait, and the event source is still scaling up.
    Scaling,
    /// Messages wait, and as many functions run as may.
    Concurrency,
    /// No message waits, and `start` is still sending.
    Start,
    /// No message waits, and the last tasks are processed.
    LastTasks,
    /// Messages whose task failed are hidden until their visibility timeout ends.
    Hidden,
    /// No job runs.
    Idle,
    /// Every task has its receipt. The state machine waits, then `check` reads them.
    Check,
}

impl Stage {
    /// What it is, in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::OutputPuts => "PUT rate of the output",
            Self::OutputGets => "GET rate of the output",
            Self::StashGets => "GET rate of the stash",
            Self::Scaling => "scaling of the event source",
            Self::Concurrency => "concurrency of process",
            Self::Start => "start",
            Self::LastTasks => "the last tasks",
            Self::Hidden => "visibility timeout of failed tasks",
            Self::Idle => "none: no job runs",
            Self::Check => "check, and the waits before it",
        }
    }
}

/// The time of each stage.
#[derive(Debug, Default)]
pub(crate) struct Stages(Mutex<BTreeMap<Stage, Duration>>);

impl Stages {
    /// Watches while something runs. Returns its result, and the stages.
    pub(crate) async fn during<T>(
        cloud: &Arc<Cloud>,
        source: &Arc<EventSource>,
        runs: impl Future<Output = T>,
    ) -> (T, Vec<(Stage, Duration)>) {
        let stages = Self::default();
        let result = tokio::select! {
            // What begins at the time of a look is seen by it.
            biased;
            result = runs => result,
            never = stages.watch(cloud, source) => match never {},
        };
        (result, stages.longest_first())
    }

    /// Looks until it is dropped.
    async fn watch(&self, cloud: &Arc<Cloud>, source: &Arc<EventSource>) -> Infallible {
        let mut last = Instant::now();
        loop {
            sleep(LOOK).await;
            let stage = stage(cloud, source);
            let since = std::mem::replace(&mut last, Instant::now()).elapsed();
            let mut stages = (self.0.lock()).unwrap_or_else(|poisoned| poisoned.into_inner());
            *stages.entry(stage).or_default() += since;
            for rates in [&cloud.output, &cloud.stash] {
                Rates::forget(rates, cloud.begun.elapsed());
            }
        }
    }

    /// The stages, the longest first.
    fn longest_first(&self) -> Vec<(Stage, Duration)> {
        let stages = (self.0.lock()).unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut stages: Vec<_> = stages.iter().map(|(stage, time)| (*stage, *time)).collect();
        stages.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        stages
    }
}

fn stage(cloud: &Cloud, source: &EventSource) -> Stage {
    let since = cloud.begun.elapsed().saturating_sub(REFUSAL);
    let (output, stash) = (
        cloud.output.has_refused(since),
        cloud.stash.has_refused(since),
    );
    if output.puts {
        return Stage::OutputPuts;
    }
    if output.gets {
        return Stage::OutputGets;
    }
    if stash.gets {
        return Stage::StashGets;
    }
    let counters = cloud.queue.counters();
    if counters.visible > 0 {
        return match source.limit() < cloud.stack.concurrency {
            true => Stage::Scaling,
            false => Stage::Concurrency,
        };
    }
    if cloud.running.load(Ordering::Relaxed) == 0 {
        return Stage::Idle;
    }
    if cloud.planning.load(Ordering::Relaxed) > 0 {
        return Stage::Start;
    }
    match (source.running(), counters.in_flight) {
        (0, 0) => Stage::Check,
        (0, _) => Stage::Hidden,
        _ => Stage::LastTasks,
    }
}
