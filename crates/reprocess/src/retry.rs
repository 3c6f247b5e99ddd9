//! A job over what another one left: its objects that failed or were lost.
//!
//! It is planned like any other, manifest first. Only its slices come from the other job's ledger
//! instead of a listing: each has the objects of the slice with its number that are not done, so a
//! call that is repeated plans the same, and no more is held than a slice. What failed is known once
//! the other job's report stands, and not before.

use std::sync::Arc;

use futures::TryStreamExt;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::deadline::until;
use crate::error::{Error, Result};
use crate::fate;
use crate::job::{Job, JobId, Mode};
use crate::ledger::Ledger;
use crate::manifest::Slice;
use crate::start::{Cursor, PLANNING, Planner, Started};
use crate::store::Listed;
use crate::task;

/// A call of [`Planner::retry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryRequest {
    /// The new job.
    pub job: JobId,
    /// The job whose failed and lost objects are planned.
    pub retry: JobId,
    /// What the last call returned.
    pub cursor: Option<Cursor>,
}

impl Planner {
    /// Plans as much of a job over what another one left as fits in the time, at least one slice.
    /// Source and options are the other job's.
    pub async fn retry(
        &self,
        request: RetryRequest,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Started> {
        let left = Ledger::new(Arc::clone(&self.output), request.retry.clone());
        let planned = async {
            let job = Job {
                job: request.job,
                mode: Mode::All,
                retry: Some(request.retry),
                started: now,
                ..retryable(&left).await?
            };
            self.go_on(&job, request.cursor, deadline).await
        };
        until(deadline, PLANNING, &*self.output, planned).await
    }
}

/// The definition of a job that has left something to retry. It is refused if it is not over, or if
/// everything is done.
pub async fn retryable(ledger: &Ledger) -> Result<Job> {
    let definition = fate::defined(ledger).await?;
    let job = || ledger.job().to_string();
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
pub(crate) async fn slice(left: &Ledger, number: u32) -> Result<Slice> {
    let slice = fate::planned(left, number).await?;
    let names = left.receipts_of(number).await?;
    let is_over = true;
    let fates = fate::of_slice(left, &slice, &names, 0, is_over)
        .try_filter_map(async |fates| Ok(fates))
        .try_collect::<Vec<_>>()
        .await?;
    let objects: Vec<Listed> = (slice.tasks.iter().flatten())
        .zip(fates.iter().flatten())
        .filter(|(_, fate)| !fate.is_done())
        .map(|(object, _)| Listed {
            key: object.key.clone(),
            bytes: object.bytes,
        })
        .collect();
    Ok(Slice {
        slice: number,
        listed: objects.len() as u64,
        excluded: 0,
        present: 0,
        last: objects.last().map(|object| object.key.clone()),
        more: slice.more,
        tasks: task::divide(objects),
    })
}
