//! Streaming an object of any size: it is read, transcoded and written at the same time.
//!
//! ```text
//! source ─► feed ─► transcoder ─┬─► rows ─────► fill ─► upload
//!                   (executor)  └─► rejected ─► fill ─► upload
//! ```
//!
//! Every `─►` into and out of the transcoder is a channel of [`CHUNKS`] pieces, which bounds the
//! memory. When the reading time is over, `stop` is cancelled, and the transcoder ends before its
//! next piece of text.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use rehose_store::{Body, Store, StoreError};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::executor::{Chunk, Executor, Object, Streamed, Transcoded};
use super::outputs::{Files, Filled, fill};
use super::pool::Panicked;
use crate::ledger::OutputId;

/// The capacity of a channel, in pieces: enough that neither side waits at every piece, and few enough
/// to take little memory.
const CHUNKS: usize = 4;

/// The results of the parts.
pub(super) struct Ended {
    pub(super) reading: Reading,
    pub(super) transcoded: Result<Transcoded, Panicked>,
    pub(super) files: Files<Result<Filled, StoreError>>,
}

/// How the reading of an object ended.
pub(super) enum Reading {
    /// The transcoder has every byte, or wants no more.
    Whole,
    Failed(StoreError),
    OutOfTime,
}

/// Streams an object through a transcoder until the reading time is over.
pub(super) async fn stream_through(
    body: Body,
    object: Object<'_>,
    output: &Arc<dyn Store>,
    executor: &Executor,
    reading_ends: Instant,
) -> Ended {
    let (chunks_in, chunks) = mpsc::channel(CHUNKS);
    let (rows_in, rows) = mpsc::channel(CHUNKS);
    let (rejected_in, rejected) = mpsc::channel(CHUNKS);
    let stop = CancellationToken::new();
    // A transcoder on a thread would continue after this future is dropped.
    let _stops_on_drop = stop.clone().drop_guard();
    let shape = object.shape;
    let id = OutputId::of_object(object.key, shape.format_name(), shape.file_kind());
    let streamed = Streamed {
        object,
        stop: &stop,
        chunks,
        rows: rows_in,
        rejected: rejected_in,
    };
    let (fed, rows, rejected, transcoded) = tokio::join!(
        timeout_at(reading_ends, feed(body, chunks_in)),
        fill(received(rows), output, id.rows_key()),
        fill(received(rejected), output, id.rejected_key()),
        stop_at(reading_ends, &stop, executor.transcode(streamed)),
    );
    Ended {
        reading: match fed {
            Ok(Ok(())) => Reading::Whole,
            Ok(Err(error)) => Reading::Failed(error),
            Err(_) => Reading::OutOfTime,
        },
        transcoded,
        files: Files { rows, rejected },
    }
}

fn received(mut pieces: mpsc::Receiver<Bytes>) -> impl Stream<Item = Bytes> {
    stream::poll_fn(move |context| pieces.poll_recv(context))
}

/// Waits for the transcoder, and cancels it when the reading time is over.
async fn stop_at<T>(
    reading_ends: Instant,
    stop: &CancellationToken,
    transcoder: impl Future<Output = T>,
) -> T {
    let mut transcoder = pin!(transcoder);
    if let Ok(ended) = timeout_at(reading_ends, &mut transcoder).await {
        return ended;
    }
    stop.cancel();
    transcoder.await
}

/// Sends an object's bytes to the transcoder, then the end. If the transcoder has failed, it closes
/// the channel and reports its own error.
async fn feed(mut body: Body, chunks: mpsc::Sender<Chunk>) -> Result<(), StoreError> {
    while let Some(bytes) = body.next().await {
        if chunks.send(Chunk::Bytes(bytes?)).await.is_err() {
            return Ok(());
        }
    }
    // Ignore send errors: the receiver was dropped.
    let _ = chunks.send(Chunk::End).await;
    Ok(())
}
