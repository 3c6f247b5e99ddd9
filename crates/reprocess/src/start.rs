//! `start`: lists a prefix, writes the manifest and sends the tasks, a page at a time.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::Timestamp;
use rehose_extract::Options;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::deadline::until;
use crate::error::{Error, Result};
use crate::job::{Job, JobId, Mode};
use crate::ledger::{self, Ledger, csv_key};
use crate::location::Source;
use crate::manifest::Slice;
use crate::queue::{MAX_BATCH, MAX_BATCH_BYTES, Queue};
use crate::retry;
use crate::store::{Listed, MAX_PAGE, Put, Store, StoreErrorKind};
use crate::task::{self, TaskMessage};

/// Where Firehose puts what it could not deliver, by the values of
/// `!{firehose:error-output-type}`: envelopes of its own around records in base64
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>). An error prefix of the
/// user's may put the word anywhere before the object's own name.
const ERROR_PREFIXES: [&str; 6] = [
    "processing-failed",
    "format-conversion-failed",
    "elasticsearch-failed",
    "AmazonOpenSearchService-failed",
    "splunk-failed",
    "http-endpoint-failed",
];

/// Time that a page needs at most: a thousand `HeadObject` and a hundred `SendMessageBatch` with
/// their retries. With less than that left, the next page is the next call's.
const PAGE_TIME: Duration = Duration::from_secs(20);

/// Requests under way at once while a page is compared with the output.
const HEADS: usize = 64;

/// The first wait before messages that the queue refused are sent again, and the longest.
const RESEND_WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What is being done when a call runs out of time.
pub(crate) const PLANNING: &str = "the job was being planned";

/// What `start` works with.
#[derive(Debug, Clone)]
pub struct Planner {
    /// The stores that may be listed.
    pub sources: Vec<Source>,
    /// The output.
    pub output: Arc<dyn Store>,
    /// Where the tasks go.
    pub queue: Arc<dyn Queue>,
    /// Keys of a page, at most [`MAX_PAGE`].
    pub page: usize,
    /// Pages of a call, for a caller who wants to see each.
    pub pages: usize,
}

