//! Both outputs of an object, until it is certain that they are to be seen.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};

use rehose_store::{Store, StoreError, Upload};

/// Uploads that have taken all that came, where something came for them.
pub(super) struct Outputs {
    csv: Option<Box<dyn Upload>>,
    rejected: Option<Box<dyn Upload>>,
}

/// An upload that has taken all that came, or none where nothing came.
pub(super) type Drained = Result<Option<Box<dyn Upload>>, StoreError>;

/// Writes what comes, beginning with the first of it.
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
    /// Both, or the error of one, and then neither.
    pub(super) async fn of(csv: Drained, rejected: Drained) -> Result<Self, StoreError> {
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

    /// Gives them up.
    pub(super) async fn abort(self) {
        for upload in [self.csv, self.rejected].into_iter().flatten() {
            upload.abort().await;
        }
    }

    /// Makes them visible, the rows last: where they stand, the object is done.
    pub(super) async fn complete(self) -> Result<(), StoreError> {
        for upload in [self.rejected, self.csv].into_iter().flatten() {
            upload.complete().await?;
        }
        Ok(())
    }
}
