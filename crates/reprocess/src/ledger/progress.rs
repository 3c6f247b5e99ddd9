//! The watermark, and the sums of everything before it.
//!
//! [`advance`] moves the watermark over the plan, with the statuses that [`fold`] returns:
//!
//! ```text
//!   slice 0            slice 1                      slice 2
//!   [t0 t1 t2 t3]      [t0 t1 t2 t3]                [t0 …]
//!    ✓  ✓  ✓  ✓         ✓  ✓  ▲  ✓
//!   └──── in the tally ──────┘│  └── has a receipt, not in the tally yet
//!                        watermark: the first task without all its receipts
//! ```
//!
//! `check` stores [`Progress`] in the ledger between calls; `watch` keeps it in memory.
//!
//! # Invariants
//!
//! - The tally holds everything before the watermark, and nothing else. `counted` says whether the
//!   watermark's slice has contributed its own numbers (listed, excluded, present).
//! - The watermark never moves back, and never passes a missing receipt unless `giving_up`.
//! - `advance` only reads the ledger, so a repeated call gives the same result.

use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{self, ObjectStatus};
use super::report::Tally;
use super::{Ledger, Version};
use crate::deadline::Deadline;
use crate::error::Result;

/// The longest time for a slice: its listing and a thousand receipts. With less time left, the next
/// call continues.
const SLICE_TIME: Duration = Duration::from_secs(15);

/// The progress of `check`, `progress.json` in the ledger.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    #[serde(default)]
    v: Version,
    /// The first task without all its receipts.
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
    /// The next slice of the current round, if one is under way.
    pub(crate) resending: Option<u32>,
    /// Whether objects without a receipt count as lost.
    pub(crate) giving_up: bool,
}

impl Progress {
    pub(crate) async fn load(ledger: &Ledger) -> Result<Self> {
        Ok(ledger.get("progress.json").await?.unwrap_or_default())
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
pub(crate) enum Walk {
    /// The watermark is at the end of the plan.
    Ended,
    /// The next slice does not exist yet.
    Unplanned,
    /// The task at the watermark has no receipt.
    Gap,
    /// Little time is left.
    OutOfTime,
}

/// Moves the watermark up to the first task without all its receipts, and adds up the receipts that
/// it passes. When the job is given up, it also passes missing objects, as lost.
pub(crate) async fn advance(
    ledger: &Ledger,
    progress: &mut Progress,
    deadline: Deadline,
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
        let passed: Vec<Vec<ObjectStatus>> = {
            let Watermark { task, .. } = progress.watermark;
            fold::object_statuses(ledger, &slice, &names, task, progress.giving_up)
                .try_take_while(|statuses| std::future::ready(Ok(statuses.is_some())))
                .try_filter_map(async |statuses| Ok(statuses))
                .try_collect()
                .await?
        };
        progress.watermark.task += passed.len();
        for state in passed.into_iter().flatten() {
            match state {
                ObjectStatus::Recorded(object) => progress.tally.add(object),
                ObjectStatus::Lost(key) => progress.tally.add_lost(key),
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

pub(crate) fn is_short(deadline: Deadline) -> bool {
    !deadline.has(SLICE_TIME)
}
