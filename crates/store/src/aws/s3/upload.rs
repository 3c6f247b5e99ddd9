//! Writing objects of unknown size: small ones with one request, the others as multipart uploads.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::error::{failure, unclear};
use crate::{StoreError, StoreErrorKind, Upload};

/// The size of a part. S3 takes 5 MiB and more, and at most [`MAX_PARTS`] parts. With 8 MiB, an
/// object may have 80 GiB, an upload needs little memory, and nearly every output is one request
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>).
const PART_BYTES: usize = 8 * 1024 * 1024;

/// The most parts that one upload takes.
const MAX_PARTS: usize = 10_000;

/// An object being written.
pub(super) struct S3Upload {
    target: Target,
    /// Taken during a call: a call that fails or is dropped leaves `None`.
    draft: Option<Draft>,
}

impl S3Upload {
    pub(super) fn new(
        client: Client,
        bucket: Arc<str>,
        key: String,
        url: String,
        aborts: TaskTracker,
    ) -> Self {
        let target = Target {
            client,
            bucket,
            key: key.into(),
            url: url.into(),
            aborts,
        };
        Self {
            target,
            draft: Some(Draft::default()),
        }
    }

    fn take_draft(&mut self) -> Result<Draft, StoreError> {
        let target = &self.target;
        self.draft.take().ok_or_else(|| {
            let reason = "an earlier write of it did not succeed".to_owned();
            target.refused(StoreErrorKind::Transient, reason)
        })
    }
}

#[async_trait]
impl Upload for S3Upload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let mut draft = self.take_draft()?;
        draft.buffer.extend_from_slice(&bytes);
        while draft.buffer.len() >= PART_BYTES {
            let part = draft.buffer.split_to(PART_BYTES).freeze();
            if let Err(error) = draft.send_part(&self.target, part).await {
                draft.abort().await;
                return Err(error);
            }
        }
        self.draft = Some(draft);
        Ok(())
    }

    async fn complete(mut self: Box<Self>) -> Result<u64, StoreError> {
        let mut draft = self.take_draft()?;
        let outcome = draft.complete(&self.target).await;
        if outcome.is_err() {
            draft.abort().await;
        }
        outcome
    }

    async fn abort(mut self: Box<Self>) {
        if let Some(draft) = self.draft.take() {
            draft.abort().await;
        }
    }
}

/// The destination of an object.
#[derive(Clone)]
struct Target {
    client: Client,
    bucket: Arc<str>,
    key: Arc<str>,
    url: Arc<str>,
    aborts: TaskTracker,
}

impl Target {
    async fn put(&self, body: Bytes) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&*self.bucket)
            .key(&*self.key)
            .body(body.into())
            .send()
            .await
            .map(drop)
            .map_err(|error| failure("write", self.url.to_string(), error))
    }

    fn refused(&self, kind: StoreErrorKind, reason: String) -> StoreError {
        StoreError {
            operation: "write",
            url: self.url.to_string(),
            kind,
            reason,
            source: None,
        }
    }
}

/// The bytes so far.
#[derive(Default)]
struct Draft {
    buffer: BytesMut,
    parts: Option<Parts>,
    sent: u64,
}

impl Draft {
    async fn send_part(&mut self, target: &Target, part: Bytes) -> Result<(), StoreError> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            empty => empty.insert(Parts::begin(target).await?),
        };
        let bytes = part.len() as u64;
        parts.send(part).await?;
        self.sent += bytes;
        Ok(())
    }

    async fn complete(&mut self, target: &Target) -> Result<u64, StoreError> {
        let rest = self.buffer.split().freeze();
        let bytes = self.sent + rest.len() as u64;
        if let Some(parts) = &mut self.parts {
            if !rest.is_empty() {
                parts.send(rest).await?;
            }
            parts.complete().await?;
        } else {
            target.put(rest).await?;
        }
        Ok(bytes)
    }

    async fn abort(mut self) {
        if let Some(parts) = &mut self.parts {
            parts.abort().await;
        }
    }
}

