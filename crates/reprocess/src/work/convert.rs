//! Converting one object: it is read, transcoded and written.
//!
//! Most objects are small and are transcoded [on the caller's thread](super::small). The others are
//! [streamed](super::streaming) through the pool, and so are small ones if too few callers keep all
//! cores busy. [`conclude`] determines the outcome of both.

use std::fmt::Display;
use std::sync::Arc;

use futures::stream;
use rehose_extract::{Compression, Shape, Summary};
use rehose_store::location::Source;
use rehose_store::{Store, StoreError, StoreErrorKind};
use tokio::time::{Instant, timeout_at};

use super::executor::{Executor, Object};
use super::outputs::{Outputs, Sizes, drain};
use super::pool::Pool;
use super::small::{self, Small, read_head};
use super::streaming::{Ended, stream_through};
use super::transfers::{Limits, Transfers};
use crate::deadline::out_of_time;
use crate::error::{Error, Result};
use crate::ledger::OutputId;
use crate::ledger::receipt::{Failure, Outcome};

/// Converts objects.
#[derive(Debug)]
pub(super) struct Converter {
    pub(super) output: Arc<dyn Store>,
    compression: Compression,
    executor: Executor,
    transfers: Transfers,
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
}

/// The outcome of an object, and the files that were written.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) outcome: Outcome,
    pub(super) written: Vec<Written>,
}

/// A file that was made of an object.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) key: String,
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

impl Converter {
    /// A converter with threads of its own.
    pub(super) fn new(
        output: Arc<dyn Store>,
        compression: Compression,
        Limits { cores, transfers }: Limits,
    ) -> Result<Self> {
        let pool = Pool::new(transfers.max(1), cores.max(1)).map_err(|error| Error::Died {
            what: "the pool of threads".to_owned(),
            reason: format!("it could not be made: {error}"),
        })?;
        Ok(Self {
            output,
            compression,
            executor: Executor::Pool(pool),
            transfers: Transfers::new(transfers, small::MAX_BYTES),
            small_bytes: small::MAX_BYTES,
        })
    }

    /// Transcodes on the thread that polls. Objects up to `small_bytes` are treated as small.
    #[cfg(feature = "simulation")]
    pub(super) fn in_place(&mut self, small_bytes: usize) {
        self.executor = Executor::InPlace;
        self.small_bytes = small_bytes;
    }

    /// Converts an object. After `reading`, it is given up and its uploads are aborted, which takes
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
        reading: Instant,
    ) -> Result<Converted> {
        let Input { key, shape, .. } = input;
        let store = &*input.source.store;
        let _transfer = self.transfers.begin(input.bytes).await;
        let opened = timeout_at(reading, read_head(store, key, self.small_bytes)).await;
        let (head, rest) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return unreadable(error).map(Converted::failed),
            Err(_) => return Err(late(&store.url(key))),
        };
        let small = inline.then(|| head.transcode(key, shape, &self.compression));
        let ended = match small.flatten() {
            Some(small) => self.write(small, key).await,
            None => {
                let body = head.followed_by(rest);
                let object = Object {
                    key,
                    shape,
                    compression: &self.compression,
                };
                stream_through(body, object, &self.output, &self.executor, reading).await
            }
        };
        conclude(ended, &OutputId::of_object(key), || store.url(key)).await
    }

    /// Writes the outputs of a small object.
    async fn write(&self, small: Small, key: &str) -> Ended {
        let id = OutputId::of_object(key);
        Ended {
            fed: Ok(Ok(())),
            csv: drain(stream::iter(small.csv), &self.output, id.rows_key()).await,
            rejected: drain(
                stream::iter(small.rejected),
                &self.output,
                id.rejected_key(),
            )
            .await,
            transcoded: Ok(small.transcoded),
        }
    }
}

impl Converted {
    fn failed(failure: Failure) -> Self {
        Self {
            outcome: Outcome::Failed(failure),
            written: Vec::new(),
        }
    }

    fn done(summary: Summary, id: &OutputId, sizes: Sizes) -> Self {
        let written = |key, rows| move |bytes| Written { key, bytes, rows };
        let rows = sizes.csv.map(written(id.rows_key(), summary.written));
        let rejected = (sizes.rejected).map(written(id.rejected_key(), summary.rejected));
        Self {
            outcome: Outcome::Done(summary),
            written: rows.into_iter().chain(rejected).collect(),
        }
    }
}

/// Makes the outputs visible if every part succeeded, and aborts them otherwise.
///
/// The order of the cases is part of the protocol, because two runs that meet the same errors must
/// write the same receipt:
///
/// 1. Reading errors come before the transcoder's: a fault in a truncated object proves nothing.
/// 2. Errors of an output come before the object's faults: after its output is refused, the
///    transcoder may or may not reach the fault.
async fn conclude(ended: Ended, id: &OutputId, url: impl Fn() -> String) -> Result<Converted> {
    let died = |error: &dyn Display| Error::Died {
        what: format!("the transcoder of {}", url()),
        reason: error.to_string(),
    };
    let outputs = Outputs::both(ended.csv, ended.rejected).await;
    let (converted, unused) = match (ended.fed, ended.transcoded, outputs) {
        (_, Err(error), outputs) => (Err(died(&error)), outputs.ok()),
        (Err(_), _, outputs) | (_, Ok(Err(rehose_extract::Error::Stopped)), outputs) => {
            (Err(late(&url())), outputs.ok())
        }
        (Ok(Err(error)), _, outputs) => (unreadable(error).map(Converted::failed), outputs.ok()),
        (_, _, Err(error)) => (unwritable(error).map(Converted::failed), None),
        (_, Ok(Err(rehose_extract::Error::Input(fault))), Ok(outputs)) => {
            let failure = failure(fault.reason.code(), fault.to_string());
            (Ok(Converted::failed(failure)), Some(outputs))
        }
        (_, Ok(Err(error)), Ok(outputs)) => (Err(died(&error)), Some(outputs)),
        (_, Ok(Ok(summary)), Ok(outputs)) => match outputs.complete().await {
            Ok(sizes) => (Ok(Converted::done(summary, id, sizes)), None),
            Err(error) => (unwritable(error).map(Converted::failed), None),
        },
    };
    if let Some(outputs) = unused {
        outputs.abort().await;
    }
    converted
}

fn late(url: &str) -> Error {
    out_of_time(&format!("{url} was being converted"))
}

/// An object that cannot be read: a failure, unless another attempt may succeed.
fn unreadable(error: StoreError) -> Result<Failure> {
    match error.kind {
        StoreErrorKind::Transient => Err(error.into()),
        kind => Ok(failure(kind.code(), error.to_string())),
    }
}

/// An output that cannot be written. It is the object's failure only if no output could hold it.
fn unwritable(error: StoreError) -> Result<Failure> {
    match error.kind {
        StoreErrorKind::InvalidKey | StoreErrorKind::TooLarge => {
            Ok(failure(error.kind.code(), error.to_string()))
        }
        _ => Err(error.into()),
    }
}

fn failure(reason: &str, detail: String) -> Failure {
    Failure {
        reason: reason.to_owned(),
        detail,
    }
}
