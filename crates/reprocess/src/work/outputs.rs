//! The outputs of an object, from the first byte to completion.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use rehose_store::{Store, StoreError, Upload};

/// Uploads that have every byte and are not visible yet. An empty output has no upload.
pub(super) struct Outputs {
    csv: Option<Box<dyn Upload>>,
    rejected: Option<Box<dyn Upload>>,
}

/// The sizes of completed outputs, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) csv: Option<u64>,
    pub(super) rejected: Option<u64>,
}

/// An upload that has every byte, or `None` for an empty output.
pub(super) type Drained = Result<Option<Box<dyn Upload>>, StoreError>;

/// Writes pieces to an upload, which starts at the first piece.
pub(super) async fn drain(
    pieces: impl Stream<Item = Bytes>,
    output: &Arc<dyn Store>,
    key: String,
) -> Drained {
    let mut pieces = pin!(pieces);
    let mut upload: Option<Box<dyn Upload>> = None;
    while let Some(bytes) = pieces.next().await {
        let upload = match &mut upload {
            Some(upload) => upload,
            None => upload.insert(output.write(&key).await?),
        };
        upload.write(bytes).await?;
    }
    Ok(upload)
}

impl Outputs {
    /// Both outputs. If one has failed, the other is aborted.
    ///
    /// # Errors
    ///
    /// The error of the rejected lines, if both failed. The order is part of the protocol: two runs
    /// that meet the same two errors must write the same receipt.
    pub(super) async fn both(csv: Drained, rejected: Drained) -> Result<Self, StoreError> {
        match (rejected, csv) {
            (Ok(rejected), Ok(csv)) => Ok(Self { csv, rejected }),
            (Err(error), other) | (other, Err(error)) => {
                if let Ok(Some(upload)) = other {
                    upload.abort().await;
                }
                Err(error)
            }
        }
    }

    /// Aborts both.
    pub(super) async fn abort(self) {
        for upload in [self.csv, self.rejected].into_iter().flatten() {
            upload.abort().await;
        }
    }

    /// Makes both visible. The rows come last: an object whose rows are visible is done.
    pub(super) async fn complete(self) -> Result<Sizes, StoreError> {
        let rejected = complete(self.rejected).await?;
        let csv = complete(self.csv).await?;
        Ok(Sizes { csv, rejected })
    }
}

async fn complete(upload: Option<Box<dyn Upload>>) -> Result<Option<u64>, StoreError> {
    match upload {
        Some(upload) => upload.complete().await.map(Some),
        None => Ok(None),
    }
}
