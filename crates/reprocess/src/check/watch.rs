//! Watching a job. It only reads.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt};

use crate::deadline::Deadline;
use crate::error::Result;
use crate::ledger::fold::{self, ObjectStatus};
use crate::ledger::progress::{Progress, advance};
use crate::ledger::report::{FailedObject, Report, Totals};
use crate::ledger::{Ledger, task_of_receipt};

/// The time that one look may take to add up receipts. The next look continues.
const LOOK_TIME: Duration = Duration::from_secs(60);

/// Slices read at once.
const READS: usize = 16;

/// Looks at a job repeatedly. It starts at the progress that `check` has recorded and remembers its
/// own, so each slice and each receipt is read once at most. A look at a job of a million objects
/// costs a handful of requests, and one more for every thousand receipts after the first gap.
#[derive(Debug)]
pub struct Watch {
    ledger: Ledger,
    progress: Option<Progress>,
    /// The tasks of the slices from the watermark on that have been read.
    plan: BTreeMap<u32, Vec<Size>>,
    all_planned: bool,
}

/// The size of a task.
#[derive(Debug, Clone, Copy)]
struct Size {
    objects: u64,
    bytes: u64,
}

/// The state of a job at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Objects planned so far.
    pub planned: u64,
    /// Whether no more will be planned.
    pub all_planned: bool,
    /// Objects that have a receipt, or are given up.
    pub settled: u64,
    /// Bytes of the tasks beyond where the watch began that are settled, when they were listed.
    pub bytes_settled: u64,
    /// Bytes of the tasks that are not.
    pub bytes_left: u64,
    /// The sums of the objects added up so far: those before the first one that is not settled.
    pub totals: Totals,
    /// The report, once the job has ended.
    pub report: Option<Report>,
}

impl Watch {
    /// A watch over a job, which need not exist yet.
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            progress: None,
            plan: BTreeMap::new(),
            all_planned: false,
        }
    }

    /// Looks at the job.
    pub async fn look(&mut self) -> Result<Look> {
        if let Some(report) = self.ledger.report().await? {
            return Ok(Look::ended(report));
        }
        let mut progress = match self.progress.take() {
            Some(progress) => progress,
            None => Progress::load(&self.ledger).await?,
        };
        self.read_plan(progress.watermark.slice).await?;
        advance(&self.ledger, &mut progress, Deadline::after(LOOK_TIME)).await?;
        let look = self.add_up(&progress).await?;
        self.progress = Some(progress);
        Ok(look)
    }

    /// Reads the slices that have been planned since the last look.
    async fn read_plan(&mut self, watermark: u32) -> Result<()> {
        if self.all_planned {
            return Ok(());
        }
        let next = (self.plan.keys().next_back()).map_or(watermark, |last| last + 1);
        let planned = self.ledger.slices_from(next).await?;
        let mut slices = futures::stream::iter(next..next + planned)
            .map(|number| fold::planned(&self.ledger, number))
            .buffered(READS);
        while let Some(slice) = slices.try_next().await? {
            let sizes = slice.tasks.iter().map(|objects| Size {
                objects: objects.len() as u64,
                bytes: objects.iter().map(|object| object.bytes).sum(),
            });
            self.plan.insert(slice.slice, sizes.collect());
            self.all_planned = !slice.more;
        }
        Ok(())
    }

    /// Adds to what the watermark has passed the tasks beyond it that have receipts.
    async fn add_up(&self, progress: &Progress) -> Result<Look> {
        let Progress {
            watermark, tally, ..
        } = progress;
        let settled = self.settled_from(watermark.slice).await?;
        let mut look = Look {
            planned: tally.totals.objects.planned(),
            all_planned: self.all_planned,
            settled: tally.totals.objects.settled(),
            bytes_settled: 0,
            bytes_left: 0,
            totals: tally.totals,
            report: None,
        };
        for (&slice, tasks) in &self.plan {
            let is_in_tally =
                slice < watermark.slice || (slice == watermark.slice && watermark.counted);
            for (task, size) in tasks.iter().enumerate() {
                if !is_in_tally {
                    look.planned += size.objects;
                }
                let has_passed = (slice, task) < (watermark.slice, watermark.task);
                let objects = match settled.get(&(slice, task as u32)) {
                    _ if has_passed => size.objects,
                    Some(Settled::Whole) => size.objects,
                    Some(Settled::Alone(objects)) => *objects,
                    None => 0,
                };
                if !has_passed {
                    look.settled += objects;
                }
                let bytes = size.bytes * objects / size.objects.max(1);
                look.bytes_settled += bytes;
                look.bytes_left += size.bytes - bytes;
            }
        }
        Ok(look)
    }

    /// The tasks of a slice and of those after it that have receipts, of their own or of objects.
    async fn settled_from(&self, slice: u32) -> Result<BTreeMap<(u32, u32), Settled>> {
        let mut settled = BTreeMap::new();
        for name in self.ledger.receipts_from(slice).await? {
            let Some(id) = task_of_receipt(&name) else {
                continue;
            };
            let of_task = (settled.entry((id.slice, id.task))).or_insert(Settled::Alone(0));
            match (id.object, of_task) {
                (None, of_task) => *of_task = Settled::Whole,
                (Some(_), Settled::Alone(objects)) => *objects += 1,
                (Some(_), Settled::Whole) => {}
            }
        }
        Ok(settled)
    }
}

/// The settled part of a task.
enum Settled {
    Whole,
    /// This many of its objects, each with a receipt of its own.
    Alone(u64),
}

impl Look {
    fn ended(report: Report) -> Self {
        let objects = report.totals.objects;
        Self {
            planned: objects.planned(),
            all_planned: true,
            settled: objects.settled(),
            bytes_settled: report.totals.bytes.read,
            bytes_left: 0,
            totals: report.totals,
            report: Some(report),
        }
    }
}

/// Returns every object of a job that failed or was lost, a slice at a time, in the plan's order. The
/// report lists only the first of them; this reads the receipts. For a job that has not ended, it
/// returns those that are known so far.
pub fn failures(
    ledger: &Ledger,
    is_over: bool,
) -> impl Stream<Item = Result<Vec<FailedObject>>> + '_ {
    futures::stream::try_unfold(Some(0), move |number| async move {
        let Some(number) = number else {
            return Ok(None);
        };
        let Some(slice) = ledger.slice(number).await? else {
            return Ok(None);
        };
        let names = ledger.receipts_of(number).await?;
        let tasks = fold::object_statuses(ledger, &slice, &names, 0, is_over);
        let states: Vec<_> = tasks.try_collect().await?;
        let failures = (states.into_iter().flatten().flatten())
            .filter_map(ObjectStatus::into_failed)
            .collect();
        Ok(Some((failures, slice.more.then_some(number + 1))))
    })
}