/// A multipart upload. S3 keeps its parts, and charges for them, until it is completed or aborted.
struct Parts {
    target: Target,
    /// `None` once nothing is left to abort.
    upload_id: Option<String>,
    sent: Vec<CompletedPart>,
}

impl Parts {
    async fn begin(target: &Target) -> Result<Self, StoreError> {
        let answer = target
            .client
            .create_multipart_upload()
            .bucket(&*target.bucket)
            .key(&*target.key)
            .send()
            .await
            .map_err(|error| failure("write", target.url.to_string(), error))?;
        if answer.upload_id().is_none() {
            return Err(unclear("write", target.url.to_string(), "the upload's id"));
        }
        Ok(Self {
            target: target.clone(),
            upload_id: answer.upload_id,
            sent: Vec::new(),
        })
    }

    async fn send(&mut self, part: Bytes) -> Result<(), StoreError> {
        if self.sent.len() == MAX_PARTS {
            let reason = format!("it has more than {MAX_PARTS} parts of {PART_BYTES} bytes");
            return Err(self.target.refused(StoreErrorKind::TooLarge, reason));
        }
        let number = self.sent.len() as i32 + 1;
        let answer = self
            .target
            .client
            .upload_part()
            .bucket(&*self.target.bucket)
            .key(&*self.target.key)
            .set_upload_id(self.upload_id.clone())
            .part_number(number)
            .body(part.into())
            .send()
            .await
            .map_err(|error| failure("write", self.target.url.to_string(), error))?;
        // S3 requires the checksums of the parts at completion: the SDK's default, or S3's own.
        self.sent.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(answer.e_tag)
                .set_checksum_crc32(answer.checksum_crc32)
                .set_checksum_crc64_nvme(answer.checksum_crc64_nvme)
                .build(),
        );
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), StoreError> {
        let parts = std::mem::take(&mut self.sent);
        let answer = self
            .target
            .client
            .complete_multipart_upload()
            .bucket(&*self.target.bucket)
            .key(&*self.target.key)
            .set_upload_id(self.upload_id.clone())
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(parts))
                    .build(),
            )
            .send()
            .await
            .map_err(|error| failure("write", self.target.url.to_string(), error))?;
        // S3 sends the status 200 before it knows the outcome; only the body tells
        // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>).
        if answer.e_tag().is_none() {
            return Err(unclear(
                "write",
                self.target.url.to_string(),
                "the object's ETag",
            ));
        }
        self.upload_id = None;
        Ok(())
    }

    async fn abort(&mut self) {
        if let Some(upload_id) = self.upload_id.take() {
            abort(self.target.clone(), upload_id).await;
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let (Some(upload_id), Ok(runtime)) = (self.upload_id.take(), Handle::try_current()) {
            let abort = abort(self.target.clone(), upload_id);
            self.target.aborts.spawn_on(abort, &runtime);
        }
    }
}

/// A tracker of aborts. It is closed, which allows waiting for it; it still accepts tasks.
pub(super) fn aborts() -> TaskTracker {
    let aborts = TaskTracker::new();
    aborts.close();
    aborts
}

/// Best effort: the bucket's lifecycle rule removes the rest.
async fn abort(target: Target, upload_id: String) {
    let outcome = target
        .client
        .abort_multipart_upload()
        .bucket(&*target.bucket)
        .key(&*target.key)
        .upload_id(upload_id)
        .send()
        .await;
    if let Err(error) = outcome {
        let reason = crate::aws::reason(&error);
        tracing::warn!(url = %target.url, reason, "cannot abort a multipart upload");
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Config;

    use super::*;

    #[tokio::test]
    async fn an_object_with_too_many_parts_is_too_large() {
        let config = Config::builder().behavior_version_latest().build();
        let mut parts = Parts {
            target: Target {
                client: Client::from_conf(config),
                bucket: "bucket".into(),
                key: "a".into(),
                url: "s3://bucket/a".into(),
                aborts: aborts(),
            },
            upload_id: None,
            sent: vec![CompletedPart::builder().build(); MAX_PARTS],
        };
        let error = parts.send(Bytes::from_static(b"x")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::TooLarge);
        assert!(error.to_string().contains("10000 parts"), "{error}");
    }
}
