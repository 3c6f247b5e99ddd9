//! Planning a job, slice by slice.
//!
//! ```text
//!  first call           every slice                               last slice
//!  bind ─► job.json ─►  list ─► store slice ─► send its tasks ─►  more = false
//!                        ▲          │
//!                        └──────────┘ cursor: next slice, last key
//! ```
//!
//! 1. The first call binds the output (`rehose.json`) and defines the job (`job.json`).
//! 2. A slice is a page of the listing, or for a retry, the unfinished objects of the other job's
//!    slice with the same number.
//! 3. The slice is stored if absent. Then the tasks of the *stored* slice are sent.
//! 4. While a slice is stored, the next page is listed, and the tasks of the slice before are sent.
//! 5. When time or pages run out, the call returns a [`Cursor`] for the next one.
//!
//! # Invariants
//!
//! - A slice is stored before any of its tasks is sent, so every task in the queue is in the plan.
//! - Slices are stored in order, and each begins where the *stored* one before ends. A page that was
//!   listed ahead is dropped if another call has stored a slice that ends elsewhere.
//! - A stored slice never changes. A repeated call sends the same tasks, even if the source has
//!   changed since.
//! - The plan is complete when its last slice has `more = false`.
//!
//! # What must change together
//!
//! The order of writes here, `work/plans.rs` (which refuses tasks outside the plan) and
//! `ledger/progress.rs` (which expects consecutive slices).

use std::sync::Arc;
use std::time::Duration;

use futures::try_join;
use jiff::Timestamp;
use rehose_store::location::Source;
use rehose_store::{Put, Store, StoreName};
use serde::{Deserialize, Serialize};

use super::generations::Planning;
use super::leftover;
use super::listing::Listing;
use super::partitions;
use super::window::Window;
use crate::deadline::Deadline;
use crate::digest::DigestRequest;
use crate::dispatch;
use crate::error::{Error, Result};
use crate::exclude::Exclusions;
use crate::job::{Digest, Job, JobId};
use crate::ledger::digest::DigestLedger;
use crate::ledger::generation::Generations;
use crate::ledger::manifest::{Rest, Slice};
use crate::ledger::{self, DEFINITION, Ledger, without_implied_dialect};
use crate::logs::{Log, Logs};
use crate::queues::Queues;
use crate::task::TaskMessage;

/// The longest time for what follows a decision to go on: to list a page, with a thousand `HeadObject`,
/// to store two slices, and to send the tasks of three, all with their retries. With less time left, the
/// next call continues.
const SLICE_TIME: Duration = Duration::from_secs(20);

/// Pages of the listing in a slice of a digest, at most.
const PAGES_OF_SLICE: usize = 20;

/// The work that [`Error::OutOfTime`] names.
pub(super) const PLANNING: &str = "the job was being planned";

/// Plans jobs.
#[derive(Debug, Clone)]
pub struct Planner {
    /// The logs, whose objects may be listed.
    pub logs: Logs,
    /// The output.
    pub output: Arc<dyn Store>,
    /// The queues of tasks.
    pub queues: Queues,
    /// The most keys of a page, up to [`MAX_PAGE`](rehose_store::MAX_PAGE).
    pub page: usize,
    /// The most pages of a call. A caller that reports progress takes one at a time.
    pub pages: usize,
}

/// Where the next call continues. It has a key instead of a continuation token, which would expire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The next slice of the manifest.
    pub slice: u32,
    /// The last key of the previous slice.
    pub after: Option<String>,
    /// Of a merge: the generations of the same partition that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
}

impl Cursor {
    /// The cursor of the slice that follows, unless this is the last one.
    fn following(slice: &Slice) -> Option<Self> {
        slice.more.then(|| Self {
            slice: slice.slice + 1,
            after: slice.last.clone(),
            rest: slice.merge.as_ref().and_then(|merge| merge.rest.clone()),
        })
    }
}

/// The progress of the planning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The job.
    pub job: JobId,
    /// Whether the plan is complete and sent.
    pub planned: bool,
    /// Where the next call continues, or `None` if the plan is complete.
    pub cursor: Option<Cursor>,
    /// The tasks that this call sent.
    pub sent: Sent,
    /// Partitions of a merge that are [overdue](crate::ledger::manifest::SliceOfMerge::overdue), among those
    /// that this call planned.
    pub overdue: u64,
}

