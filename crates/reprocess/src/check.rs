//! `check`: adds up the receipts, resends missing tasks, and ends a job with its report.
//!
//! The state machine calls [`Checker::check`] until the state is no longer
//! [`Running`](JobState::Running). Between calls, `check` keeps its progress in `progress.json`.
//!
//! ```text
//!  report.json exists? ─ yes ─────────────────────────────────────► ended
//!    │ no
//!    ▼
//!  advance ─┬─ Ended ────────► write report.json ─────────────────► ended
//!           ├─ Unplanned ────► error: the plan is not complete
//!           ├─ OutOfTime ────► store progress, continue at once
//!           └─ Unsettled ─┬─ a round is under way ─► resend
//!                         ├─ patience not over ────► store progress, wait
//!                         ├─ rounds left ──────────► resend
//!                         └─ no round left ────────► give up, then advance again
//!
//!  resend ─► store progress ─► wait, or continue at once if the round has more slices
//! ```
//!
//! 1. **Walk.** `advance` moves the watermark over the plan, task by task, and adds up each
//!    receipt that it passes. It stops at the first unsettled task.
//! 2. **Decide whether to look for lost messages.** Patience is over when the queue's counters have
//!    been zero for [`Patience::quiet`], or when no receipt has appeared for
//!    [`Patience::stalled`].
//! 3. **Resend.** A round resends every object without a receipt, each in a message of its own, one
//!    slice after the other. A round may take several calls. After it, patience starts anew.
//! 4. **Give up.** After [`Patience::rounds`] rounds, an object without a receipt counts as lost,
//!    and the watermark passes it.
//! 5. **Report.** At the end of the plan, the report is written unless one exists.
//!
//! # Invariants
//!
//! - Only the plan and the receipts decide that a job is complete. The queue's counters may be wrong
//!   in either direction; they only decide when to resend, and a needless resend is harmless.
//! - `progress.json` is written last. A call that dies before repeats the same work.
//! - Once `giving_up` is stored, it stays: the watermark may have passed lost objects.
//!
//! # What must change together
//!
//! The steps above, `Progress` and `advance` (`ledger/progress.rs`), and the fields of [`Checked`] that
//! `statemachine.asl.json` reads. [`Patience::stalled`] must exceed the queue's visibility timeout.

mod digest;
mod publish;
mod settled;
pub mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join3};
use futures::try_join;
use jiff::Timestamp;
use rehose_store::queue::Queue;
use rehose_store::{Put, Store};
use serde::{Deserialize, Serialize};

use self::digest::Step;
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::dispatch::send;
use crate::error::Result;
use crate::job::{Job, JobId};
use crate::ledger::progress::{Progress, Stop, advance};
use crate::ledger::report::{JobOutcome, Report};
use crate::ledger::statuses::missing_tasks;
use crate::ledger::tally::{Merged, Totals};
use crate::ledger::{Ledger, PROGRESS, REPORT, slice_name};
use crate::queues::Queues;
use crate::task::TaskMessage;

/// The most receipts that are counted to detect new ones. Beyond, only the watermark shows movement.
const COUNTED: usize = 100_000;

/// The longest time to resend a slice: a hundred `SendMessageBatch` with their retries. With less time
/// left, the next call continues.
const RESEND_TIME: Duration = Duration::from_secs(15);

/// Checks jobs.
#[derive(Debug, Clone)]
pub struct Checker {
    /// The output, with the ledger in it.
    pub output: Arc<dyn Store>,
    /// The queues to which missing tasks are resent.
    pub queues: Queues,
    /// When missing tasks are resent, and when they are given up.
    pub patience: Patience,
}

/// How long `check` waits for missing receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Resend after the queue's counters have all been zero for this long. They lag by a minute or
    /// more.
    pub quiet: Duration,
    /// Resend after no receipt has appeared for this long, whatever the counters say. It must
    /// exceed the queue's visibility timeout: a message stays hidden that long after its function
    /// died.
    pub stalled: Duration,
    /// Rounds of resending before missing objects count as lost.
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

