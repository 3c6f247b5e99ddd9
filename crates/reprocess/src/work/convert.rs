//! Converting one object: it is read, transcoded and written.
//!
//! Most objects are small and are transcoded [on the caller's thread](super::small). The others are
//! [streamed](super::streaming) through the pool, and so are small ones if too few callers keep all
//! cores busy. [`conclude`] determines the outcome of both.

use std::fmt::Display;
use std::sync::Arc;

use futures::stream;
use rehose_extract::{Compression, Error as TranscodeError, Fault, Reason, Shape, Summary};
use rehose_store::location::Source;
use rehose_store::{Store, StoreError, StoreErrorKind};
use tokio::time::{Instant, timeout_at};

use super::executor::{Executor, Object};
use super::outputs::{Files, fill};
use super::pool::Pool;
use super::small::{self, Small, read_head};
use super::streaming::{Ended, Reading, stream_through};
use super::transfers::{Limits, Transfers};
use crate::deadline::out_of_time;
use crate::error::{Error, Result};
use crate::ledger::OutputId;
use crate::ledger::receipt::{Failure, Outcome};

/// Converts objects.
#[derive(Debug)]
pub(super) struct Converter {
    compression: Compression,
    executor: Executor,
    transfers: Arc<Transfers>,
    /// The largest object that is treated as small, in bytes as stored.
    small_bytes: usize,
}

/// An object to convert.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) source: &'a Source,
    pub(super) key: &'a str,
    /// Its size as stored, if known.
    pub(super) bytes: Option<u64>,
    pub(super) shape: &'a Shape,
    /// Where its files go.
    pub(super) output: &'a Arc<dyn Store>,
}

/// The outcome of an object, and its files that are not empty.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) outcome: Outcome,
    pub(super) files: Vec<OutputFile>,
}

/// A file that was made of an object.
#[derive(Debug)]
pub(super) struct OutputFile {
    pub(super) key: String,
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

impl Converter {
    /// A converter with threads of its own.
    pub(super) fn new(
        compression: Compression,
        Limits { cores, transfers }: Limits,
    ) -> Result<Self> {
        let transfers = Arc::new(Transfers::new(transfers.max(1), small::MAX_BYTES));
        let pool =
            Pool::new(cores.max(1), Arc::clone(&transfers)).map_err(|error| Error::Internal {
                what: "starting the threads that transcode".to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            compression,
            executor: Executor::Pool(pool),
            transfers,
            small_bytes: small::MAX_BYTES,
        })
    }

    /// Transcodes on the thread that polls. Objects up to `small_bytes` are treated as small.
    #[cfg(feature = "simulation")]
    pub(super) fn in_place(&mut self, small_bytes: usize) {
        self.executor = Executor::InPlace;
        self.small_bytes = small_bytes;
    }

    /// Converts an object. After `reading_ends`, it is given up and its uploads are aborted, which takes
    /// some more time. `inline` allows the caller's thread to transcode it.
    ///
    /// # Errors
    ///
    /// Any error that a retry may cure. A fault of the object itself is its [`Outcome`]. In both cases
    /// the object has no output.
    pub(super) async fn convert(
        &self,
        input: Input<'_>,
        inline: bool,
        reading_ends: Instant,
    ) -> Result<Converted> {
        let Input {
            key, shape, output, ..
        } = input;
        let store = &*input.source.store;
        let id = OutputId::of_object(key, shape.format_name(), shape.file_kind());
        let _transfer = self.transfers.begin(input.bytes).await;
        let opened = timeout_at(reading_ends, read_head(store, key, self.small_bytes)).await;
        let (head, rest) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return unreadable(error).map(Converted::failed),
            Err(_) => return Err(late(&store.url(key))),
        };
        let small = inline.then(|| head.transcode(key, shape, &self.compression));
        let ended = match small.flatten() {
            Some(small) => write(small, output, &id).await,
            None => {
                let body = head.followed_by(rest);
                let object = Object {
                    key,
                    shape,
                    compression: &self.compression,
                };
                stream_through(body, object, output, &self.executor, reading_ends).await
            }
        };
        conclude(ended, &id, || store.url(key)).await
    }
}

