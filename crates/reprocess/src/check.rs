//! `check`: adds up the receipts, and decides when a job has ended.
//!
//! The ledger decides. A queue's counters may be wrong in either direction, so they only prompt a
//! look for missing receipts. Each call does these steps:
//!
//! ```text
//! report exists? ── yes ──► ended
//!      │ no
//! advance the watermark over receipts (ledger::progress)
//!      ├─ plan's end reached ───────────────────► write the report
//!      ├─ gap, and receipts or messages move ───► wait
//!      └─ gap, and nothing moves any more ──┬──► rounds left: send the missing objects again, alone
//!                                           └──► none left: pass gaps as lost, then the report
//! ```
//!
//! # Invariants
//!
//! - Everything before the watermark is in the tally, and nothing else is.
//! - Rounds only increase, and each ends after a bounded time without receipts. So a job ends.
//! - The report is written only if absent. Of two concurrent calls, the first one's report counts.
//!
//! [`Progress`] and [`advance`] are shared with `watch`; change them together with both.

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

/// The most receipts after the watermark that are counted, to see whether a new one has arrived.
const COUNTED: usize = 100_000;

/// Checks jobs.
#[derive(Debug, Clone)]
pub struct Checker {
    /// The output, with the ledger in it.
    pub output: Arc<dyn Store>,
    /// Where missing tasks are sent again.
    pub queue: Arc<dyn Queue>,
    /// When to look for missing receipts.
    pub patience: Patience,
}

/// How long `check` waits for receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long the queue's counters must be zero. They lag by a minute or more.
    pub quiet: Duration,
    /// How long no receipt must arrive, whatever the counters say. Longer than the visibility
    /// timeout, which hides the message of a function that died.
    pub stalled: Duration,
    /// How many times missing objects are sent again.
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

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The job.
    pub job: JobId,
    /// Its state.
    pub state: JobState,
    /// Seconds to wait before the next call; it may be 0.
    pub wait: u64,
    /// Where the report is, or will be.
    pub report: String,
    /// The sums so far.
    pub totals: Totals,
}

/// The state of a job.
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
    /// Checks a planned job, and does the next step towards its end.
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
        let mut progress = Progress::load(&ledger).await?;

        let before = progress.watermark;
        let mut walk = advance(&ledger, &mut progress, deadline).await?;
        if walk == Walk::Unplanned {
            return Err(fold::unplanned(&ledger, progress.watermark.slice));
        }
        if walk == Walk::Gap && progress.resending.is_none() {
            let moved = progress.watermark != before;
            self.record_activity(&ledger, &mut progress, moved, now)
                .await?;
            if self.is_patience_over(&progress, now) {
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
            // Of two concurrent checks, the first one's report counts.
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
    async fn record_activity(
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

    fn is_patience_over(&self, progress: &Progress, now: Timestamp) -> bool {
        let passed = |since: Option<Timestamp>, patience: Duration| {
            since.is_some_and(|since| age(since, now) >= patience)
        };
        passed(progress.quiet, self.patience.quiet) || passed(progress.moved, self.patience.stalled)
    }

    /// Sends the objects without a receipt again, one per message: an object that kills its function
    /// takes no other object with it.
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
            let missing = fold::missing_objects(&slice, &names);
            let missing = missing.map(|task| TaskMessage::new(ledger.job(), task));
            send(&*self.queue, missing, deadline).await?;
            progress.resending = slice.more.then_some(number + 1);
            if is_short(deadline) {
                break;
            }
        }
        // A message that was sent again needs as much time as the first one.
        progress.moved = Some(now);
        progress.quiet = None;
        Ok(())
    }

    /// Returns the wait before the next call: a tenth of the job's age, within limits. A short job
    /// ends soon, and a long one makes few calls.
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
