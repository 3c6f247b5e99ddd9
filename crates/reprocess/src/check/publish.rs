//! Publishing generations whose tasks are settled.
//!
//! ```text
//! receipts of every task, or of its parts ─► decision ─► files in place ─► marker
//! ```
//!
//! # Invariants
//!
//! - The decision is written once, if absent, from receipts that account for every object. What is published
//!   follows from the stored decision alone, so a message that comes late changes nothing, and two checks
//!   publish the same.
//! - A file is in the decision if the whole task has a receipt. Otherwise its halves are looked at, and so
//!   on. So no object is in two files.
//! - A receipt whose file has other sums than its objects is refused, and nothing is published.
//! - The marker is written after the last file is in place.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream, try_join};

use super::settled::{Settled, settle};
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::ledger::generation::{Decision, GenerationId, MergedFile};
use crate::ledger::manifest::Slice;
use crate::ledger::progress::Progress;
use crate::ledger::receipt::{Outcome, Receipt};
use crate::ledger::tally::Tally;
use crate::ledger::{Ledger, Version};
use crate::task::TaskId;

/// The longest time to publish a few generations.
const PUBLISHING_TIME: Duration = Duration::from_secs(15);

/// Generations that are published at once, after the first one.
const AT_ONCE: u32 = 16;

/// Publishes the generation at the watermark and some after it, if their tasks are settled. Returns whether
/// the first one is published.
pub(super) async fn from_watermark(
    ledger: &Ledger,
    progress: &Progress,
    clock: Clock,
    deadline: Deadline,
) -> Result<bool> {
    let (first, giving_up) = (progress.watermark.slice, progress.giving_up);
    if !publish(ledger, first, giving_up, clock).await? {
        return Ok(false);
    }
    if deadline.has(PUBLISHING_TIME) {
        stream::iter(first + 1..=first.saturating_add(AT_ONCE))
            .map(|number| publish(ledger, number, giving_up, clock))
            .buffer_unordered(AT_ONCE as usize)
            .try_for_each(async |_| Ok(()))
            .await?;
    }
    Ok(true)
}

/// Publishes the generation of a slice, if it has one and its tasks are settled. Returns whether it did.
async fn publish(ledger: &Ledger, number: u32, giving_up: bool, clock: Clock) -> Result<bool> {
    let (slice, names) = try_join!(ledger.slice(number), ledger.receipt_names_of(number))?;
    let Some(slice) = slice else {
        return Ok(false);
    };
    let Some(id) = slice.generation() else {
        return Ok(false);
    };
    let generations = ledger.generations();
    let decision = match generations.decision(id).await? {
        Some(decision) => decision,
        None => match settle(&slice, &names, giving_up) {
            Some(settled) => {
                let decision = decide(settled, ledger, &slice, id).await?;
                generations.decide(decision).await?
            }
            None => return Ok(false),
        },
    };
    generations.publish(&decision, clock).await?;
    Ok(true)
}

/// What the generation consists of.
async fn decide(
    settled: Settled,
    ledger: &Ledger,
    slice: &Slice,
    id: GenerationId,
) -> Result<Decision> {
    let mut decision = Decision {
        v: Version,
        id,
        job: ledger.job().clone(),
        files: Vec::new(),
        read: Default::default(),
        written: Default::default(),
        missing: settled.lost.clone(),
        tally: Tally::default(),
    };
    let mut receipts = settled.read(ledger, slice);
    while let Some((task, receipt)) = receipts.try_next().await? {
        decision.add(task, receipt);
    }
    for key in &settled.lost {
        decision.tally.add_lost(key.clone());
    }
    Ok(decision)
}

impl Decision {
    fn add(&mut self, task: TaskId, receipt: Receipt) {
        let (read, written) = receipt.sums();
        self.read.add(&read);
        self.written.add(&written);
        for object in receipt.objects {
            if let Outcome::Failed(_) = object.outcome {
                self.missing.push(object.key.clone());
            }
            self.tally.add(object);
        }
        for artifact in receipt.artifacts {
            let Some(sums) = artifact.sums else {
                continue;
            };
            self.tally.totals.bytes.written += artifact.bytes;
            self.files.push(MergedFile {
                key: self.id.file_key(task, &artifact.key),
                from: artifact.key,
                bytes: artifact.bytes,
                rows: artifact.rows,
                sums,
            });
        }
    }
}
