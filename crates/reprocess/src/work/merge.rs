//! Merging the objects of a task into one file, a merged file or a part of a digest, or into the files of a
//! flow log.
//!
//! ```text
//! objects ─► read ahead ─► transcoder ─► merger ─► file ─► upload
//!                               └─► rejected ─► upload
//! ```
//!
//! The objects are converted one after the other, in the plan's order, on the thread that polls. The next
//! ones are read meanwhile. An object's records count once it has been read to its end without a fault.

mod flow_log;
mod fold;
mod object;

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use rehose_extract::merge::{MergeSettings, MergedFile, Merger, NewScratchFile, ScratchFile};
use rehose_extract::{Compression, Shape};
use rehose_store::location::Source;
use rehose_store::{Body, Store, StoreError, Upload};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

pub(super) use self::fold::FoldTask;
use self::object::Conversion;
use super::convert::late;
use super::pipe::{Inlet, Outlet, pipe};
use super::small::read_head;
use crate::error::{Error, Result};
use crate::job::{Digest, FlowLog, JobId};
use crate::ledger::flow_log::FlowLogNames;
use crate::ledger::receipt::{Artifact, ObjectReceipt, Outcome, Receipt};
use crate::ledger::{Version, unpublished_name};
use crate::task::{PlannedObject, TaskId};

/// Bytes of rows in memory, of all merges at once: a million rows of a flow log. With what is read and
/// written at once, a process stays below 256 MB.
const MEMORY: usize = 144 * 1024 * 1024;

/// The largest object that is read before its turn, as stored.
const READ_AHEAD: usize = 512 * 1024;

/// The most objects that are read before their turn.
const OBJECTS_AHEAD: usize = 32;

/// Rows that are written between two looks at what waits for the upload.
const ROWS_AT_ONCE: usize = 20_000;

/// Merges the objects of tasks.
#[derive(Debug)]
pub(super) struct MergeWorker {
    compression: Compression,
    /// Bounds the merges at once, because each takes a core and memory.
    turns: Semaphore,
    memory: usize,
    objects_ahead: usize,
}

/// A task, and how its objects are merged.
pub(super) struct MergeTask<'a> {
    pub(super) source: &'a Source,
    pub(super) objects: &'a [PlannedObject],
    pub(super) shape: &'a Shape,
    pub(super) goal: Goal<'a>,
    /// Where rejected events go.
    pub(super) output: &'a Arc<dyn Store>,
    /// Where the file goes.
    pub(super) files: &'a dyn Store,
    pub(super) job: &'a JobId,
    pub(super) task: TaskId,
}

/// What a task makes.
#[derive(Clone, Copy)]
pub(super) enum Goal<'a> {
    /// A merged file, in which flows continue after this gap.
    Merge { gap: Option<u32> },
    /// Files of a flow log, with these names.
    FlowLog(&'a FlowLog, &'a FlowLogNames),
    /// A part of a digest.
    Part(&'a Digest),
}

/// Begins the only file of a merger.
type Begin = fn(Merger, Inlet) -> io::Result<Option<MergedFile<Inlet>>>;

/// An object that is read before its turn, as far as it is small.
struct Ahead<'a> {
    object: &'a PlannedObject,
    body: Option<std::result::Result<Body, StoreError>>,
}

impl MergeWorker {
    pub(super) fn new(compression: Compression, cores: usize, transfers: usize) -> Self {
        let cores = cores.max(1);
        Self {
            compression,
            turns: Semaphore::new(cores),
            memory: MEMORY / cores,
            objects_ahead: transfers.clamp(1, OBJECTS_AHEAD),
        }
    }

    /// Merges with this many bytes of rows in memory.
    #[cfg(feature = "simulation")]
    pub(super) fn in_place(&mut self, memory: usize) {
        self.memory = memory;
    }

    /// Merges the objects of a task into a file that is not published yet, and returns the receipt.
    ///
    /// # Errors
    ///
    /// Any error that a retry may cure. There is no file then.
    pub(super) async fn merge(
        &self,
        task: MergeTask<'_>,
        reading_ends: Instant,
    ) -> Result<Receipt> {
        let _turn = self.turns.acquire().await;
        let MergeTask { objects, .. } = &task;
        let (source, first) = (task.source, objects.first());
        let merged = AssertUnwindSafe(self.merge_all(&task, reading_ends)).catch_unwind();
        merged.await.unwrap_or_else(|_| {
            let first = first.map(|object| source.store.url(&object.key));
            Err(Error::Internal {
                what: format!(
                    "merging {} objects from {} on",
                    objects.len(),
                    first.unwrap_or_default()
                ),
                reason: "it panicked".to_owned(),
            })
        })
    }

