//! The status of planned objects: the manifest joined with its receipts.
//!
//! `check`, `watch`, `retry` and the list of failures all use it:
//!
//! ```text
//!  manifest slice   task 0: [a, b]     task 1: [c]     task 2: [d, e]
//!  receipts         00000000-0000      (none)          00000000-0002.00
//!                        │                │                │
//!  running          [Recorded a, b]     None             None  (e has no receipt yet)
//!  given up         [Recorded a, b]   [Lost c]         [Recorded d, Lost e]
//! ```
//!
//! - A task is *settled* if its own receipt exists, or one for each of its objects, which resent objects
//!   get.
//! - While the job runs, an unsettled task is `None`.
//! - When the job is given up, an object without a receipt is [`ObjectStatus::Lost`].
//!
//! # Invariants
//!
//! - The statuses of a task are in the plan's order, one for each object.
//! - A receipt counts only if it lists exactly its task's objects, and its numbers add up.
//!
//! # What must change together
//!
//! This module, [`progress`](super::progress) (which adds the statuses up), and `receipt_name`.

use std::collections::BTreeSet;

use futures::{Stream, StreamExt};

use super::manifest::Slice;
use super::receipt::{Failure, ObjectReceipt, Outcome, Receipt};
use super::tally::FailedObject;
use super::{Ledger, receipt_name};
use crate::error::Result;
use crate::task::{PlannedObject, TaskId, halves};

/// Concurrent reads of receipts.
const READS: usize = 32;

/// The status of a planned object.
pub(crate) enum ObjectStatus {
    /// It has a receipt: it is done or failed.
    Recorded(ObjectReceipt),
    /// It has no receipt, and the job is given up. Holds the key.
    Lost(String),
}

impl ObjectStatus {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Recorded(object) if matches!(object.outcome, Outcome::Done(_)))
    }

    /// The object and its failure, unless it is done.
    pub(crate) fn into_failed(self) -> Option<FailedObject> {
        let (key, failure) = match self {
            Self::Recorded(ObjectReceipt { key, outcome, .. }) => match outcome {
                Outcome::Done(_) => return None,
                Outcome::Failed(failure) => (key, failure),
            },
            Self::Lost(key) => (key, Failure::lost()),
        };
        Some(FailedObject { key, failure })
    }
}

/// The statuses of a slice's tasks, starting at the task `from`, in the plan's order.
///
/// `names` are the names of the existing receipts. A task with a missing receipt is `None`, unless
/// `giving_up`: then its missing objects are lost.
pub(crate) fn object_statuses<'a>(
    ledger: &'a Ledger,
    slice: &'a Slice,
    names: &'a BTreeSet<String>,
    from: usize,
    giving_up: bool,
) -> impl Stream<Item = Result<Option<Vec<ObjectStatus>>>> + 'a {
    futures::stream::iter(slice.tasks().skip(from))
        .map(move |(task, objects)| task_statuses(ledger, names, task, objects, giving_up))
        .buffered(READS)
}

/// The statuses of a task's objects.
async fn task_statuses(
    ledger: &Ledger,
    names: &BTreeSet<String>,
    task: TaskId,
    objects: &[PlannedObject],
    giving_up: bool,
) -> Result<Option<Vec<ObjectStatus>>> {
    if names.contains(&receipt_name(task)) {
        let receipt = read_receipt(ledger, task, objects).await?;
        let recorded = receipt.objects.into_iter().map(ObjectStatus::Recorded);
        return Ok(Some(recorded.collect()));
    }
    let has_receipt = |i| names.contains(&receipt_name(task.of_object(i)));
    if !giving_up && !(0..objects.len()).all(has_receipt) {
        return Ok(None);
    }
    let mut statuses = Vec::with_capacity(objects.len());
    for (i, object) in objects.iter().enumerate() {
        if has_receipt(i) {
            let object = std::slice::from_ref(object);
            let receipt = read_receipt(ledger, task.of_object(i), object).await?;
            statuses.extend(receipt.objects.into_iter().map(ObjectStatus::Recorded));
        } else {
            statuses.push(ObjectStatus::Lost(object.key.clone()));
        }
    }
    Ok(Some(statuses))
}

/// Reads a receipt that must exist and fit the plan.
pub(crate) async fn read_receipt(
    ledger: &Ledger,
    task: TaskId,
    planned: &[PlannedObject],
) -> Result<Receipt> {
    let name = receipt_name(task);
    let receipt: Option<Receipt> = ledger.get(&name).await?;
    let receipt = receipt.ok_or_else(|| ledger.damaged(&name, "it existed and is gone"))?;
    if let Some(reason) = receipt.contradiction(planned) {
        return Err(ledger.damaged(&name, reason));
    }
    match receipt.difference() {
        Some(difference) => Err(ledger.sums_differ(&name, difference)),
        None => Ok(receipt),
    }
}

/// What is sent of a slice in a round of resending: the objects without a receipt.
///
/// Each is a task of its own, because one that kills its function must not take others with it. The tasks of
/// a generation or a digest are halved in each round instead, down to single objects, because each makes a file.
pub(crate) fn missing_tasks(slice: &Slice, names: &BTreeSet<String>, round: u32) -> Vec<TaskId> {
    if let Some(fold) = slice.fold() {
        let is_missing = !names.contains(&receipt_name(fold));
        return is_missing.then_some(fold).into_iter().collect();
    }
    match slice.makes_files() {
        false => missing_objects(slice, names).collect(),
        true => missing_parts(slice, names, round),
    }
}

fn missing_objects<'a>(
    slice: &'a Slice,
    names: &'a BTreeSet<String>,
) -> impl Iterator<Item = TaskId> + 'a {
    slice
        .tasks()
        .filter(|(task, _)| !names.contains(&receipt_name(*task)))
        .flat_map(|(task, objects)| (0..objects.len()).map(move |object| task.of_object(object)))
        .filter(|task| !names.contains(&receipt_name(*task)))
}

fn missing_parts(slice: &Slice, names: &BTreeSet<String>, round: u32) -> Vec<TaskId> {
    let mut missing = Vec::new();
    for (task, objects) in slice.tasks() {
        if names.contains(&receipt_name(task)) {
            continue;
        }
        let mut parts = vec![(0..objects.len(), round)];
        while let Some((part, halvings)) = parts.pop() {
            let id = task.of_part(part.clone());
            if names.contains(&receipt_name(id)) {
                continue;
            }
            match halves(&part).filter(|_| halvings > 0) {
                Some(halves) => parts.extend(halves.map(|half| (half, halvings - 1))),
                None => missing.push(id),
            }
        }
    }
    missing
}
