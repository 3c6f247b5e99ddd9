//! Small objects are transcoded on the caller's thread: waking another takes as long as the work.
//!
//! If one takes longer than [`MAX_TIME`] or panics, it is streamed through the pool instead, where a
//! gzip bomb or a bug affects no other object.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use rehose_extract::{Compression, Error, Shape, Transcoder};
use rehose_store::{Body, Store, StoreError};
use tokio::time::Instant;

use super::executor::Transcoded;
use super::outputs::Files;

/// The largest small object, as stored: about 0.6 MB of text, a millisecond or two of work.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// The longest time that a small object may block its thread.
const MAX_TIME: Duration = Duration::from_millis(10);

/// The first bytes of an object.
pub(super) struct Head {
    chunks: Vec<Bytes>,
    /// Whether the chunks are the whole object.
    is_all: bool,
}

/// A transcoded small object, with its files as far as they are not empty.
pub(super) struct Small {
    pub(super) transcoded: Transcoded,
    pub(super) files: Files<Option<Bytes>>,
}

/// Reads an object until it ends or is larger than `limit`.
pub(super) async fn read_head(
    source: &dyn Store,
    key: &str,
    limit: usize,
) -> Result<(Head, Body), StoreError> {
    let mut body = source.read(key).await?;
    let mut chunks = Vec::new();
    let mut length = 0;
    let mut is_all = false;
    while length <= limit && !is_all {
        match body.next().await {
            Some(chunk) => {
                let chunk = chunk?;
                length += chunk.len();
                chunks.push(chunk);
            }
            None => is_all = true,
        }
    }
    Ok((Head { chunks, is_all }, body))
}

impl Head {
    /// Transcodes the object. `None` means that it must be streamed: it is larger than this head, takes
    /// longer than [`MAX_TIME`], or panics.
    pub(super) fn transcode(
        &self,
        key: &str,
        shape: &Shape,
        compression: &Compression,
    ) -> Option<Small> {
        if !self.is_all {
            return None;
        }
        match &self.chunks[..] {
            [object] => transcode(key, shape, compression, object),
            chunks => transcode(key, shape, compression, &chunks.concat()),
        }
    }

    /// The whole body: these bytes, then the rest.
    pub(super) fn followed_by(self, rest: Body) -> Body {
        stream::iter(self.chunks.into_iter().map(Ok))
            .chain(rest)
            .boxed()
    }
}

fn transcode(key: &str, shape: &Shape, compression: &Compression, object: &[u8]) -> Option<Small> {
    // Tokio's clock stands still in a simulation, where a slow machine must not decide what is streamed.
    let began = Instant::now();
    let (mut rows, mut rejected) = (Vec::new(), Vec::new());
    let attempt = || {
        let mut transcoder = Transcoder::new(key, shape, compression, &mut rows, &mut rejected)?;
        transcoder.push_while(object, &|| began.elapsed() < MAX_TIME)?;
        transcoder.finish()
    };
    // A panic here would abort every object on this thread. On the pool it aborts one.
    let transcoded = catch_unwind(AssertUnwindSafe(attempt)).ok()?;
    if matches!(transcoded, Err(Error::Stopped)) {
        return None;
    }
    let succeeded = transcoded.is_ok();
    let file = |bytes: Vec<u8>| (succeeded && !bytes.is_empty()).then(|| bytes.into());
    let files = Files {
        rows: file(rows),
        rejected: file(rejected),
    };
    Some(Small { transcoded, files })
}
