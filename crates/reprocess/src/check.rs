//! `check`: adds up the receipts, and says when a job has ended.
//!
//! The ledger decides. A queue's counters may be wrong in either direction; they only prompt the
//! question whether something is missing, and what is missing is sent again.

pub mod watch;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rehose_store::Store;
use rehose_store::queue::Queue;
use serde::{Deserialize, Serialize};

use crate::deadline::Deadline;
use crate::dispatch::send;
use crate::error::Result;
use crate::job::JobId;
use crate::ledger::Ledger;
use crate::ledger::fold;
use crate::ledger::progress::{Progress, Walk, advance, is_short};
use crate::ledger::report::{JobOutcome, Report, Totals};
use crate::task::TaskMessage;

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
    pub state: JobState,
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
pub enum JobState {
    /// Some receipts are missing.
    Running,
    /// Every planned object is done.
    Succeeded,
    /// The job has ended, and some objects failed or were lost.
    Incomplete,
}

impl Checker {
    /// Looks how a planned job stands, and does what has to be done about it.
    pub async fn check(&self, job: &JobId, now: Timestamp, deadline: Deadline) -> Result<Checked> {
        let checked = self.check_on(job, now, deadline);
        (deadline.limit("the job was being checked", &*self.output, checked)).await
    }

    async fn check_on(&self, job: &JobId, now: Timestamp, deadline: Deadline) -> Result<Checked> {
        let ledger = Ledger::new(Arc::clone(&self.output), job.clone());
        if let Some(report) = ledger.report().await? {
            return Ok(ended(&ledger, report));
        }
        let definition = fold::defined(&ledger).await?;
        let mut progress = Progress::of(&ledger).await?;

        let before = progress.watermark;
        let mut walk = advance(&ledger, &mut progress, deadline).await?;
        if walk == Walk::Unplanned {
            return Err(fold::unplanned(&ledger, progress.watermark.slice));
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
            self.resend(&ledger, &mut progress, now, deadline).await?;
        }
        if walk == Walk::OutOfTime || progress.resending.is_some() || progress.giving_up {
            wait = Duration::ZERO;
        }
        ledger.put("progress.json", &progress).await?;
        Ok(Checked {
            job: job.clone(),
            state: JobState::Running,
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
        progress: &mut Progress,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<()> {
        while let Some(number) = progress.resending {
            let slice = fold::planned(ledger, number).await?;
            let names = ledger.receipts_of(number).await?;
            let missing = fold::missing(&slice, &names);
            let missing = missing.map(|task| TaskMessage::new(ledger.job(), task));
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

fn ended(ledger: &Ledger, report: Report) -> Checked {
    Checked {
        job: report.job,
        state: match report.state {
            JobOutcome::Succeeded => JobState::Succeeded,
            JobOutcome::Incomplete => JobState::Incomplete,
        },
        wait: 0,
        report: ledger.report_url(),
        totals: report.totals,
    }
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}
