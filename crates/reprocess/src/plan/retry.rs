//! `retry`: a job over the failed and lost objects of another job.
//!
//! Its slices come from the other job's ledger instead of a listing: each has the unfinished objects
//! of the slice with the same number. A repeated call therefore plans the same, and memory holds one
//! slice at a time. The other job must have its report, because its failures may change before.

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
    /// The cursor that the last call returned.
    pub cursor: Option<Cursor>,
}

impl Planner {
    /// Plans the failed and lost objects of another job, with its source and options: as many slices
    /// as the time allows, and at least one.
    ///
    /// # Errors
    ///
    /// Those of [`retryable`](super::retryable), and
    /// [`Error::OutOfTime`](crate::error::Error::OutOfTime) if the first slice takes too long.
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
