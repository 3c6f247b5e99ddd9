//! The progress of a running job, for the command line. It only reads.
//!
//! [`Watch::look`] combines two counts:
//!
//! - Before the watermark, it adds up receipts with the algorithm of `check` (`ledger/progress.rs`).
//!   The sums of rows come from here.
//! - Beyond the watermark, it counts receipts by their names only, without reading them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt};

use crate::deadline::Deadline;
use crate::error::Result;
use crate::ledger::progress::{Progress, advance};
use crate::ledger::report::Report;
use crate::ledger::statuses::{ObjectStatus, object_statuses};
use crate::ledger::tally::{FailedObject, Totals};
use crate::ledger::{Ledger, task_of_receipt};

/// The longest time of adding up receipts in one look. The next look continues.
const LOOK_TIME: Duration = Duration::from_secs(60);

/// Concurrent reads of slices.
const READS: usize = 16;

/// Looks at a job repeatedly.
///
/// It starts from `progress.json` and remembers its own progress, so it reads each slice of the
/// plan once, and at each look again the slices at the watermark. A look at a job of a million objects costs a handful of requests, and one
/// more for every thousand receipts beyond the watermark.
#[derive(Debug)]
pub struct Watch {
    ledger: Ledger,
    progress: Option<Progress>,
    /// The sizes of the tasks, by slice, of all slices read so far.
    plan: BTreeMap<u32, Vec<Size>>,
    all_planned: bool,
}

/// The size of a task.
#[derive(Debug, Clone, Copy)]
struct Size {
    objects: u64,
    bytes: u64,
}

/// A snapshot of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Objects planned so far.
    pub planned: u64,
    /// Whether the plan is complete.
    pub all_planned: bool,
    /// Objects that have a receipt or are given up.
    pub settled: u64,
    /// Listed bytes of settled objects, of the slices that this watch has read.
    pub bytes_settled: u64,
    /// Listed bytes of the objects that are not settled.
    pub bytes_left: u64,
    /// The sums of the objects before the first task without a receipt.
    pub totals: Totals,
    /// The report, once the job has ended.
    pub report: Option<Report>,
}

impl Watch {
    /// A watch over a job, which may not have started yet.
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            progress: None,
            plan: BTreeMap::new(),
            all_planned: false,
        }
    }

    /// Takes a snapshot of the job.
    pub async fn look(&mut self) -> Result<Look> {
        if let Some(report) = self.ledger.report().await? {
            return Ok(Look::ended(report));
        }
        if self.plan.is_empty()
            && let Some(job) = self.ledger.definition().await?
        {
            self.ledger = self.ledger.clone().defined(&job);
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

    /// Reads the slices that were planned since the last look.
    async fn read_plan(&mut self, watermark: u32) -> Result<()> {
        if self.all_planned {
            return Ok(());
        }
        let next = (self.plan.keys().next_back()).map_or(watermark, |last| last + 1);
        let planned = self.ledger.count_slices_from(next).await?;
        let mut slices = futures::stream::iter(next..next + planned)
            .map(|number| self.ledger.require_slice(number))
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

    /// Combines the sums before the watermark with the receipts beyond it.
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
                    Some(Settled::Alone(objects)) if !has_passed => *objects,
                    None if !has_passed => 0,
                    _ => size.objects,
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

    /// The tasks with receipts, from a slice on.
    async fn settled_from(&self, slice: u32) -> Result<BTreeMap<(u32, u32), Settled>> {
        let mut settled = BTreeMap::new();
        for name in self.ledger.receipt_names_from(slice).await? {
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
    /// All of it.
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

/// Every failed or lost object of a job, slice by slice, in the plan's order. The report lists only
/// the first ones; this reads the receipts. For a job that is not over, it returns the failures so
/// far, without lost objects.
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
        let names = ledger.receipt_names_of(number).await?;
        let tasks = object_statuses(ledger, &slice, &names, 0, is_over);
        let statuses: Vec<_> = tasks.try_collect().await?;
        let failures = (statuses.into_iter().flatten().flatten())
            .filter_map(ObjectStatus::into_failed)
            .collect();
        Ok(Some((failures, slice.more.then_some(number + 1))))
    })
}
