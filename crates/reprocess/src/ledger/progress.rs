//! The watermark, and the sums of everything before it.
//!
//! [`advance`] moves the watermark over the plan, with the statuses that [`statuses`](super::statuses) returns:
//!
//! ```text
//!   slice 0            slice 1                      slice 2
//!   [t0 t1 t2 t3]      [t0 t1 t2 t3]                [t0 …]
//!    ✓  ✓  ✓  ✓         ✓  ✓  ▲  ✓
//!   └──── in the tally ──────┘│  └── has a receipt, not in the tally yet
//!                        watermark: the first unsettled task
//! ```
//!
//! `check` stores [`Progress`] in the ledger between calls; `watch` keeps it in memory.
//!
//! # Invariants
//!
//! - The tally holds everything before the watermark, and nothing else. `counted` says whether the
//!   watermark's slice has contributed its own numbers (listed, excluded, present).
//! - The watermark never moves back, and never passes an unsettled task unless `giving_up`.
//! - `advance` only reads the ledger, so a repeated call gives the same result.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream, try_join};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{Decided, Proof};
use super::generation::Decision;
use super::manifest::{Slice, SliceOfDigest};
use super::statuses::{ObjectStatus, object_statuses};
use super::tally::Tally;
use super::{Ledger, PROGRESS, Version};
use crate::deadline::Deadline;
use crate::error::Result;

/// The longest time for [`SLICES`] slices with their receipts. With less time left, the next call
/// continues.
const BATCH_TIME: Duration = Duration::from_secs(15);

/// The most slices that are read at once, with their receipts: some megabytes.
const SLICES: u32 = 8;

/// The progress of `check`, `progress.json` in the ledger.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    #[serde(default)]
    v: Version,
    /// The first unsettled task.
    pub(crate) watermark: Watermark,
    pub(crate) tally: Tally,
    /// The last count of receipts from the watermark's slice on.
    pub(crate) receipts: usize,
    /// When the watermark or that count last changed.
    pub(crate) moved: Option<Timestamp>,
    /// Since when the queue's counters have been zero.
    pub(crate) quiet: Option<Timestamp>,
    /// Rounds of resending that have begun.
    pub(crate) rounds: u32,
    /// How many of them at least it takes until every missing object is sent alone.
    #[serde(default)]
    pub(crate) halvings: u32,
    /// The next slice of the current round, if one is under way.
    pub(crate) resending: Option<u32>,
    /// Whether objects without a receipt count as lost.
    pub(crate) giving_up: bool,
    /// Whether the task that folds the parts of a digest was sent.
    #[serde(default)]
    pub(crate) folding: bool,
}

impl Progress {
    pub(crate) async fn load(ledger: &Ledger) -> Result<Self> {
        Ok(ledger.get(PROGRESS).await?.unwrap_or_default())
    }

    /// Begins to fold the parts of a digest, all of which are decided. The rounds are those of this task now:
    /// what became of the objects is in writing.
    pub(crate) fn begin_fold(&mut self) {
        self.folding = true;
        self.giving_up = false;
        self.rounds = 0;
        self.halvings = 0;
        self.resending = Some(self.watermark.slice);
    }
}

/// A task in the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watermark {
    pub(crate) slice: u32,
    pub(crate) task: usize,
    /// Whether the slice's own numbers are in the tally.
    pub(crate) counted: bool,
}

/// Why [`advance`] stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The watermark is at the end of the plan.
    Ended,
    /// The next slice does not exist yet.
    Unplanned,
    /// The task at the watermark is not settled.
    Unsettled,
    /// The parts of a digest are decided, and not folded.
    Unfolded,
    /// Little time is left.
    OutOfTime,
}

/// Moves the watermark up to the first unsettled task, and adds up the receipts that it passes. When the
/// job is given up, every task counts as settled: its objects without a receipt are lost.
///
/// It reads several slices at once, but begins with one: most calls stop in the first slice.
pub(crate) async fn advance(
    ledger: &Ledger,
    progress: &mut Progress,
    deadline: Deadline,
) -> Result<Stop> {
    let mut slices_at_once = 1;
    loop {
        let Watermark {
            slice: first, task, ..
        } = progress.watermark;
        let giving_up = progress.giving_up;
        let slices: Vec<Option<SliceStatuses>> =
            stream::iter(first..first.saturating_add(slices_at_once))
                .map(|number| {
                    let from = if number == first { task } else { 0 };
                    read_statuses(ledger, number, from, giving_up)
                })
                .buffered(slices_at_once as usize)
                .try_collect()
                .await?;
        for slice in slices {
            let Some(slice) = slice else {
                return Ok(Stop::Unplanned);
            };
            if let Some(stopped) = progress.add_slice(slice) {
                return Ok(stopped);
            }
        }
        if !deadline.has(BATCH_TIME) {
            return Ok(Stop::OutOfTime);
        }
        slices_at_once = (2 * slices_at_once).min(SLICES);
    }
}

