//! Slices whose tasks make files, and are settled.

use std::collections::BTreeSet;

use futures::{Stream, StreamExt, stream};

use crate::error::Result;
use crate::ledger::manifest::Slice;
use crate::ledger::receipt::Receipt;
use crate::ledger::statuses::read_receipt;
use crate::ledger::{Ledger, receipt_name};
use crate::task::{TaskId, halves};

/// Concurrent reads of receipts.
const READS: usize = 16;

/// The receipts that account for the objects of a slice.
pub(super) struct Settled {
    receipts: Vec<TaskId>,
    /// The keys of objects without a receipt.
    pub(super) lost: Vec<String>,
}

impl Settled {
    /// Reads the receipts, each with its task.
    ///
    /// # Errors
    ///
    /// [`Error::SumsDiffer`] for one whose file has other sums than its objects.
    pub(super) fn read<'a>(
        &'a self,
        ledger: &'a Ledger,
        slice: &'a Slice,
    ) -> impl Stream<Item = Result<(TaskId, Receipt)>> + 'a {
        stream::iter(&self.receipts)
            .map(async |task| {
                let planned = slice.objects(*task).unwrap_or_default();
                Ok((*task, read_receipt(ledger, *task, planned).await?))
            })
            .buffered(READS)
    }
}

/// Finds the receipts of a slice's tasks: of the whole task if there is one, and else of its parts.
/// `None` if an object has none and is not given up.
pub(super) fn settle(slice: &Slice, names: &BTreeSet<String>, giving_up: bool) -> Option<Settled> {
    let mut settled = Settled {
        receipts: Vec::new(),
        lost: Vec::new(),
    };
    for (task, objects) in slice.tasks() {
        if names.contains(&receipt_name(task)) {
            settled.receipts.push(task);
            continue;
        }
        let whole = 0..objects.len();
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            let id = task.of_part(part.clone());
            if names.contains(&receipt_name(id)) {
                settled.receipts.push(id);
                continue;
            }
            match halves(&part) {
                Some([first, second]) => parts.extend([second, first]),
                None if giving_up => {
                    let objects = objects.get(part).unwrap_or_default();
                    settled
                        .lost
                        .extend(objects.iter().map(|object| object.key.clone()));
                }
                None => return None,
            }
        }
    }
    Some(settled)
}
