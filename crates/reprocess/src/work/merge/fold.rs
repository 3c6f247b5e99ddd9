//! Folding the parts of a digest into its files.
//!
//! ```text
//! decided parts ─► temporary files ─► merged by key ─┬─► Parquet ─► upload
//!                                                    ├─► CSV ─────► upload
//!                                                    └─► text ────► upload
//! ```
//!
//! The memory does not grow with the parts: they are sorted, and a few dozen are merged at once.

use std::io::{self, Seek, SeekFrom, Write};
use std::panic::AssertUnwindSafe;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use rehose_extract::Shape;
use rehose_extract::merge::{Merger, ScratchFile, Summary};
use rehose_store::Upload;
use tokio::time::{Instant, timeout_at};

use super::{MergeWorker, ROWS_AT_ONCE, new_files, send_on};
use crate::deadline::out_of_time;
use crate::error::{Error, Result};
use crate::job::Digest;
use crate::ledger::digest::{PartFile, unpublished_file};
use crate::ledger::receipt::{Artifact, Receipt};
use crate::ledger::{Ledger, Version};
use crate::task::TaskId;
use crate::work::pipe::{Outlet, pipe};

/// Parts and decisions that are read at once.
const READS: usize = 8;

/// The last task of a digest.
pub(in crate::work) struct FoldTask<'a> {
    pub(in crate::work) ledger: &'a Ledger,
    pub(in crate::work) digest: &'a Digest,
    pub(in crate::work) shape: &'a Shape,
    pub(in crate::work) task: TaskId,
}

/// A file that is being written.
struct Writing {
    key: String,
    outlet: Outlet,
    upload: Box<dyn Upload>,
}

impl MergeWorker {
    /// Folds the decided parts into files that are not published yet, and returns the receipt.
    ///
    /// # Errors
    ///
    /// [`Error::NotPlanned`] if the parts are not all decided, so that the task cannot have been sent, and any error
    /// that a retry may cure. There are no files then.
    pub(in crate::work) async fn fold(
        &self,
        task: FoldTask<'_>,
        reading_ends: Instant,
    ) -> Result<Receipt> {
        let _turn = self.turns.acquire().await;
        let folded = AssertUnwindSafe(self.fold_all(&task, reading_ends)).catch_unwind();
        folded.await.unwrap_or_else(|_| {
            Err(Error::Internal {
                what: task.what(),
                reason: "it panicked".to_owned(),
            })
        })
    }

    async fn fold_all(&self, task: &FoldTask<'_>, reading_ends: Instant) -> Result<Receipt> {
        let broken = |error: io::Error| task.broken(error);
        let slices = stream::iter(0..task.task.slice);
        let decided: Vec<_> = slices
            .map(|slice| task.ledger.require_decided(slice))
            .buffered(READS)
            .try_collect()
            .await?;
        let rows = task.digest.rows();
        let merger = Merger::digesting(task.shape, &rows, self.memory, new_files());
        let mut merger = merger.map_err(broken)?;
        let parts = decided.iter().flat_map(|decided| &decided.parts);
        let reads: Vec<_> = parts
            .map(|part| self.read_part(task, part).boxed())
            .collect();
        let read = async {
            let mut reads = stream::iter(reads).buffered(READS);
            while let Some(part) = reads.try_next().await? {
                merger.add_part(part).map_err(broken)?;
            }
            Ok(merger)
        };
        let read = timeout_at(reading_ends, read).await;
        let merger = read.unwrap_or_else(|_| Err(task.late()))?;
        let (summary, artifacts) = self.write_digest(task, merger, reading_ends).await?;
        let artifacts = artifacts.into_iter().map(|(key, bytes)| Artifact {
            key,
            bytes,
            rows: summary.rows,
            inputs: Vec::new(),
            sums: Some(summary.sums.clone()),
        });
        Ok(Receipt {
            v: Version,
            objects: Vec::new(),
            artifacts: artifacts.collect(),
        })
    }

    /// Reads a part into a temporary file.
    async fn read_part(
        &self,
        task: &FoldTask<'_>,
        part: &PartFile,
    ) -> Result<Box<dyn ScratchFile>> {
        let mut file = tempfile::tempfile().map_err(|error| task.broken(error))?;
        let mut body = task.ledger.store().read(&part.key).await?;
        while let Some(chunk) = body.try_next().await? {
            file.write_all(&chunk).map_err(|error| task.broken(error))?;
        }
        file.seek(SeekFrom::Start(0))
            .map_err(|error| task.broken(error))?;
        Ok(Box::new(file))
    }

    /// Writes the files of all rows. Returns the keys and sizes in the order of their kinds.
    async fn write_digest(
        &self,
        task: &FoldTask<'_>,
        merger: Merger,
        reading_ends: Instant,
    ) -> Result<(Summary, Vec<(String, u64)>)> {
        let broken = |error: io::Error| task.broken(error);
        let (mut inlets, mut files) = (Vec::new(), Vec::new());
        for kind in &task.digest.files {
            let (inlet, outlet) = pipe();
            inlets.push((*kind, inlet));
            let key = unpublished_file(task.ledger.job(), *kind);
            let upload = task.ledger.store().write(&key).await?;
            files.push(Writing {
                key,
                outlet,
                upload,
            });
        }
        let written = async {
            let mut rows = merger
                .into_digest(&self.compression, inlets)
                .map_err(broken)?;
            while rows.write(ROWS_AT_ONCE).map_err(broken)? {
                for file in &mut files {
                    send_on(&mut file.outlet, &mut *file.upload).await?;
                }
            }
            let summary = rows.finish().map_err(broken)?;
            for file in &mut files {
                send_on(&mut file.outlet, &mut *file.upload).await?;
            }
            Ok(summary)
        };
        let written = timeout_at(reading_ends, written).await;
        let summary = match written.unwrap_or_else(|_| Err(task.late())) {
            Ok(summary) => summary,
            Err(error) => {
                for file in files {
                    file.upload.abort().await;
                }
                return Err(error);
            }
        };
        let mut complete = Vec::with_capacity(files.len());
        for file in files {
            complete.push((file.key, file.upload.complete().await?));
        }
        Ok((summary, complete))
    }
}

impl FoldTask<'_> {
    fn what(&self) -> String {
        format!("folding the digest of {}", self.ledger.job())
    }

    fn late(&self) -> Error {
        out_of_time(&format!(
            "the digest of {} was being folded",
            self.ledger.job()
        ))
    }

    fn broken(&self, error: io::Error) -> Error {
        Error::Internal {
            what: self.what(),
            reason: error.to_string(),
        }
    }
}
