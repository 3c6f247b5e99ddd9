//! A job over what another one left: its objects that failed or were lost.
//!
//! It is planned like any other, manifest first. Only its slices come from the other job's ledger
//! instead of a listing: each has the objects of the slice with its number that are not done, so a
//! call that is repeated plans the same, and no more is held than a slice. What failed is known once
//! the other job's report stands, and not before.

use std::sync::Arc;

use jiff::Timestamp;

use super::leftover::retryable;
use super::planner::{Cursor, PLANNING, Planner, Started};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::job::{Job, JobId, Mode};
use crate::ledger::Ledger;

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
        deadline: Deadline,
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
            self.continue_job(&job, request.cursor, deadline).await
        };
        deadline.limit(PLANNING, &*self.output, planned).await
    }
}
