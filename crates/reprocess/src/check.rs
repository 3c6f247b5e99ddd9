//! `check`: adds up the receipts, and says when a job has ended.
//!
//! The ledger decides. A queue's counters may be wrong in either direction; they only prompt the
//! question whether something is missing, and what is missing is sent again.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::deadline::until;
use crate::error::Result;
use crate::fate::{self, Fate};
use crate::job::{Job, JobId};
use crate::ledger::Ledger;
use crate::queue::Queue;
use crate::report::{Report, State, Tally, Totals};
use crate::start::send;
use crate::store::Store;
use crate::task::TaskMessage;

/// Time that a slice needs at most: its listing and a thousand receipts, read some at a time. With
/// less than that left, the rest is the next call's.
const SLICE_TIME: Duration = Duration::from_secs(15);

/// The most receipts beyond the watermark that are counted to see whether any has come.
const COUNTED: usize = 100_000;

/// What `check` works with.
#[derive(Debug, Clone)]
pub struct Checker {
    /// The output, with the ledger in it.
    pub output: Arc<dyn Store>,
    /// Where missing tasks are sent again.
    pub queue: Arc<dyn Queue>,
    /// When it asks whether something is missing.
    pub patience: Patience,
}

/// How long `check` waits for what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The queue's counters have all been zero for so long: they lag by a minute or more.
    pub quiet: Duration,
    /// No receipt has come for so long, whatever the counters say. Longer than a message stays
    /// invisible after the function that had it died.
    pub stalled: Duration,
    /// How often what is missing is sent again.
    pub rounds: u32,
    /// The shortest and the longest wait between two calls.
    pub waits: (Duration, Duration),
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            quiet: Duration::from_secs(5 * 60),
            stalled: Duration::from_secs(2 * 60 * 60),
            rounds: 2,
            waits: (Duration::from_secs(5), Duration::from_secs(5 * 60)),
        }
    }
}

/// What `check` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The job.
    pub job: JobId,
    /// How it stands.
    pub state: Standing,
    /// Seconds to wait before the next call; it may be 0.
    pub wait: u64,
    /// Where the report is, or will be.
    pub report: String,
    /// The sums so far.
    pub totals: Totals,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Some receipts are missing.
    Running,
    /// Every planned object is done.
    Succeeded,
    /// The job has ended, and some objects failed or were lost.
    Incomplete,
}

/// What `check` remembers from call to call, in the ledger. Everything before the watermark is in
/// the tally, and nothing else is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The first task whose objects are not all accounted for.
    pub(crate) watermark: Watermark,
    pub(crate) tally: Tally,
    /// Receipts at and after the watermark's slice when they were last counted.
    receipts: usize,
    /// When the watermark or that number last changed.
    moved: Option<Timestamp>,
    /// Since when the counters have been zero.
    quiet: Option<Timestamp>,
    /// Rounds of sending again that have begun.
    rounds: u32,
    /// The next slice of the round under way.
    resending: Option<u32>,
    /// Whether what has no receipt counts as lost.
    giving_up: bool,
}

impl Progress {
    pub(crate) async fn of(ledger: &Ledger) -> Result<Self> {
        Ok(ledger.get("progress.json").await?.unwrap_or_default())
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watermark {
    pub(crate) slice: u32,
    pub(crate) task: usize,
    /// Whether the slice's own numbers are in the tally.
    pub(crate) counted: bool,
}

/// Whether a walk over the ledger came to the end of the plan, or what stopped it: the plan goes on
/// with a slice that is not there yet, a receipt is missing, or time is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    Ended,
    Unplanned,
    Gap,
    OutOfTime,
}

impl Checker {
    /// Looks how a planned job stands, and does what has to be done about it.
    pub async fn check(&self, job: &JobId, now: Timestamp, deadline: Instant) -> Result<Checked> {
        let checked = self.check_on(job, now, deadline);
        until(
            deadline,
            "the job was being checked",
            &*self.output,
            checked,
        )
        .await
    }

    async fn check_on(&self, job: &JobId, now: Timestamp, deadline: Instant) -> Result<Checked> {
        let ledger = Ledger::new(Arc::clone(&self.output), job.clone());
        if let Some(report) = ledger.report().await? {
            return Ok(ended(&ledger, report));
        }
        let definition = fate::defined(&ledger).await?;
        let mut progress = Progress::of(&ledger).await?;

        let before = progress.watermark;
        let mut walk = advance(&ledger, &mut progress, deadline).await?;
        if walk == Walk::Unplanned {
            return Err(fate::unplanned(&ledger, progress.watermark.slice));
        }
        if walk == Walk::Gap && progress.resending.is_none() {
            let moved = progress.watermark != before;
            self.notice(&ledger, &mut progress, moved, now).await?;
            if self.is_time_to_ask(&progress, now) {
                if progress.rounds < self.patience.rounds {
                    progress.rounds += 1;
                    progress.resending = Some(progress.watermark.slice);
                } else {
                    progress.giving_up = true;
                    walk = advance(&ledger, &mut progress, deadline).await?;
                }
            }
        }
        if walk == Walk::Ended {
            let source = format!("{}{}", definition.source, definition.prefix);
            let report = Report::new(definition, source, progress.tally, now);
            ledger.put_if_absent("report.json", &report).await?;
            // Of two checks at once, the first one's report stands.
            let report = ledger.report().await?.unwrap_or(report);
            return Ok(ended(&ledger, report));
        }
        let mut wait = self.wait(definition.started, now);
        if progress.resending.is_some() {
            self.resend(&ledger, &definition, &mut progress, now, deadline)
                .await?;
        }
        if walk == Walk::OutOfTime || progress.resending.is_some() || progress.giving_up {
            wait = Duration::ZERO;
        }
        ledger.put("progress.json", &progress).await?;
        Ok(Checked {
            job: job.clone(),
            state: Standing::Running,
            wait: wait.as_secs(),
            report: ledger.report_url(),
            totals: progress.tally.totals,
        })
    }

