//! The first bytes of an object, and whether they are all of it.

use bytes::Bytes;
use futures::{StreamExt, stream};
use rehose_extract::Settings;
use rehose_store::{Body, Store, StoreError};

use super::small::{self, Done, MAX_BYTES};

/// What has been read of an object.
pub(super) struct Begun {
    chunks: Vec<Bytes>,
    is_all: bool,
}

/// Reads an object until it is known whether it is small.
pub(super) async fn begin(source: &dyn Store, key: &str) -> Result<(Begun, Body), StoreError> {
    let mut body = source.read(key).await?;
    let mut chunks = Vec::new();
    let mut length = 0;
    let mut is_all = false;
    while length <= MAX_BYTES && !is_all {
        match body.next().await {
            Some(chunk) => {
                let chunk = chunk?;
                length += chunk.len();
                chunks.push(chunk);
            }
            None => is_all = true,
        }
    }
    Ok((Begun { chunks, is_all }, body))
}

impl Begun {
    /// Transcodes the object, if it is small and all is well.
    pub(super) fn at_once(&self, key: &str, settings: &Settings) -> Option<Done> {
        if !self.is_all {
            return None;
        }
        match &self.chunks[..] {
            [object] => small::transcode(key, settings, object),
            chunks => small::transcode(key, settings, &chunks.concat()),
        }
    }

    /// These bytes, and then what follows.
    pub(super) fn and(self, body: Body) -> Body {
        stream::iter(self.chunks.into_iter().map(Ok))
            .chain(body)
            .boxed()
    }
}