/// A slice, and the statuses of its tasks from the watermark up to the first unsettled one.
struct SliceStatuses {
    slice: Slice,
    statuses: Vec<Vec<ObjectStatus>>,
    end: Option<End>,
}

/// How a slice whose tasks make files has ended.
enum End {
    /// What a generation consists of, once it is published.
    Published(Decision),
    /// The parts of a digest that count.
    Decided(Decided),
    /// The digest.
    Proven(Box<Proof>),
}

/// Reads a slice, if it exists, with its statuses.
async fn read_statuses(
    ledger: &Ledger,
    number: u32,
    from: usize,
    giving_up: bool,
) -> Result<Option<SliceStatuses>> {
    let (slice, names) = try_join!(ledger.slice(number), ledger.receipt_names_of(number))?;
    let Some(slice) = slice else {
        return Ok(None);
    };
    if slice.makes_files() {
        return Ok(Some(SliceStatuses {
            end: end_of(ledger, &slice).await?,
            statuses: Vec::new(),
            slice,
        }));
    }
    let statuses = object_statuses(ledger, &slice, &names, from, giving_up)
        .try_take_while(|statuses| std::future::ready(Ok(statuses.is_some())))
        .try_filter_map(async |statuses| Ok(statuses))
        .try_collect()
        .await?;
    Ok(Some(SliceStatuses {
        slice,
        statuses,
        end: None,
    }))
}

/// How a slice whose tasks make files has ended, if it has.
async fn end_of(ledger: &Ledger, slice: &Slice) -> Result<Option<End>> {
    if let Some(id) = slice.generation() {
        let published = ledger.generations().published(id).await?;
        return Ok(published.map(End::Published));
    }
    if slice.fold().is_none() {
        return Ok(ledger.decided(slice.slice).await?.map(End::Decided));
    }
    let job = ledger.require_definition().await?;
    let version = job.digest_version()?;
    let proof = match version {
        Some(version) => ledger.digests().proof_of(version).await?,
        None => None,
    };
    Ok(proof.map(|proof| End::Proven(Box::new(proof))))
}

impl Progress {
    /// Adds up the watermark's slice, and moves the watermark behind its last settled task. Returns
    /// `None` if the next slice follows.
    fn add_slice(&mut self, read: SliceStatuses) -> Option<Stop> {
        let SliceStatuses {
            slice,
            statuses,
            end,
        } = read;
        if !self.watermark.counted {
            self.watermark.counted = true;
            let objects = &mut self.tally.totals.objects;
            objects.listed += slice.listed;
            objects.excluded += slice.excluded;
            objects.present += slice.present;
            for (prefix, count) in &slice.error_records {
                *self.tally.error_records.entry(prefix.clone()).or_insert(0) += count;
            }
            self.tally.add_other_kinds(&slice.other_kinds);
            if let Some(slice) = &slice.merge {
                let merged = self.tally.merged.get_or_insert_default();
                merged.unplaced += slice.unplaced;
                merged.open += slice.open;
                merged.missing += slice.missing;
                merged.replaced.extend(slice.replaced.iter().cloned());
            }
            if let Some(SliceOfDigest::Parts { unplaced }) = slice.digest {
                self.tally.digest.get_or_insert_default().unplaced += unplaced;
            }
        }
        // Such a slice ends as a whole, even if it has no tasks.
        if slice.makes_files() && end.is_none() {
            return Some(Stop::Unsettled);
        }
        if let Some(end) = end {
            match end {
                End::Published(decision) => self.tally.add_generation(decision),
                End::Decided(decided) => self.tally.add_decided(decided),
                End::Proven(proof) => {
                    let files = proof.files.iter().map(|file| file.bytes);
                    self.tally.totals.bytes.written += files.sum::<u64>();
                    self.tally.digest.get_or_insert_default().result = Some(proof.result());
                }
            }
            self.watermark.task = slice.tasks.len();
        }
        self.watermark.task += statuses.len();
        for status in statuses.into_iter().flatten() {
            match status {
                ObjectStatus::Recorded(object) => self.tally.add(object),
                ObjectStatus::Lost(key) => self.tally.add_lost(key),
            }
        }
        if self.watermark.task < slice.tasks.len() {
            return Some(Stop::Unsettled);
        }
        if !slice.more {
            return Some(Stop::Ended);
        }
        self.watermark = Watermark {
            slice: slice.slice + 1,
            ..Watermark::default()
        };
        None
    }
}