/// Tasks that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Messages.
    pub tasks: u64,
    /// Objects in them.
    pub objects: u64,
    /// Bytes of the objects.
    pub bytes: u64,
}

impl Sent {
    fn add(&mut self, slice: &Slice) {
        if slice.fold().is_some() {
            return;
        }
        self.tasks += slice.tasks.len() as u64;
        for object in slice.tasks.iter().flatten() {
            self.objects += 1;
            self.bytes += object.bytes;
        }
    }
}

impl Planner {
    /// Plans from the cursor on, or from the beginning.
    pub(super) async fn continue_job(
        &self,
        job: &Job,
        cursor: Option<Cursor>,
        deadline: Deadline,
    ) -> Result<Started> {
        let exclude = Exclusions::new(&job.exclude, job.errors, job.options.format_name())?;
        let ledger = Ledger::new(Arc::clone(&self.output), job.job.clone());
        let must_wait = job.merge.is_some() || job.digest.is_some();
        let started = match must_wait {
            true => self.first_call(&ledger, job, cursor.as_ref()).await?,
            false => job.started,
        };
        let origin = self.origin(job, started, &exclude).await?;
        let mut listed = match (cursor, must_wait) {
            (Some(cursor), _) => origin.slice(&cursor).await?,
            (None, true) => origin.slice(&Cursor::default()).await?,
            (None, false) => {
                // A listing writes nothing, so it need not wait for the binding.
                let (first, defined) = (Cursor::default(), self.bind_and_define(&ledger, job));
                try_join!(defined, origin.slice(&first))?.1
            }
        };
        let mut to_send = None;
        let mut sent = Sent::default();
        let mut overdue = 0;
        let mut slices = 0;
        let cursor = loop {
            slices += 1;
            let may_go_on = slices < self.pages && deadline.has(SLICE_TIME);
            let ahead = Cursor::following(&listed).filter(|_| may_go_on);
            let (stored, listed_ahead, ()) = try_join!(
                ledger.store_slice(listed),
                origin.slice_ahead(ahead.as_ref()),
                self.send(job, to_send.as_ref(), deadline),
            )?;
            sent.add(&stored);
            overdue += stored.merge.as_ref().map_or(0, |merge| merge.overdue);
            let next = Cursor::following(&stored);
            to_send = Some(stored);
            let Some(next) = next else { break None };
            if !may_go_on {
                break Some(next);
            }
            listed = match listed_ahead {
                // Another call may have stored a slice that ends elsewhere.
                Some(slice) if ahead.as_ref() == Some(&next) => slice,
                _ => origin.slice(&next).await?,
            };
        };
        self.send(job, to_send.as_ref(), deadline).await?;
        Ok(Started {
            job: job.job.clone(),
            planned: cursor.is_none(),
            cursor,
            sent,
            overdue,
        })
    }

