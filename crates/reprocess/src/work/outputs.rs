//! The two files of an object, from their first byte to completion.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use rehose_store::{Store, StoreError, Upload};

/// The two files that an object may become, or something about each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Files<T> {
    pub(super) rows: T,
    pub(super) rejected: T,
}

/// An upload that has every byte and is not visible yet. An empty file has none.
pub(super) type Filled = Option<Box<dyn Upload>>;

/// Writes pieces to an upload, which starts at the first piece.
pub(super) async fn fill(
    pieces: impl Stream<Item = Bytes>,
    output: &Arc<dyn Store>,
    key: String,
) -> Result<Filled, StoreError> {
    let mut pieces = pin!(pieces);
    let mut upload: Filled = None;
    while let Some(bytes) = pieces.next().await {
        let upload = match &mut upload {
            Some(upload) => upload,
            None => upload.insert(output.write(&key).await?),
        };
        upload.write(bytes).await?;
    }
    Ok(upload)
}

impl Files<Result<Filled, StoreError>> {
    /// Both uploads. If one has failed, the other is aborted.
    ///
    /// # Errors
    ///
    /// The error of the rejected events, if both failed. The order is part of the protocol: two runs
    /// that meet the same two errors must write the same receipt.
    pub(super) async fn both(self) -> Result<Files<Filled>, StoreError> {
        match (self.rejected, self.rows) {
            (Ok(rejected), Ok(rows)) => Ok(Files { rows, rejected }),
            (Err(error), other) | (other, Err(error)) => {
                if let Ok(Some(upload)) = other {
                    upload.abort().await;
                }
                Err(error)
            }
        }
    }
}

impl Files<Filled> {
    pub(super) async fn abort(self) {
        for upload in [self.rows, self.rejected].into_iter().flatten() {
            upload.abort().await;
        }
    }

    /// Makes both files visible, and returns their sizes in bytes. The rows come last: an object whose
    /// rows are visible is done.
    pub(super) async fn complete(self) -> Result<Files<Option<u64>>, StoreError> {
        let rejected = complete(self.rejected).await?;
        let rows = complete(self.rows).await?;
        Ok(Files { rows, rejected })
    }
}

async fn complete(upload: Filled) -> Result<Option<u64>, StoreError> {
    match upload {
        Some(upload) => upload.complete().await.map(Some),
        None => Ok(None),
    }
}
