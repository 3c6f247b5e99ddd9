//! One object: read, transcoded, written.

mod at_once;
mod beside;
mod in_place;
mod on_thread;
mod threads;
mod transcoding;

use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use rehose_extract::{Settings, Summary};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

pub(crate) use self::threads::Threads;
pub(crate) use self::transcoding::{AHEAD, Cores, Transcoding};
use self::transcoding::{Chunk, Work};
use crate::deadline::out_of_time;
use crate::error::{Error, Result};
use crate::ledger::{csv_key, rejected_key};
use crate::receipt::{Failure, Outcome};
use crate::store::{Body, Store, StoreError, StoreErrorKind, Upload};

/// Chunks that wait between a transfer and the transcoder: enough that neither waits for the other
/// at every one, few enough that they take no memory to speak of.
const CHUNKS: usize = 4;

/// Rewrites an object. What is wrong with the object is its outcome; anything else is an error, and
/// another attempt may succeed. Either way an object that is not done has no output.
///
/// What is not read and transcoded by the deadline is given up in order, which takes some time after
/// it.
pub(crate) async fn rewrite(
    source: &dyn Store,
    key: &str,
    output: &Arc<dyn Store>,
    settings: &Settings,
    transcoding: &Transcoding,
    deadline: Instant,
) -> Result<Outcome> {
    let late = || out_of_time(&format!("{} was being rewritten", source.url(key)));
    let body = match timeout_at(deadline, source.read(key)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => return unreadable(error),
        Err(_) => return Err(late()),
    };
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
        drain(csv, output, csv_key(key)),
        drain(rejected, output, rejected_key(key)),
        stop_at(deadline, &stop, work.done(transcoding)),
    );
    let died = |error: &dyn Display| Error::Died {
        what: format!("the transcoder of {}", source.url(key)),
        reason: error.to_string(),
    };
    let transcoded = transcoded.map_err(|error| died(&error))?;
    let outputs = whole(csv, rejected).await;
    match (fed, transcoded, outputs) {
        // What the transcoder says of an object that did not arrive whole means nothing.
        (Err(_), _, outputs) | (_, Err(rehose_extract::Error::Stopped), outputs) => {
            abandon(outputs).await;
            Err(late())
        }
        (Ok(Err(error)), _, outputs) => {
            abandon(outputs).await;
            unreadable(error)
        }
        // Before a fault of the object: whether the transcoder gets that far once its output is
        // refused is a matter of luck, and a receipt must not be.
        (_, _, Err(error)) => unnameable(error),
        (_, Err(rehose_extract::Error::Input(fault)), outputs) => {
            abandon(outputs).await;
            Ok(failed(fault.reason.code(), fault.to_string()))
        }
        (_, Err(error), outputs) => {
            abandon(outputs).await;
            Err(died(&error))
        }
        (_, Ok(summary), Ok(outputs)) => complete(outputs, summary).await,
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

/// Both outputs of an object, where something came for them: rejected events, then rows.
type Outputs = [Option<Box<dyn Upload>>; 2];

/// Both outputs, or the error of one, and then neither.
async fn whole(csv: Drained, rejected: Drained) -> std::result::Result<Outputs, StoreError> {
    match (rejected, csv) {
        (Ok(rejected), Ok(csv)) => Ok([rejected, csv]),
        (Err(error), other) | (other, Err(error)) => {
            abandon(other.map(|upload| [upload, None])).await;
            Err(error)
        }
    }
}

async fn abandon(outputs: std::result::Result<Outputs, StoreError>) {
    for upload in outputs.into_iter().flatten().flatten() {
        upload.abort().await;
    }
}

/// Makes both outputs visible, the rows last: where they stand, the object is done.
async fn complete(outputs: Outputs, summary: Summary) -> Result<Outcome> {
    for upload in outputs.into_iter().flatten() {
        if let Err(error) = upload.complete().await {
            return unnameable(error);
        }
    }
    Ok(Outcome::Done(summary))
}

/// Sends an object's bytes to the transcoder until it has enough, then a word that they were all.
async fn feed(mut body: Body, chunks: mpsc::Sender<Chunk>) -> std::result::Result<(), StoreError> {
    while let Some(bytes) = body.next().await {
        if chunks.send(Chunk::Bytes(bytes?)).await.is_err() {
            return Ok(());
        }
    }
    // A transcoder that has gone needs no word.
    let _ = chunks.send(Chunk::End).await;
    Ok(())
}

/// An upload that has taken all that came, or none where nothing came.
type Drained = std::result::Result<Option<Box<dyn Upload>>, StoreError>;

/// Writes what comes, beginning with the first of it.
async fn drain(mut pieces: mpsc::Receiver<Bytes>, output: &Arc<dyn Store>, key: String) -> Drained {
    let mut upload: Option<Box<dyn Upload>> = None;
    while let Some(bytes) = pieces.recv().await {
        let upload = match &mut upload {
            Some(upload) => upload,
            None => upload.insert(output.write(&key).await?),
        };
        upload.write(bytes).await?;
    }
    Ok(upload)
}

/// An object that cannot be read: for good, or this time.
fn unreadable(error: StoreError) -> Result<Outcome> {
    match error.kind {
        StoreErrorKind::Passing => Err(error.into()),
        kind => Ok(failed(kind.code(), error.to_string())),
    }
}

/// An output that cannot be written. Only what no output can hold is the object's fault; all else
/// is the output's.
fn unnameable(error: StoreError) -> Result<Outcome> {
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