    async fn merge_all(&self, task: &MergeTask<'_>, reading_ends: Instant) -> Result<Receipt> {
        let merger = match task.goal {
            Goal::Merge { gap } => {
                let memory = self.memory;
                Merger::new(task.shape, MergeSettings { gap, memory }, new_files())
            }
            Goal::FlowLog(..) => Merger::filing(task.shape, self.memory, new_files()),
            Goal::Part(digest) => {
                Merger::digesting(task.shape, &digest.rows(), self.memory, new_files())
            }
        };
        let mut merger = merger.map_err(|error| self.broken(task, error))?;
        let mut receipt = Receipt {
            v: Version,
            objects: Vec::with_capacity(task.objects.len()),
            artifacts: Vec::new(),
        };
        let store = &*task.source.store;
        let objects = task.objects.iter();
        // Boxed: the compiler cannot prove that a stream with this closure may move between threads.
        let reads: Vec<BoxFuture<'_, Ahead<'_>>> = objects
            .map(|object| read_ahead(store, object).boxed())
            .collect();
        let mut ahead = stream::iter(reads).buffered(self.objects_ahead);
        while let Some(Ahead { object, body }) = ahead.next().await {
            match task.goal {
                Goal::Merge { .. } => {}
                Goal::FlowLog(settings, _) => merger.set_home(settings.home_of(&object.key)),
                Goal::Part(digest) => merger.select(task.shape, digest.selection(&object.key)),
            }
            let conversion = Conversion {
                worker: self,
                task,
                key: &object.key,
                merger: &mut merger,
                reading_ends,
            };
            let (outcome, artifact) = conversion.convert(body).await?;
            let committed = match &outcome {
                Outcome::Done(summary) if summary.other_kind.is_none() => {
                    Some(merger.commit().map_err(|error| self.broken(task, error))?)
                }
                Outcome::Done(_) | Outcome::Failed(_) => {
                    merger.discard();
                    None
                }
            };
            let number = receipt.objects.len() as u32;
            receipt.artifacts.extend(artifact.map(|artifact| Artifact {
                inputs: vec![number],
                ..artifact
            }));
            receipt.objects.push(ObjectReceipt {
                key: object.key.clone(),
                out_of_scope: committed
                    .as_ref()
                    .map_or(0, |committed| committed.out_of_scope),
                sums: committed.map(|committed| committed.sums),
                outcome,
            });
        }
        let name = unpublished_name(task.job, task.task, &receipt.objects)?;
        let (suffix, begin): (_, Begin) = match task.goal {
            Goal::Merge { .. } => ("parquet", Merger::into_file),
            Goal::FlowLog(_, names) => {
                let files = self.write_flow_log(task.files, &name, names, merger, reading_ends);
                receipt.artifacts.extend(files.await?);
                return Ok(receipt);
            }
            Goal::Part(_) => ("part", Merger::into_part),
        };
        let key = format!("{name}.{suffix}");
        if let Some(file) = write_file(task.files, &key, begin, merger, reading_ends).await? {
            let is_done = |(_, object): &(u32, &ObjectReceipt)| object.sums.is_some();
            let done = (0..).zip(&receipt.objects).filter(is_done);
            receipt.artifacts.push(Artifact {
                inputs: done.map(|(number, _)| number).collect(),
                ..file
            });
        }
        Ok(receipt)
    }

    fn broken(&self, task: &MergeTask<'_>, error: io::Error) -> Error {
        Error::Internal {
            what: format!("merging for {} {}", task.job, task.task),
            reason: error.to_string(),
        }
    }
}

fn new_files() -> NewScratchFile {
    Box::new(|| tempfile::tempfile().map(|file| Box::new(file) as Box<dyn ScratchFile>))
}

/// Writes the file of all merged rows, if there are any.
async fn write_file(
    output: &dyn Store,
    key: &str,
    begin: Begin,
    merger: Merger,
    reading_ends: Instant,
) -> Result<Option<Artifact>> {
    let broken = |error: io::Error| Error::Internal {
        what: format!("merging into {}", output.url(key)),
        reason: error.to_string(),
    };
    let (inlet, outlet) = pipe();
    let Some(file) = begin(merger, inlet).map_err(broken)? else {
        return Ok(None);
    };
    let mut upload = output.write(key).await?;
    let written = async {
        let (mut file, mut outlet) = (file, outlet);
        while file.write(ROWS_AT_ONCE).map_err(broken)? {
            send_on(&mut outlet, &mut *upload).await?;
        }
        let summary = file.finish().map_err(broken)?;
        send_on(&mut outlet, &mut *upload).await?;
        Ok(summary)
    };
    let written = timeout_at(reading_ends, written).await;
    let summary = match written.unwrap_or_else(|_| Err(late(&output.url(key)))) {
        Ok(summary) => summary,
        Err(error) => {
            upload.abort().await;
            return Err(error);
        }
    };
    Ok(Some(Artifact {
        key: key.to_owned(),
        bytes: upload.complete().await?,
        rows: summary.rows,
        inputs: Vec::new(),
        sums: Some(summary.sums),
    }))
}

async fn send_on(outlet: &mut Outlet, upload: &mut dyn Upload) -> Result<()> {
    while let Some(piece) = outlet.next() {
        upload.write(piece).await?;
    }
    // A deadline is noticed between two pieces.
    tokio::task::yield_now().await;
    Ok(())
}

async fn read_ahead<'a>(store: &dyn Store, object: &'a PlannedObject) -> Ahead<'a> {
    let is_small = object.bytes <= READ_AHEAD as u64;
    let body = match is_small {
        true => {
            let head = read_head(store, &object.key, READ_AHEAD).await;
            Some(head.map(|(head, rest)| head.followed_by(rest)))
        }
        // Its body would wait too long to be read on.
        false => None,
    };
    Ahead { object, body }
}