/// The result of a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The job.
    pub job: JobId,
    /// Its state.
    pub state: JobState,
    /// Seconds to wait before the next call; it may be 0.
    pub wait: u64,
    /// The URL of the report, which exists once the job has ended.
    pub report: String,
    /// The sums so far.
    pub totals: Totals,
    /// Generations of a merge that lack objects, which failed or were lost.
    pub incomplete: u64,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Some receipts are missing, and not given up.
    Running,
    /// Every planned object is done.
    Succeeded,
    /// The job has ended, and some objects failed or were lost.
    Incomplete,
    /// The job has ended, and more events than it accepts are no rows.
    Rejected,
}

impl Checker {
    /// Advances a planned job, and returns its state.
    ///
    /// # Errors
    ///
    /// [`Error::NotPlanned`](crate::error::Error::NotPlanned) if the plan is not complete, and
    /// [`Error::Ledger`](crate::error::Error::Ledger) if a receipt contradicts the plan.
    pub async fn check(&self, job: &JobId, now: Timestamp, deadline: Deadline) -> Result<Checked> {
        let checked = self.check_on(job, now, deadline);
        (deadline.limit("the job was being checked", &*self.output, checked)).await
    }

    async fn check_on(&self, job: &JobId, now: Timestamp, deadline: Deadline) -> Result<Checked> {
        let clock = Clock::set(now);
        let ledger = Ledger::new(Arc::clone(&self.output), job.clone());
        // Not `try_join`: if a report exists, the other documents do not matter.
        let (report, definition, progress) = join3(
            ledger.report(),
            ledger.require_definition(),
            Progress::load(&ledger),
        )
        .await;
        if let Some(report) = report? {
            return Ok(ended(&ledger, report));
        }
        let (definition, mut progress) = (definition?, progress?);
        let ledger = ledger.defined(&definition);
        let queue = self.queues.of(&definition);

        let before = progress.watermark;
        let mut stop = walk(&ledger, &definition, &mut progress, clock, deadline).await?;
        if stop == Stop::Unfolded && !progress.folding {
            progress.begin_fold();
        }
        let is_waiting = matches!(stop, Stop::Unsettled | Stop::Unfolded);
        if is_waiting && progress.resending.is_none() {
            let moved = progress.watermark != before;
            self.record_activity(&ledger, queue, &mut progress, moved, now)
                .await?;
            if self.is_patience_over(&progress, now) {
                if progress.rounds < self.patience.rounds + progress.halvings {
                    progress.rounds += 1;
                    progress.resending = Some(progress.watermark.slice);
                } else {
                    progress.giving_up = true;
                    stop = walk(&ledger, &definition, &mut progress, clock, deadline).await?;
                }
            }
        }
        if stop == Stop::Ended {
            let report = Report::new(definition, progress.tally, now);
            return write_report(&ledger, report).await;
        }
        if progress.resending.is_some() {
            self.resend(&ledger, queue, &mut progress, now, deadline)
                .await?;
        }
        ledger.put(PROGRESS, &progress).await?;
        let continues_at_once = stop == Stop::OutOfTime || progress.resending.is_some();
        let wait = match continues_at_once {
            true => Duration::ZERO,
            false => self.wait_before_next_call(definition.started, now),
        };
        Ok(Checked {
            job: job.clone(),
            state: JobState::Running,
            wait: wait.as_secs(),
            report: ledger.report_url(),
            totals: progress.tally.totals,
            incomplete: incomplete(progress.tally.merged.as_ref()),
        })
    }

    /// Records whether receipts have appeared since the last call, and whether the queue is empty.
    async fn record_activity(
        &self,
        ledger: &Ledger,
        queue: &dyn Queue,
        progress: &mut Progress,
        moved: bool,
        now: Timestamp,
    ) -> Result<()> {
        let slice = progress.watermark.slice;
        let (receipts, counters) =
            join(ledger.count_receipts_from(slice, COUNTED), queue.counters()).await;
        let receipts = receipts?;
        if moved || receipts != progress.receipts || progress.moved.is_none() {
            progress.receipts = receipts;
            progress.moved = Some(now);
            progress.quiet = None;
        }
        if counters?.all_zero() {
            progress.quiet.get_or_insert(now);
        } else {
            progress.quiet = None;
        }
        Ok(())
    }

