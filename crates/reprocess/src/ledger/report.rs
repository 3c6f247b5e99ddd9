//! The report: the result of a job.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rehose_extract::Options;
use serde::{Deserialize, Serialize};

use super::Version;
use super::digest::{DigestOutcome, Digested};
use super::tally::{FailedObject, Merged, Rejections, Tally, Totals};
use crate::job::{Job, JobId};

/// The result of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// The job.
    pub job: JobId,
    /// Whether every planned object is done.
    pub state: JobOutcome,
    /// The listed location; of a retry, that of the retried job.
    pub source: String,
    /// The job whose failed and lost objects were planned, instead of a listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<JobId>,
    /// The shape of input and output.
    pub options: Options,
    /// When the job was started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The sums.
    #[serde(flatten)]
    pub totals: Totals,
    /// The first [`MAX_FAILURES`](super::tally::MAX_FAILURES) objects that failed or were lost.
    pub failures: Vec<FailedObject>,
    /// The rejected events by kind, the most frequent first.
    #[serde(default)]
    pub rejections: Vec<Rejections>,
    /// Objects that were left out because they are records that Firehose could not deliver, by error
    /// prefix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_records: BTreeMap<String, u64>,
    /// Objects that were left out because they are other logs than the one that was read, by their kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_kinds: BTreeMap<String, u64>,
    /// What was merged, by a job that merges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// What a digest was made of, by a job that makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digested>,
}

impl Report {
    /// The report of a job that ends now.
    pub fn new(job: Job, tally: Tally, ended: Timestamp) -> Self {
        let Tally {
            totals,
            failures,
            mut rejections,
            error_records,
            other_kinds,
            merged,
            digest,
        } = tally;
        rejections.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let rows = totals.rows;
        let result = digest.as_ref().and_then(|digest| digest.result.as_ref());
        let has_no_digest = result.is_some_and(|result| result.state == DigestOutcome::Failed);
        Self {
            v: Version,
            job: job.job,
            state: if totals.objects.failed + totals.objects.lost > 0 || has_no_digest {
                JobOutcome::Incomplete
            } else if job.max_rejected.is_exceeded(rows.rejected, rows.written) {
                JobOutcome::Rejected
            } else {
                JobOutcome::Succeeded
            },
            source: format!("{}{}", job.source, job.prefix),
            retry: job.retry,
            options: job.options,
            started: job.started,
            ended,
            totals,
            failures,
            rejections,
            error_records,
            other_kinds,
            merged,
            digest,
        }
    }

    /// Whether [`failures`](Self::failures) has every failed and lost object.
    pub fn lists_all_failures(&self) -> bool {
        let objects = self.totals.objects;
        self.failures.len() as u64 == objects.failed + objects.lost
    }
}

/// How a job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobOutcome {
    /// Every planned object is done.
    Succeeded,
    /// Some objects failed or were lost.
    Incomplete,
    /// Every planned object is done, but more events than the job accepts are no rows.
    Rejected,
}
