//! Objects that are written without knowing their size, as S3 takes them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use rehose_store::{StoreError, StoreErrorKind, Upload};
use tokio::runtime::Handle;

use super::{Client, Unfinished};
use crate::cloud::chance::Fault;

/// An object being written: whole in one request, or in parts.
pub(super) struct Draft {
    client: Client,
    key: String,
    /// `None` once a write has failed or was given up.
    buffer: Option<BytesMut>,
    upload: Option<u64>,
    sent: u64,
}

impl Draft {
    pub(super) fn new(client: &Client, key: &str) -> Self {
        Self {
            client: client.clone(),
            key: key.to_owned(),
            buffer: Some(BytesMut::new()),
            upload: None,
            sent: 0,
        }
    }

    fn transient(&self) -> StoreError {
        (self.client).error("write", &self.key, StoreErrorKind::Transient)
    }

    async fn send_part(&mut self, part: Bytes) -> Result<(), StoreError> {
        let upload = match self.upload {
            Some(upload) => upload,
            None => self.begin().await?,
        };
        if self.client.sandbox.strikes(Fault::PartReset) {
            return Err(self.transient());
        }
        self.sent += part.len() as u64;
        let taken = self
            .client
            .change("part", &self.key, move |_, contents| {
                let unfinished = contents.uploads.get_mut(&upload)?;
                unfinished.parts.extend_from_slice(&part);
                Some(())
            })
            .await?;
        taken.ok_or_else(|| self.transient())
    }

    async fn begin(&mut self) -> Result<u64, StoreError> {
        let (key, sandbox) = (self.key.clone(), Arc::clone(&self.client.sandbox));
        // Not `change`: nobody could abort an upload whose id was lost with the response.
        self.client.send_request("begin", &self.key).await?;
        let upload = self.client.bucket.change(|contents| {
            contents.next_upload += 1;
            let unfinished = Unfinished {
                key,
                sandbox,
                parts: BytesMut::new(),
            };
            contents.uploads.insert(contents.next_upload, unfinished);
            contents.next_upload
        });
        self.upload = Some(upload);
        self.client.receive_response().await;
        Ok(upload)
    }

    async fn finish(&mut self, rest: Bytes) -> Result<u64, StoreError> {
        let bytes = self.sent + rest.len() as u64;
        let key = self.key.clone();
        let Some(upload) = self.upload else {
            self.client
                .change("write", &self.key, move |bucket, contents| {
                    bucket.store(contents, &key, rest);
                })
                .await?;
            return Ok(bytes);
        };
        if !rest.is_empty() {
            self.send_part(rest).await?;
        }
        if self.client.sandbox.strikes(Fault::ErrorInside) {
            self.client.send_request("complete", &self.key).await?;
            return Err(self.transient());
        }
        let completed = self
            .client
            .change("complete", &self.key, move |bucket, contents| {
                let unfinished = contents.uploads.remove(&upload)?;
                bucket.store(contents, &key, unfinished.parts.freeze());
                Some(())
            })
            .await?;
        completed.ok_or_else(|| self.transient())?;
        self.upload = None;
        Ok(bytes)
    }

    async fn give_up(&mut self) {
        if let Some(upload) = self.upload {
            abort(&self.client, &self.key, upload).await;
            self.upload = None;
        }
    }
}

/// Aborts an upload. The request always succeeds if its function lives long enough, because the SDK
/// retries it.
async fn abort(client: &Client, key: &str, upload: u64) {
    client.sandbox.gate().await;
    (client.bucket.chance).note(format_args!("{} abort {key}", client.sandbox.name));
    client.bucket.chance.network_delay().await;
    client.sandbox.gate().await;
    (client.bucket).change(|contents| contents.uploads.remove(&upload));
    client.receive_response().await;
}

#[async_trait]
impl Upload for Draft {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let mut buffer = self.buffer.take().ok_or_else(|| self.transient())?;
        buffer.extend_from_slice(&bytes);
        while buffer.len() >= self.client.bucket.part {
            let part = buffer.split_to(self.client.bucket.part).freeze();
            if let Err(error) = self.send_part(part).await {
                self.give_up().await;
                return Err(error);
            }
        }
        self.buffer = Some(buffer);
        Ok(())
    }

    async fn complete(mut self: Box<Self>) -> Result<u64, StoreError> {
        let buffer = self.buffer.take().ok_or_else(|| self.transient())?;
        let finished = self.finish(buffer.freeze()).await;
        if finished.is_err() {
            self.give_up().await;
        }
        finished
    }

    async fn abort(mut self: Box<Self>) {
        self.give_up().await;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) {
            let (client, key) = (self.client.clone(), self.key.clone());
            let aborts = self.client.aborts.clone();
            aborts.spawn_on(async move { abort(&client, &key, upload).await }, &runtime);
        }
    }
}
