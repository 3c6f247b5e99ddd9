//! Planning a job, one slice at a time.
//!
//! Each slice is stored, if absent, before its tasks are sent. So every task that was sent is in the
//! plan, and a call that is repeated sends the tasks of the stored slice, whatever the listing says
//! now. The cursor between calls is a key, so it never expires.

use std::sync::Arc;
use std::time::Duration;

use rehose_store::location::Source;
use rehose_store::queue::Queue;
use rehose_store::{Put, Store, StoreName};
use serde::{Deserialize, Serialize};

use super::{leftover, listing};
use crate::deadline::Deadline;
use crate::dispatch;
use crate::error::{Error, Result};
use crate::exclude::Exclusions;
use crate::job::{Job, JobId};
use crate::ledger::manifest::Slice;
use crate::ledger::{self, Ledger};
use crate::task::TaskMessage;

/// The longest time that a page takes: a thousand `HeadObject` and a hundred `SendMessageBatch` with
/// their retries. With less than this left, the next call plans the next page.
const PAGE_TIME: Duration = Duration::from_secs(20);

/// The work that a call was doing when its time ran out.
pub(super) const PLANNING: &str = "the job was being planned";

/// Plans jobs.
#[derive(Debug, Clone)]
pub struct Planner {
    /// The stores that may be listed.
    pub sources: Vec<Source>,
    /// The output.
    pub output: Arc<dyn Store>,
    /// Where the tasks go.
    pub queue: Arc<dyn Queue>,
    /// Keys of a page, at most [`MAX_PAGE`](rehose_store::MAX_PAGE).
    pub page: usize,
    /// Pages of a call, for a caller who wants to see each.
    pub pages: usize,
}

/// Where the next call goes on. It is a key, not a continuation token: those expire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The next slice of the manifest.
    pub slice: u32,
    /// The last key of the slice before.
    pub after: Option<String>,
}

/// How far the planning has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The job.
    pub job: JobId,
    /// Whether everything is planned and sent.
    pub planned: bool,
    /// Where the next call goes on; none when there is nothing left to plan.
    pub cursor: Option<Cursor>,
    /// What this call has sent.
    pub sent: Sent,
}

/// What went to the queue.
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
        self.tasks += slice.tasks.len() as u64;
        for object in slice.tasks.iter().flatten() {
            self.objects += 1;
            self.bytes += object.bytes;
        }
    }
}

impl Planner {
    /// Goes on with a job where its last call stopped, or begins with it.
    pub(super) async fn continue_job(
        &self,
        job: &Job,
        cursor: Option<Cursor>,
        deadline: Deadline,
    ) -> Result<Started> {
        let source = self.source(&job.source, &job.prefix)?;
        let exclude = Exclusions::new(&job.exclude)?;
        let ledger = Ledger::new(Arc::clone(&self.output), job.job.clone());
        let mut cursor = match cursor {
            Some(cursor) => cursor,
            None => self.bind_and_define(&ledger, job).await?,
        };
        let mut sent = Sent::default();
        for _ in 0..self.pages.max(1) {
            let slice = match ledger.slice(cursor.slice).await? {
                Some(stored) => stored,
                None => {
                    let slice = match &job.retry {
                        None => {
                            let page = listing::Page {
                                source,
                                job,
                                exclude: &exclude,
                                output: &*self.output,
                                limit: self.page,
                            };
                            page.slice(cursor).await?
                        }
                        Some(left) => {
                            let left = Ledger::new(Arc::clone(&self.output), left.clone());
                            leftover::slice(&left, cursor.slice).await?
                        }
                    };
                    ledger.store_slice(slice).await?
                }
            };
            self.send(job, &slice, deadline).await?;
            sent.add(&slice);
            if !slice.more {
                return Ok(Started {
                    job: job.job.clone(),
                    planned: true,
                    cursor: None,
                    sent,
                });
            }
            cursor = Cursor {
                slice: slice.slice + 1,
                after: slice.last,
            };
            if !deadline.has(PAGE_TIME) {
                break;
            }
        }
        Ok(Started {
            job: job.job.clone(),
            planned: false,
            cursor: Some(cursor),
            sent,
        })
    }

    /// The source by its name, if the prefix may be listed and the output is not part of it.
    pub(super) fn source(&self, name: &StoreName, prefix: &str) -> Result<&Source> {
        let source = (self.sources.iter())
            .find(|source| source.holds(name, prefix))
            .ok_or_else(|| Error::Outside {
                url: format!("{name}{prefix}"),
            })?;
        let listed = source.store.url(prefix);
        let output = &*self.output;
        if ledger::would_be_listed(output, &listed) || ledger::is_written_by_us(output, &listed) {
            return Err(Error::OutputUnderSource {
                output: output.url(""),
                source_url: listed,
            });
        }
        Ok(source)
    }

    /// Binds the output and defines the job.
    async fn bind_and_define(&self, ledger: &Ledger, job: &Job) -> Result<Cursor> {
        ledger::bind(&*self.output, &job.source, &job.options).await?;
        if ledger.put_if_absent("job.json", job).await? == Put::Exists {
            let bound = ledger.definition().await?;
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
        }
        Ok(Cursor {
            slice: 0,
            after: None,
        })
    }

    /// Sends the tasks of a slice.
    async fn send(&self, job: &Job, slice: &Slice, deadline: Deadline) -> Result<()> {
        let messages = slice
            .tasks()
            .map(|(task, _)| TaskMessage::new(&job.job, task));
        dispatch::send(&*self.queue, messages, deadline).await
    }
}