/// Writes the files of a small object.
async fn write(small: Small, output: &Arc<dyn Store>, id: &OutputId) -> Ended {
    let Files { rows, rejected } = small.files;
    Ended {
        reading: Reading::Whole,
        transcoded: Ok(small.transcoded),
        files: Files {
            rows: fill(stream::iter(rows), output, id.rows_key()).await,
            rejected: fill(stream::iter(rejected), output, id.rejected_key()).await,
        },
    }
}

impl Converted {
    fn failed(failure: Failure) -> Self {
        Self {
            outcome: Outcome::Failed(failure),
            files: Vec::new(),
        }
    }

    fn done(summary: Summary, id: &OutputId, bytes: Files<Option<u64>>) -> Self {
        let mut files = Vec::new();
        if let Some(bytes) = bytes.rows {
            let (key, rows) = (id.rows_key(), summary.written);
            files.push(OutputFile { key, bytes, rows });
        }
        if let Some(bytes) = bytes.rejected {
            let (key, rows) = (id.rejected_key(), summary.rejected);
            files.push(OutputFile { key, bytes, rows });
        }
        Self {
            outcome: Outcome::Done(summary),
            files,
        }
    }
}

/// Makes the files visible if every part succeeded, and aborts them otherwise.
///
/// Several parts may have failed. The first of these counts, because two runs that meet the same
/// faults must write the same receipt:
///
/// 1. The transcoder panicked.
/// 2. The object could not be read. A transcoder that got only a part of it may report a fault that
///    the whole does not have.
/// 3. Time ran out.
/// 4. A file could not be written. The transcoder may or may not reach a fault after that.
/// 5. The object has a fault.
/// 6. The transcoder failed in another way.
async fn conclude(ended: Ended, id: &OutputId, url: impl Fn() -> String) -> Result<Converted> {
    let broken = |error: &dyn Display| Error::Internal {
        what: format!("the transcoder of {}", url()),
        reason: error.to_string(),
    };
    let uploads = ended.files.both().await;
    let (converted, unused) = match (ended.transcoded, ended.reading, uploads) {
        (Err(panic), _, uploads) => (Err(broken(&panic)), uploads.ok()),
        (_, Reading::Failed(error), uploads) => {
            (unreadable(error).map(Converted::failed), uploads.ok())
        }
        (_, Reading::OutOfTime, uploads) | (Ok(Err(TranscodeError::Stopped)), _, uploads) => {
            (Err(late(&url())), uploads.ok())
        }
        (_, _, Err(error)) => (unwritable(error).map(Converted::failed), None),
        (Ok(Err(TranscodeError::Input(fault))), _, Ok(uploads)) => {
            let outcome = faulty(&fault);
            let files = Vec::new();
            (Ok(Converted { outcome, files }), Some(uploads))
        }
        (Ok(Err(error)), _, Ok(uploads)) => (Err(broken(&error)), Some(uploads)),
        (Ok(Ok(summary)), _, Ok(uploads)) => match uploads.complete().await {
            Ok(bytes) => (Ok(Converted::done(summary, id, bytes)), None),
            Err(error) => (unwritable(error).map(Converted::failed), None),
        },
    };
    if let Some(uploads) = unused {
        uploads.abort().await;
    }
    converted
}

pub(super) fn late(url: &str) -> Error {
    out_of_time(&format!("{url} was being converted"))
}

/// An object that cannot be read: a failure, unless another attempt may succeed.
pub(super) fn unreadable(error: StoreError) -> Result<Failure> {
    match error.kind {
        StoreErrorKind::Transient => Err(error.into()),
        kind => Ok(failure(kind.code(), error.to_string())),
    }
}

/// An output that cannot be written. It is the object's failure only if no output could hold it.
pub(super) fn unwritable(error: StoreError) -> Result<Failure> {
    match error.kind {
        StoreErrorKind::InvalidKey | StoreErrorKind::TooLarge => {
            Ok(failure(error.kind.code(), error.to_string()))
        }
        _ => Err(error.into()),
    }
}

/// The outcome of an object with a fault. One that is another log is left out, and none failed.
pub(super) fn faulty(fault: &Fault) -> Outcome {
    match fault.reason {
        Reason::OtherKind(kind) => Outcome::Done(Summary {
            other_kind: Some(kind.to_owned()),
            ..Summary::default()
        }),
        _ => Outcome::Failed(failure(fault.reason.code(), fault.to_string())),
    }
}

pub(super) fn failure(reason: &str, detail: String) -> Failure {
    Failure {
        reason: reason.to_owned(),
        detail,
    }
}
