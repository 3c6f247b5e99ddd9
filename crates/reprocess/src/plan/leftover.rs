//! The failed and lost objects of a job.

use std::collections::BTreeMap;

use futures::{TryStreamExt, try_join};

use crate::error::{Error, Result};
use crate::job::Job;
use crate::ledger::manifest::Slice;
use crate::ledger::statuses::object_statuses;
use crate::ledger::{Ledger, Version};
use crate::task::{self, PlannedObject};

/// The definition of a job with something to retry.
///
/// # Errors
///
/// [`Error::NotOver`] if the job has no report, and [`Error::NothingToRetry`] if every object is done.
pub async fn retryable(ledger: &Ledger) -> Result<Job> {
    let definition = ledger.require_definition().await?;
    let job = || ledger.job().to_string();
    if definition.merge.is_some() {
        return Err(Error::Value {
            name: "retry",
            reason: format!(
                "{} is a merge, which takes up an object that failed once it has changed; merge again",
                ledger.job()
            ),
        });
    }
    if definition.digest.is_some() {
        return Err(Error::Value {
            name: "retry",
            reason: format!(
                "{} makes a digest; replace the objects that failed, then ask for the digest with refresh",
                ledger.job()
            ),
        });
    }
    let report = ledger.report().await?;
    let objects = report
        .ok_or_else(|| Error::NotOver { job: job() })?
        .totals
        .objects;
    if objects.failed + objects.lost == 0 {
        return Err(Error::NothingToRetry { job: job() });
    }
    Ok(definition)
}

/// The objects of a slice that are not done, as a slice of the new job.
pub(super) async fn slice(left: &Ledger, number: u32) -> Result<Slice> {
    let (slice, names) = try_join!(left.require_slice(number), left.receipt_names_of(number))?;
    // The job has ended: every task has its statuses.
    let giving_up = true;
    let statuses = object_statuses(left, &slice, &names, 0, giving_up)
        .try_filter_map(async |statuses| Ok(statuses))
        .try_collect::<Vec<_>>()
        .await?;
    let objects: Vec<PlannedObject> = (slice.tasks.iter().flatten())
        .zip(statuses.iter().flatten())
        .filter(|(_, status)| !status.is_done())
        .map(|(object, _)| object.clone())
        .collect();
    Ok(Slice {
        v: Version,
        slice: number,
        listed: objects.len() as u64,
        excluded: 0,
        error_records: BTreeMap::new(),
        other_kinds: BTreeMap::new(),
        present: 0,
        last: objects.last().map(|object| object.key.clone()),
        more: slice.more,
        tasks: task::divide(objects),
        merge: None,
        digest: None,
    })
}
