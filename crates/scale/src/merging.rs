//! A stack that merges by itself, for some hours of a day.
//!
//! ```text
//!  23:20                 00:00   00:10   00:20          …          24:00
//!  a job merges 8 hours    │       a job every 10 minutes, as scheduled
//!                          └────────────── measured ──────────────────┘
//! ```
//!
//! The job before the day leaves the output as it is in a stack that has run for long.

mod verify;

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::stream::FuturesUnordered;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rehose_reprocess::check::{Checked, JobState};
use rehose_reprocess::job::{JobId, Merge};
use tokio::time::{sleep, timeout};

pub use self::verify::MergedHour;
use crate::cloud::Cloud;
use crate::costs::Costs;
use crate::error::ScaleError;
use crate::event_source::EventSource;
use crate::functions::Functions;
use crate::machine::Machine;
use crate::measured::Stage;
use crate::meter::Counts;
use crate::run::in_virtual_time;
use crate::scenario::MergeScenario;
use crate::stages::Stages;
use crate::world::World;
use crate::world::accounts::Accounts;

/// The day that is measured.
const DAY: Date = date(2026, 11, 25);

/// Days of the stash before it. The first is older than all that is merged; more such days would change
/// nothing, because a listing passes over all of them at once.
const DAYS_BEFORE: i64 = 2;

/// All days of the stash. The last one begins while the last job runs.
const DAYS: i64 = DAYS_BEFORE + 2;

/// Minutes before the day at which the hours before it are merged.
const BEFORE: i64 = 40;

/// Minutes between two jobs, and the hours that each looks back, as `infra/lib/mergeSchedules.ts` and
/// `infra/lib/merge.ts` have them.
const EVERY: i64 = 10;
const RECENT: i64 = 8;

/// The time in the keys of AWS. The hour is in the name.
const LAYOUT: &str = "{yyyy}/{MM}/{dd}";

/// The longest simulation.
const PATIENCE_DAYS: u64 = 14;

/// What some hours took.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredMerging {
    /// What was simulated.
    pub scenario: MergeScenario,
    /// What was counted.
    pub counts: Counts,
    /// The measured time, and what each part of it was due to, the longest first.
    pub duration: Duration,
    /// The stages.
    pub stages: Vec<(Stage, Duration)>,
    /// The jobs.
    pub jobs: Vec<MergeJob>,
    /// The hours that were merged.
    pub hours: Vec<MergedHour>,
    /// Objects that were merged.
    pub objects: u64,
    /// Generations that were published.
    pub generations: u64,
    /// Files that were published, and their bytes.
    pub files: u64,
    /// The bytes of the files.
    pub file_bytes: u64,
    /// The most invocations at once of the function that merges.
    pub most_running: usize,
    /// Documents that were written to the ledger and the generations.
    pub documents: u64,
    /// Their bytes.
    pub document_bytes: u64,
    /// Messages in the dead-letter queue.
    pub dead: u64,
}

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeJob {
    /// The objects that it merged.
    pub objects: u64,
    /// From the begin of its execution to the end.
    pub duration: Duration,
}

impl MeasuredMerging {
    /// The cost at list prices.
    pub fn costs(&self) -> Costs {
        Costs::of(&self.counts)
    }
}

/// Runs the jobs of some hours in virtual time.
///
/// # Errors
///
/// If a job fails, or an object of an hour that has closed is not in exactly one published generation.
pub fn run(scenario: &MergeScenario) -> Result<MeasuredMerging, ScaleError> {
    in_virtual_time(scenario.stack.seed, simulate(scenario))
}