    /// Whether it is time to resend missing tasks, or to give them up.
    fn is_patience_over(&self, progress: &Progress, now: Timestamp) -> bool {
        let has_lasted = |since: Option<Timestamp>, patience: Duration| {
            since.is_some_and(|since| age(since, now) >= patience)
        };
        has_lasted(progress.quiet, self.patience.quiet)
            || has_lasted(progress.moved, self.patience.stalled)
    }

    /// Resends every object without a receipt, in as many slices as the time allows. Each object
    /// gets a message of its own, because an object that kills its function must not take others
    /// with it.
    async fn resend(
        &self,
        ledger: &Ledger,
        queue: &dyn Queue,
        progress: &mut Progress,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<()> {
        while let Some(number) = progress.resending {
            let (slice, names) = try_join!(
                ledger.require_slice(number),
                ledger.receipt_names_of(number)
            )?;
            let missing = match slice.fold() {
                // The parts are not decided.
                Some(_) if !progress.folding => Vec::new(),
                _ => missing_tasks(&slice, &names, progress.rounds),
            };
            let missing = missing
                .into_iter()
                .map(|task| TaskMessage::new(ledger.job(), task));
            progress.halvings = progress.halvings.max(slice.halvings());
            send(queue, ledger.job(), missing, deadline).await?;
            progress.resending = slice.more.then_some(number + 1);
            if !deadline.has(RESEND_TIME) {
                break;
            }
        }
        // Resent tasks get as much patience as the first ones.
        progress.moved = Some(now);
        progress.quiet = None;
        Ok(())
    }

    /// The wait before the next call: a tenth of the job's age, within [`Patience::waits`]. A short
    /// job ends soon, and a long one makes few requests.
    fn wait_before_next_call(&self, started: Timestamp, now: Timestamp) -> Duration {
        let (shortest, longest) = self.patience.waits;
        (age(started, now) / 10).clamp(shortest, longest)
    }
}

/// Advances the watermark of a plan that must be complete.
///
/// A generation at the watermark is published as soon as its tasks are settled, and so is a digest. One that has
/// failed ends its job.
async fn walk(
    ledger: &Ledger,
    job: &Job,
    progress: &mut Progress,
    clock: Clock,
    deadline: Deadline,
) -> Result<Stop> {
    loop {
        match advance(ledger, progress, deadline).await? {
            Stop::Unplanned => {
                return Err(ledger.not_planned(&slice_name(progress.watermark.slice)));
            }
            Stop::Unsettled if job.digest.is_some() => {
                match digest::from_watermark(ledger, job, progress, clock).await? {
                    Step::Ended => {}
                    Step::None => return Ok(Stop::Unsettled),
                    Step::Unfolded => return Ok(Stop::Unfolded),
                    Step::Failed(proof) => {
                        progress.tally.digest.get_or_insert_default().result = Some(proof.result());
                        return Ok(Stop::Ended);
                    }
                }
            }
            Stop::Unsettled
                if publish::from_watermark(ledger, progress, clock, deadline).await? => {}
            stop => return Ok(stop),
        }
    }
}

async fn write_report(ledger: &Ledger, report: Report) -> Result<Checked> {
    // Of two concurrent calls, the first one's report counts.
    let stored = match ledger.put_if_absent(REPORT, &report).await? {
        Put::Created => None,
        Put::Exists => ledger.report().await?,
    };
    Ok(ended(ledger, stored.unwrap_or(report)))
}

fn ended(ledger: &Ledger, report: Report) -> Checked {
    Checked {
        job: report.job,
        state: match report.state {
            JobOutcome::Succeeded => JobState::Succeeded,
            JobOutcome::Incomplete => JobState::Incomplete,
            JobOutcome::Rejected => JobState::Rejected,
        },
        wait: 0,
        report: ledger.report_url(),
        totals: report.totals,
        incomplete: incomplete(report.merged.as_ref()),
    }
}

fn incomplete(merged: Option<&Merged>) -> u64 {
    merged.map_or(0, |merged| merged.incomplete)
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}