    /// Notes whether anything has come since the last call, and whether the queue seems empty.
    async fn notice(
        &self,
        ledger: &Ledger,
        progress: &mut Progress,
        moved: bool,
        now: Timestamp,
    ) -> Result<()> {
        let slice = progress.watermark.slice;
        let receipts = ledger.count_receipts(slice, COUNTED).await?;
        if moved || receipts != progress.receipts || progress.moved.is_none() {
            progress.receipts = receipts;
            progress.moved = Some(now);
            progress.quiet = None;
        }
        if self.queue.counters().await?.all_zero() {
            progress.quiet.get_or_insert(now);
        } else {
            progress.quiet = None;
        }
        Ok(())
    }

    fn is_time_to_ask(&self, progress: &Progress, now: Timestamp) -> bool {
        let passed = |since: Option<Timestamp>, patience: Duration| {
            since.is_some_and(|since| age(since, now) >= patience)
        };
        passed(progress.quiet, self.patience.quiet) || passed(progress.moved, self.patience.stalled)
    }

    /// Sends what has no receipt again, one object a message: the one that kills a function takes
    /// no other with it.
    async fn resend(
        &self,
        ledger: &Ledger,
        job: &Job,
        progress: &mut Progress,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<()> {
        while let Some(number) = progress.resending {
            let slice = fate::planned(ledger, number).await?;
            let names = ledger.receipts_of(number).await?;
            let missing = fate::missing(&slice, &names).map(|(task, object)| TaskMessage {
                job: job.job.clone(),
                task,
                source: job.source.clone(),
                output: self.output.url(""),
                options: job.options.clone(),
                objects: vec![object.clone()],
            });
            send(&*self.queue, missing, deadline).await?;
            progress.resending = slice.more.then_some(number + 1);
            if is_short(deadline) {
                break;
            }
        }
        // What has just been sent again needs as much patience as what was sent first.
        progress.moved = Some(now);
        progress.quiet = None;
        Ok(())
    }

    /// Waits grow with the job: a tenth of its age, so that a short job ends soon and a long one
    /// asks seldom.
    fn wait(&self, started: Timestamp, now: Timestamp) -> Duration {
        let (shortest, longest) = self.patience.waits;
        (age(started, now) / 10).clamp(shortest, longest)
    }
}

/// Moves the watermark over the receipts and adds up what it passes, up to the first gap. When the
/// job is given up, gaps are passed too, as lost. It only reads.
pub(crate) async fn advance(
    ledger: &Ledger,
    progress: &mut Progress,
    deadline: Instant,
) -> Result<Walk> {
    loop {
        let Some(slice) = ledger.slice(progress.watermark.slice).await? else {
            return Ok(Walk::Unplanned);
        };
        if !progress.watermark.counted {
            progress.watermark.counted = true;
            let objects = &mut progress.tally.totals.objects;
            objects.listed += slice.listed;
            objects.excluded += slice.excluded;
            objects.present += slice.present;
        }
        let names = ledger.receipts_of(slice.slice).await?;
        let passed: Vec<Vec<Fate>> = {
            let Watermark { task, .. } = progress.watermark;
            fate::of_slice(ledger, &slice, &names, task, progress.giving_up)
                .try_take_while(|fates| std::future::ready(Ok(fates.is_some())))
                .try_filter_map(async |fates| Ok(fates))
                .try_collect()
                .await?
        };
        progress.watermark.task += passed.len();
        for fate in passed.into_iter().flatten() {
            match fate {
                Fate::Known(object) => progress.tally.add(object),
                Fate::Lost(key) => progress.tally.add_lost(key),
            }
        }
        if progress.watermark.task < slice.tasks.len() {
            return Ok(Walk::Gap);
        }
        if !slice.more {
            return Ok(Walk::Ended);
        }
        progress.watermark = Watermark {
            slice: slice.slice + 1,
            ..Watermark::default()
        };
        if is_short(deadline) {
            return Ok(Walk::OutOfTime);
        }
    }
}

fn ended(ledger: &Ledger, report: Report) -> Checked {
    Checked {
        job: report.job,
        state: match report.state {
            State::Succeeded => Standing::Succeeded,
            State::Incomplete => Standing::Incomplete,
        },
        wait: 0,
        report: ledger.report_url(),
        totals: report.totals,
    }
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

fn is_short(deadline: Instant) -> bool {
    deadline.saturating_duration_since(Instant::now()) < SLICE_TIME
}
