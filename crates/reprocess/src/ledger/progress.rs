//! How far the adding up of receipts has come. `check` keeps it in the ledger, `watch` in memory.

use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{self, ObjectStatus};
use super::report::Tally;
use super::{Ledger, Version};
use crate::deadline::Deadline;
use crate::error::Result;

/// The longest time that a slice takes: its listing and a thousand receipts. With less than this
/// left, the next call continues.
const SLICE_TIME: Duration = Duration::from_secs(15);

/// The memory of `check` between calls, in the ledger. Everything before the watermark is in the
/// tally, and nothing else is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    #[serde(default)]
    v: Version,
    /// The first task whose objects are not all accounted for.
    pub(crate) watermark: Watermark,
    pub(crate) tally: Tally,
    /// Receipts from the watermark's slice on, when they were last counted.
    pub(crate) receipts: usize,
    /// When the watermark or that number last changed.
    pub(crate) moved: Option<Timestamp>,
    /// When the counters became zero.
    pub(crate) quiet: Option<Timestamp>,
    /// Rounds of resending that have begun.
    pub(crate) rounds: u32,
    /// The next slice of the current round.
    pub(crate) resending: Option<u32>,
    /// Whether objects without a receipt count as lost.
    pub(crate) giving_up: bool,
}

impl Progress {
    pub(crate) async fn load(ledger: &Ledger) -> Result<Self> {
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

/// How an advance of the watermark ended: at the end of the plan, at a slice that is not planned yet,
/// at a missing receipt, or because time is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    Ended,
    Unplanned,
    Gap,
    OutOfTime,
}

/// Moves the watermark over the receipts up to the first gap, and adds them to the tally. Once the
/// job is given up, the watermark passes gaps too, and their objects are lost. It writes nothing.
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
                .try_take_while(|states| std::future::ready(Ok(states.is_some())))
                .try_filter_map(async |states| Ok(states))
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