    /// What a job's slices are made of.
    async fn origin<'a>(
        &'a self,
        job: &'a Job,
        started: Timestamp,
        exclude: &'a Exclusions,
    ) -> Result<Origin<'a>> {
        let (log, source) = self.log(&job.source, &job.prefix)?;
        if log.folder != job.folder {
            // A retry of a job of before the log had this folder.
            return Err(Error::Outside {
                url: self.output.url(job.folder.as_str()),
            });
        }
        if let Some(digest) = &job.digest {
            return Ok(Origin::Window(Window {
                source,
                prefix: &job.prefix,
                digest,
                exclude,
                limit: self.page.saturating_mul(PAGES_OF_SLICE),
            }));
        }
        let output = job.folder.of(&self.output);
        Ok(match (&job.retry, &job.merge) {
            (Some(left), _) => {
                Origin::Leftover(Ledger::new(Arc::clone(&self.output), left.clone()))
            }
            (None, Some(merge)) => {
                let found = partitions::list(source, job, merge, exclude, started).await?;
                Origin::Merge(Planning::new(merge, found, started, output))
            }
            (None, None) => Origin::Listing(Listing {
                source,
                job,
                exclude,
                output,
                limit: self.page,
            }),
        })
    }

    /// Finds the log and the source of a prefix.
    ///
    /// # Errors
    ///
    /// Those of [`Logs::of_prefix`], and [`Error::OutputUnderSource`] if a listing would include the
    /// output.
    pub(super) fn log(&self, name: &StoreName, prefix: &str) -> Result<(&Log, &Source)> {
        let (log, source) = self.logs.of_prefix(name, prefix)?;
        let listed = source.store.url(prefix);
        let output = &*self.output;
        if self.logs.would_be_listed(output, &listed) || self.logs.is_written_by_us(output, &listed)
        {
            return Err(Error::OutputUnderSource {
                output: output.url(""),
                source_url: listed,
            });
        }
        Ok((log, source))
    }

    /// The time of a job's first call. It decides which partitions have closed, so that a repeated call
    /// plans the same.
    async fn first_call(
        &self,
        ledger: &Ledger,
        job: &Job,
        cursor: Option<&Cursor>,
    ) -> Result<Timestamp> {
        match cursor {
            None => self.bind_and_define(ledger, job).await,
            Some(_) => Ok(ledger.require_definition().await?.started),
        }
    }

    /// Binds the output and defines the job, or checks that both are as wanted. Returns when it was defined.
    async fn bind_and_define(&self, ledger: &Ledger, job: &Job) -> Result<Timestamp> {
        let output = job.folder.of(&self.output);
        ledger::bind(&*output, &job.source, &job.options).await?;
        if let Some(merge) = &job.merge {
            Generations::new(output).bind(merge).await?;
        }
        if let Some(digest) = &job.digest {
            self.claim(job, digest).await?;
        }
        if ledger.put_if_absent(DEFINITION, job).await? == Put::Exists {
            let bound = ledger.definition().await?.map(|bound| Job {
                options: without_implied_dialect(bound.options, &job.options),
                ..bound
            });
            let started = bound.as_ref().map_or(job.started, |bound| bound.started);
            let wanted = Some(Job {
                started,
                ..job.clone()
            });
            if bound != wanted {
                let (bound, wanted) = ledger::differences(&bound, &wanted);
                return Err(Error::OtherJob {
                    job: job.job.to_string(),
                    bound,
                    wanted,
                });
            }
            return Ok(started);
        }
        Ok(job.started)
    }

    /// Claims a digest for its job, unless it was claimed before. A digest has one job, whose name says which.
    async fn claim(&self, job: &Job, digest: &Digest) -> Result<()> {
        let request = DigestRequest::of(job, digest);
        let version = request.version()?;
        let name = version.job()?;
        if job.job != name {
            return Err(Error::Value {
                name: "job",
                reason: format!(
                    "this digest is made by the job {name}, and not by {}",
                    job.job
                ),
            });
        }
        let digests = DigestLedger::new(Arc::clone(&self.output));
        digests.claim(&request.claim(version, job.started)?).await?;
        Ok(())
    }

    /// Sends the tasks of a slice, if there is one. `check` sends the task that folds a digest.
    async fn send(&self, job: &Job, slice: Option<&Slice>, deadline: Deadline) -> Result<()> {
        let slice = slice.filter(|slice| slice.fold().is_none());
        let tasks = slice.into_iter().flat_map(Slice::tasks);
        let messages = tasks.map(|(task, _)| TaskMessage::new(&job.job, task));
        dispatch::send(self.queues.of(job), &job.job, messages, deadline).await
    }
}

/// What slices are made of.
enum Origin<'a> {
    Listing(Listing<'a>),
    /// The job that is retried.
    Leftover(Ledger),
    Merge(Planning<'a>),
    Window(Window<'a>),
}

impl Origin<'_> {
    async fn slice(&self, cursor: &Cursor) -> Result<Slice> {
        match self {
            Self::Listing(listing) => listing.slice(cursor).await,
            Self::Leftover(left) => leftover::slice(left, cursor.slice).await,
            Self::Merge(planning) => planning.slice(cursor).await,
            Self::Window(window) => window.slice(cursor).await,
        }
    }

    async fn slice_ahead(&self, cursor: Option<&Cursor>) -> Result<Option<Slice>> {
        match cursor {
            Some(cursor) => self.slice(cursor).await.map(Some),
            None => Ok(None),
        }
    }
}