/// A call of `start`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRequest {
    /// The job.
    pub job: JobId,
    /// The name of the store to list.
    pub source: String,
    /// The prefix to list.
    pub prefix: String,
    /// Which objects are planned.
    pub mode: Mode,
    /// Patterns of keys to leave out; `*` stands for anything, slashes included.
    pub exclude: Vec<String>,
    /// The shape of input and output.
    pub options: Options,
    /// What the last call returned.
    pub cursor: Option<Cursor>,
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
    /// Plans as much of a job as fits in the time: at least one page, or it is an error.
    pub async fn start(
        &self,
        request: StartRequest,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Started> {
        let planned = async {
            if request.cursor.is_none() {
                self.examine(&request).await?;
            }
            let job = Job {
                job: request.job,
                source: request.source,
                prefix: request.prefix,
                mode: request.mode,
                exclude: request.exclude,
                retry: None,
                options: request.options.normalised(),
                started: now,
            };
            self.go_on(&job, request.cursor, deadline).await
        };
        until(deadline, PLANNING, &*self.output, planned).await
    }

    /// Goes on with a job where its last call stopped, or begins with it.
    pub(crate) async fn go_on(
        &self,
        job: &Job,
        cursor: Option<Cursor>,
        deadline: Instant,
    ) -> Result<Started> {
        let source = self.source(&job.source, &job.prefix)?;
        let exclude = exclude(&job.exclude)?;
        let ledger = Ledger::new(Arc::clone(&self.output), job.job.clone());
        let mut cursor = match cursor {
            Some(cursor) => cursor,
            None => self.begin(&ledger, job).await?,
        };
        let mut sent = Sent::default();
        for _ in 0..self.pages.max(1) {
            let slice = match ledger.slice(cursor.slice).await? {
                Some(stored) => stored,
                None => {
                    let slice = match &job.retry {
                        None => self.plan(source, job, &exclude, cursor).await?,
                        Some(left) => {
                            let left = Ledger::new(Arc::clone(&self.output), left.clone());
                            retry::slice(&left, cursor.slice).await?
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
            if deadline.saturating_duration_since(Instant::now()) < PAGE_TIME {
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

    /// Checks all that can be checked of a request before anything is written.
    pub async fn examine(&self, request: &StartRequest) -> Result<()> {
        request.options.compile()?;
        exclude(&request.exclude)?;
        let source = self.source(&request.source, &request.prefix)?;
        let page = source.store.list(&request.prefix, None, 1).await?;
        if page.objects.is_empty() {
            return Err(Error::NothingThere {
                source_url: source.store.url(&request.prefix),
            });
        }
        Ok(())
    }

    /// The store and the prefix that a caller means by `s3://bucket/prefix`, or by the beginning of
    /// a key where there is but one store.
    pub fn locate(&self, prefix: &str) -> Result<(String, String)> {
        if let Some(source) = (self.sources.iter()).find(|s| prefix.starts_with(&s.name())) {
            let name = source.name();
            let prefix = prefix[name.len()..].to_owned();
            return Ok((name, prefix));
        }
        let mut names: Vec<String> = self.sources.iter().map(Source::name).collect();
        names.dedup();
        match names.as_slice() {
            [only] if !prefix.contains("://") => Ok((only.clone(), prefix.to_owned())),
            names => Err(Error::Value {
                name: "prefix",
                reason: format!(
                    "{prefix:?} is in no source; it must begin with {}",
                    names.join(" or ")
                ),
            }),
        }
    }

    /// The source by its name, if the prefix may be listed and the output is not part of it.
    fn source(&self, name: &str, prefix: &str) -> Result<&Source> {
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
    async fn begin(&self, ledger: &Ledger, job: &Job) -> Result<Cursor> {
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

    /// Lists a page and makes a slice of it.
    async fn plan(
        &self,
        source: &Source,
        job: &Job,
        exclude: &GlobSet,
        cursor: Cursor,
    ) -> Result<Slice> {
        let limit = self.page.clamp(1, MAX_PAGE);
        let page = (source.store)
            .list(&job.prefix, cursor.after.as_deref(), limit)
            .await?;
        let listed = page.objects.len() as u64;
        let last = page.objects.last().map(|object| object.key.clone());
        let wanted: Vec<Listed> = (page.objects.into_iter())
            .filter(|object| !is_excluded(&object.key, exclude))
            .collect();
        let excluded = listed - wanted.len() as u64;
        let wanted = match job.mode {
            Mode::All => wanted,
            Mode::Missing => self.missing(wanted).await?,
        };
        Ok(Slice {
            slice: cursor.slice,
            listed,
            excluded,
            present: listed - excluded - wanted.len() as u64,
            last: last.or(cursor.after),
            more: page.more,
            tasks: task::divide(wanted),
        })
    }

    /// Those of the objects whose output is not there.
    async fn missing(&self, objects: Vec<Listed>) -> Result<Vec<Listed>> {
        futures::stream::iter(objects)
            .map(async |object| {
                let there = match self.output.head(&csv_key(&object.key)).await {
                    // It has none, and never will: that is for its receipt to say.
                    Err(error) if error.kind == StoreErrorKind::InvalidKey => None,
                    there => there?,
                };
                Ok(there.is_none().then_some(object))
            })
            .buffered(HEADS)
            .try_filter_map(async |object| Ok(object))
            .try_collect()
            .await
    }

    /// Sends the tasks of a slice.
    async fn send(&self, job: &Job, slice: &Slice, deadline: Instant) -> Result<()> {
        let messages = slice.tasks().map(|(task, objects)| TaskMessage {
            job: job.job.clone(),
            task,
            source: job.source.clone(),
            output: self.output.url(""),
            options: job.options.clone(),
            objects: objects.to_vec(),
        });
        send(&*self.queue, messages, deadline).await
    }
}

/// Sends messages in as few batches as their number and size allow. What the queue refuses is sent
/// again, with growing waits, until the deadline.
pub(crate) async fn send(
    queue: &dyn Queue,
    messages: impl Iterator<Item = TaskMessage>,
    deadline: Instant,
) -> Result<()> {
    let mut batch: Vec<String> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let body = body(&message);
        if batch.len() == MAX_BATCH || bytes + body.len() > MAX_BATCH_BYTES {
            send_batch(queue, std::mem::take(&mut batch), deadline).await?;
            bytes = 0;
        }
        bytes += body.len();
        batch.push(body);
    }
    send_batch(queue, batch, deadline).await
}

/// A task as the text of a message. JSON leaves two characters as they are that SQS refuses
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
fn body(message: &TaskMessage) -> String {
    ledger::describe(message)
        .replace('\u{fffe}', r"\ufffe")
        .replace('\u{ffff}', r"\uffff")
}

async fn send_batch(queue: &dyn Queue, mut batch: Vec<String>, deadline: Instant) -> Result<()> {
    let (mut wait, longest) = RESEND_WAIT;
    while !batch.is_empty() {
        let unsent = queue.send(&batch).await?;
        let Some(reason) = unsent.first().map(|unsent| unsent.reason.clone()) else {
            break;
        };
        if Instant::now() + wait >= deadline {
            return Err(Error::Unsent {
                count: unsent.len(),
                reason,
            });
        }
        batch = (unsent.iter())
            .filter_map(|unsent| batch.get(unsent.index).cloned())
            .collect();
        sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        wait = (wait * 2).min(longest);
    }
    Ok(())
}

/// Compiles patterns of keys.
pub(crate) fn exclude(patterns: &[String]) -> Result<GlobSet> {
    let value = |error: globset::Error| Error::Value {
        name: "exclude",
        reason: error.to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(value)?);
    }
    set.build().map_err(value)
}

/// Whether a key is left out: by a pattern, or because Firehose puts its failures there.
pub(crate) fn is_excluded(key: &str, exclude: &GlobSet) -> bool {
    let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
    ERROR_PREFIXES.iter().any(|word| folder.contains(word)) || exclude.is_match(key)
}
