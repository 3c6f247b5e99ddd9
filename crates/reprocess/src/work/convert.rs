//! One object: read, transcoded, written.

use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use rehose_extract::Settings;
use rehose_store::{Body, Store, StoreError, StoreErrorKind};
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::head::begin;
use super::outputs::{Outputs, drain};
use super::small::Done;
use super::transcoding::{Chunk, Transcoded, Transcoding, Work};
use crate::deadline::out_of_time;
use crate::error::{self, Error};
use crate::ledger::receipt::{Failure, Outcome};
use crate::ledger::{csv_key, rejected_key};

/// Chunks that wait between a transfer and the transcoder: enough that neither waits for the other
/// at every one, few enough that they take no memory to speak of.
const CHUNKS: usize = 4;

/// Converts an object. What is wrong with the object is its outcome; anything else is an error, and
/// another attempt may succeed. Either way an object that is not done has no output.
///
/// What is not read and transcoded by the deadline is given up in order, which takes some time after
/// it.
pub(super) async fn convert(
    source: &dyn Store,
    key: &str,
    output: &Arc<dyn Store>,
    settings: &Settings,
    transcoding: &Transcoding,
    deadline: Instant,
) -> error::Result<Outcome> {
    let (begun, body) = match timeout_at(deadline, begin(source, key)).await {
        Ok(Ok(begun)) => begun,
        Ok(Err(error)) => return unreadable(error),
        Err(_) => return Err(late(&source.url(key))),
    };
    let done = match transcoding {
        Transcoding::OnThreads(..) => begun.at_once(key, settings),
        Transcoding::InPlace => None,
    };
    let converted = match done {
        Some(done) => write(done, output, key).await,
        None => {
            let body = begun.and(body);
            piece_by_piece(body, key, output, settings, transcoding, deadline).await
        }
    };
    converted.conclude(|| source.url(key)).await
}

/// Writes what a small object has become.
async fn write(done: Done, output: &Arc<dyn Store>, key: &str) -> Converted {
    let csv = drain(stream::iter(done.csv), output, csv_key(key)).await;
    let rejected = drain(stream::iter(done.rejected), output, rejected_key(key)).await;
    Converted {
        fed: Ok(Ok(())),
        transcoded: Ok(done.transcoded),
        outputs: Outputs::of(csv, rejected).await,
    }
}

/// Reads, transcodes and writes at the same time.
async fn piece_by_piece(
    body: Body,
    key: &str,
    output: &Arc<dyn Store>,
    settings: &Settings,
    transcoding: &Transcoding,
    deadline: Instant,
) -> Converted {
    let (chunks_in, chunks) = mpsc::channel(CHUNKS);
    let (csv_in, csv) = mpsc::channel(CHUNKS);
    let (rejected_in, rejected) = mpsc::channel(CHUNKS);
    let stop = CancellationToken::new();
    // The transcoder may be a thread: where this is dropped, it would go on for itself.
    let _stops_with_this = stop.clone().drop_guard();
    let work = Work {
        key,
        settings,
        stop: &stop,
        chunks,
        csv: csv_in,
        rejected: rejected_in,
    };
    let (fed, csv, rejected, transcoded) = tokio::join!(
        timeout_at(deadline, feed(body, chunks_in)),
        drain(received(csv), output, csv_key(key)),
        drain(received(rejected), output, rejected_key(key)),
        stop_at(deadline, &stop, work.done(transcoding)),
    );
    Converted {
        fed,
        transcoded,
        outputs: Outputs::of(csv, rejected).await,
    }
}

fn received(mut pieces: mpsc::Receiver<Bytes>) -> impl Stream<Item = Bytes> {
    stream::poll_fn(move |context| pieces.poll_recv(context))
}

/// What became of the parts of the work.
struct Converted {
    fed: Result<Result<(), StoreError>, Elapsed>,
    transcoded: Result<Transcoded, JoinError>,
    outputs: Result<Outputs, StoreError>,
}

impl Converted {
    /// Makes the outputs visible if all is well, and gives them up if not.
    async fn conclude(self, url: impl Fn() -> String) -> error::Result<Outcome> {
        let died = |error: &dyn Display| Error::Died {
            what: format!("the transcoder of {}", url()),
            reason: error.to_string(),
        };
        let (outcome, outputs) = match (self.fed, self.transcoded, self.outputs) {
            (_, Err(error), outputs) => (Err(died(&error)), outputs.ok()),
            // What the transcoder says of an object that did not arrive whole means nothing.
            (Err(_), _, outputs) | (_, Ok(Err(rehose_extract::Error::Stopped)), outputs) => {
                (Err(late(&url())), outputs.ok())
            }
            (Ok(Err(error)), _, outputs) => (unreadable(error), outputs.ok()),
            // Before a fault of the object: whether the transcoder gets that far once its output is
            // refused is a matter of luck, and a receipt must not be.
            (_, _, Err(error)) => (unnameable(error), None),
            (_, Ok(Err(rehose_extract::Error::Input(fault))), Ok(outputs)) => {
                let failed = failed(fault.reason.code(), fault.to_string());
                (Ok(failed), Some(outputs))
            }
            (_, Ok(Err(error)), Ok(outputs)) => (Err(died(&error)), Some(outputs)),
            (_, Ok(Ok(summary)), Ok(outputs)) => match outputs.complete().await {
                Ok(()) => (Ok(Outcome::Done(summary)), None),
                Err(error) => (unnameable(error), None),
            },
        };
        if let Some(outputs) = outputs {
            outputs.abort().await;
        }
        outcome
    }
}

/// Waits for the transcoder, and at the deadline tells it to stop.
async fn stop_at<T>(
    deadline: Instant,
    stop: &CancellationToken,
    transcoder: impl Future<Output = T>,
) -> T {
    let mut transcoder = pin!(transcoder);
    if let Ok(ended) = timeout_at(deadline, &mut transcoder).await {
        return ended;
    }
    stop.cancel();
    transcoder.await
}

/// Sends an object's bytes to the transcoder until it has enough, then a word that they were all.
async fn feed(mut body: Body, chunks: mpsc::Sender<Chunk>) -> Result<(), StoreError> {
    while let Some(bytes) = body.next().await {
        if chunks.send(Chunk::Bytes(bytes?)).await.is_err() {
            return Ok(());
        }
    }
    // A transcoder that has gone needs no word.
    let _ = chunks.send(Chunk::End).await;
    Ok(())
}

fn late(url: &str) -> Error {
    out_of_time(&format!("{url} was being converted"))
}

/// An object that cannot be read: for good, or this time.
fn unreadable(error: StoreError) -> error::Result<Outcome> {
    match error.kind {
        StoreErrorKind::Passing => Err(error.into()),
        kind => Ok(failed(kind.code(), error.to_string())),
    }
}

/// An output that cannot be written. Only what no output can hold is the object's fault; all else
/// is the output's.
fn unnameable(error: StoreError) -> error::Result<Outcome> {
    match error.kind {
        StoreErrorKind::InvalidKey | StoreErrorKind::TooLarge => {
            Ok(failed(error.kind.code(), error.to_string()))
        }
        _ => Err(error.into()),
    }
}

fn failed(reason: &str, detail: String) -> Outcome {
    Outcome::Failed(Failure {
        reason: reason.to_owned(),
        detail,
    })
}