async fn simulate(scenario: &MergeScenario) -> Result<MeasuredMerging, ScaleError> {
    let midnight = timestamp(DAY.at(0, 0, 0, 0))?;
    let begins = midnight - BEFORE.minutes();
    let world = World::merged(&scenario.stack, keys(scenario));
    let cloud = Arc::new(Cloud::new(&scenario.stack, world, begins));
    let functions = Arc::new(Functions::new(&cloud)?);
    let source = Arc::new(EventSource::new(&functions));
    tokio::spawn(Arc::clone(&source).run());

    let before = async {
        scheduled(&functions, begins).await?;
        if cloud.now() > midnight {
            let what = format!(
                "the hours before the day were merged only at {}",
                cloud.now()
            );
            return Err(ScaleError::Contradiction(what));
        }
        sleep_until_time(&cloud, midnight).await;
        Ok(())
    };
    let (before, _) = in_time(Stages::during(&cloud, &source, before)).await?;
    before?;
    let (counts, documents) = (cloud.meter.counts(), documents(&cloud));
    source.take_most();

    let times = (1..=scenario.hours as i64 * 60 / EVERY)
        .map(|number| midnight + (number * EVERY).minutes());
    let jobs: FuturesUnordered<_> = times.map(|time| scheduled(&functions, time)).collect();
    let jobs = jobs.try_collect();
    let (jobs, stages) = in_time(Stages::during(&cloud, &source, jobs)).await?;
    let jobs = jobs?;

    let end = DAY.at(0, 0, 0, 0) + (scenario.hours as i64).hours();
    let (first, last) = (first_hour(begins), end - 2.hours());
    let mut hours = verify::hours(&cloud, &keys(scenario), first, last)?;
    hours.retain(|hour| hour.begin >= DAY.at(0, 0, 0, 0) - 1.hour());
    let sum = |of: fn(&MergedHour) -> u64| hours.iter().map(of).sum();
    let written = self::documents(&cloud);
    Ok(MeasuredMerging {
        scenario: scenario.clone(),
        counts: cloud.meter.counts().since(&counts),
        duration: Duration::try_from(cloud.now().duration_since(midnight)).unwrap_or_default(),
        stages,
        jobs,
        objects: sum(|hour| hour.objects),
        generations: sum(|hour| hour.generations),
        files: sum(|hour| hour.files),
        file_bytes: sum(|hour| hour.file_bytes),
        hours,
        most_running: source.take_most(),
        documents: written.0 - documents.0,
        document_bytes: written.1 - documents.1,
        dead: cloud.queue.dead(),
    })
}

fn keys(scenario: &MergeScenario) -> Accounts {
    let first = DAY - DAYS_BEFORE.days();
    Accounts::new(scenario.files_per_day, scenario.accounts, first, DAYS)
}

/// Waits for the time of a schedule, and runs the job that it starts.
async fn scheduled(functions: &Arc<Functions>, time: Timestamp) -> Result<MergeJob, ScaleError> {
    let cloud = &functions.cloud;
    sleep_until_time(cloud, time).await;
    let merge = Merge {
        layout: LAYOUT.parse()?,
        from: Some(first_hour(time)),
        ..Merge::default()
    };
    let given = functions.given(JobId::new(time), Some(merge));
    let Checked { state, totals, .. } = Machine::new(functions, given).run().await?;
    if state != JobState::Succeeded {
        let what = format!("the job of {time} ended as {state:?}: {totals:?}");
        return Err(ScaleError::Contradiction(what));
    }
    Ok(MergeJob {
        objects: totals.objects.done,
        duration: Duration::try_from(cloud.now().duration_since(time)).unwrap_or_default(),
    })
}

/// The first hour of a job, as `statemachine.asl.json` computes it.
fn first_hour(time: Timestamp) -> DateTime {
    let begin = (time - RECENT.hours()).to_zoned(TimeZone::UTC).datetime();
    begin.date().at(begin.hour(), 0, 0, 0)
}

async fn sleep_until_time(cloud: &Cloud, time: Timestamp) {
    let left = time.duration_since(cloud.now());
    sleep(Duration::try_from(left).unwrap_or_default()).await;
}

fn timestamp(time: DateTime) -> Result<Timestamp, ScaleError> {
    let zoned = time.to_zoned(TimeZone::UTC);
    zoned
        .map(|zoned| zoned.timestamp())
        .map_err(|error| ScaleError::Contradiction(format!("{time} is no time: {error}")))
}

/// The documents so far, and their bytes.
fn documents(cloud: &Cloud) -> (u64, u64) {
    let contents = cloud.contents();
    let bytes = contents.ledger().values().map(|body| body.len() as u64);
    (bytes.len() as u64, bytes.sum())
}

async fn in_time<T>(simulation: impl Future<Output = T>) -> Result<T, ScaleError> {
    let days = PATIENCE_DAYS;
    let patience = Duration::from_secs(days * 24 * 60 * 60);
    (timeout(patience, simulation).await).map_err(|_| ScaleError::Endless { days })
}
