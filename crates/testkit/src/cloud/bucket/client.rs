//! A function's client of a bucket.

use std::ops::{Bound, Range};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use rehose_store::{Body, Head, Listed, Page, Put, Store, StoreError, StoreErrorKind, Upload};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::upload::Draft;
use super::{Behaviour, Bucket, Contents, StoredObject, vanish_soon};
use crate::cloud::chance::Fault;
use crate::cloud::sandbox::{Death, Sandbox};

/// S3's longest key, in bytes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const MAX_KEY_BYTES: usize = 1_024;

/// The time of a slow request. The longest exceeds a function's timeout.
const SLOW: Range<Duration> = Duration::from_secs(1)..Duration::from_secs(20 * 60);

/// A bucket as a function sees it.
#[derive(Debug, Clone)]
pub struct Client {
    /// The bucket.
    pub bucket: Arc<Bucket>,
    pub(super) sandbox: Arc<Sandbox>,
    /// Aborts of uploads that were dropped.
    pub(super) aborts: TaskTracker,
}

impl Client {
    /// A client for the function that runs in `sandbox`.
    pub fn new(bucket: &Arc<Bucket>, sandbox: &Arc<Sandbox>) -> Self {
        let aborts = TaskTracker::new();
        aborts.close();
        Self {
            bucket: Arc::clone(bucket),
            sandbox: Arc::clone(sandbox),
            aborts,
        }
    }

    pub(super) fn error(
        &self,
        operation: &'static str,
        key: &str,
        kind: StoreErrorKind,
    ) -> StoreError {
        let reason = match kind {
            StoreErrorKind::NotFound => "NoSuchKey",
            StoreErrorKind::Denied => "AccessDenied",
            StoreErrorKind::Archived => "InvalidObjectState",
            StoreErrorKind::InvalidKey => "KeyTooLongError",
            StoreErrorKind::TooLarge => "EntityTooLarge",
            StoreErrorKind::Transient => "SlowDown",
        };
        StoreError {
            operation,
            url: self.bucket.url(key),
            kind,
            reason: reason.to_owned(),
            source: Some(reason.into()),
        }
    }

    fn check_key(&self, operation: &'static str, key: &str) -> Result<(), StoreError> {
        if (1..=MAX_KEY_BYTES).contains(&key.len()) {
            return Ok(());
        }
        Err(self.error(operation, key, StoreErrorKind::InvalidKey))
    }

    /// Sends a request, which may be slow or fail before it arrives.
    pub(super) async fn send_request(
        &self,
        operation: &'static str,
        key: &str,
    ) -> Result<(), StoreError> {
        self.sandbox.gate().await;
        (self.bucket.chance).note(format_args!("{} {operation} {key}", self.sandbox.name));
        self.bucket.chance.network_delay().await;
        if self.sandbox.strikes(Fault::Slow) {
            sleep(self.bucket.chance.time(SLOW)).await;
        }
        self.sandbox.gate().await;
        if self.sandbox.strikes(Fault::Unavailable) {
            return Err(self.error(operation, key, StoreErrorKind::Transient));
        }
        Ok(())
    }

    /// Waits for the response.
    pub(super) async fn receive_response(&self) {
        self.bucket.chance.network_delay().await;
        self.sandbox.gate().await;
    }

    /// Makes a request that changes the contents. Its response may be lost after the change.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        operation: &'static str,
        key: &str,
        change: impl FnOnce(&Bucket, &mut Contents) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.send_request(operation, key).await?;
        let bucket = Arc::clone(&self.bucket);
        let answer = if self.sandbox.strikes(Fault::Late) {
            let late = tokio::spawn(async move {
                sleep(bucket.chance.time(SLOW)).await;
                bucket.change(|contents| change(&bucket, contents))
            });
            late.await.unwrap()
        } else {
            bucket.change(|contents| change(&bucket, contents))
        };
        self.receive_response().await;
        if self.sandbox.strikes(Fault::WriteAnswerLost) {
            return Err(self.error(operation, key, StoreErrorKind::Transient));
        }
        Ok(answer)
    }
}

#[async_trait]
impl Store for Client {
    async fn tidy(&self) {
        self.aborts.wait().await;
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.send_request("list", prefix).await?;
        let page = self.bucket.look(|contents| {
            let from = match after {
                Some(after) if after >= prefix => Bound::Excluded(after),
                _ => Bound::Included(prefix),
            };
            let mut objects = (contents.objects)
                .range::<str, _>((from, Bound::Unbounded))
                .take_while(|(key, _)| key.starts_with(prefix));
            let page = objects.by_ref().take(limit).map(|(key, object)| Listed {
                key: key.clone(),
                bytes: object.body.len() as u64,
                tag: object.tag(),
                modified: contents.modified(key),
            });
            Page {
                objects: page.collect(),
                more: objects.next().is_some(),
            }
        });
        for Listed { key, .. } in &page.objects {
            vanish_soon(&self.bucket, key);
        }
        self.receive_response().await;
        Ok(page)
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.check_key("read", key)?;
        self.send_request("read", key).await?;
        let object = (self.bucket).look(|contents| contents.objects.get(key).cloned());
        self.receive_response().await;
        let Some(StoredObject { body, behaviour }) = object else {
            return Err(self.error("read", key, StoreErrorKind::NotFound));
        };
        if let Some(kind) = behaviour.refusal() {
            return Err(self.error("read", key, kind));
        }
        let (client, key) = (self.clone(), key.to_owned());
        let longest = body.len() / 2 + 1;
        Ok(stream::try_unfold(body, move |mut rest| {
            let (client, key) = (client.clone(), key.clone());
            async move {
                client.receive_response().await;
                if client.sandbox.strikes(Fault::Slow) {
                    sleep(client.bucket.chance.time(SLOW)).await;
                    client.sandbox.gate().await;
                }
                if client.sandbox.strikes(Fault::BodyReset) {
                    return Err(client.error("read", &key, StoreErrorKind::Transient));
                }
                if behaviour == Behaviour::Deadly {
                    client.sandbox.kill(Death::Memory);
                    client.sandbox.gate().await;
                }
                if rest.is_empty() {
                    return Ok(None);
                }
                let chunk = client.bucket.chance.number(0..longest) + 1;
                let chunk = rest.split_to(chunk.min(rest.len()));
                Ok(Some((chunk, rest)))
            }
        })
        .boxed())
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        self.check_key("write", key)?;
        Ok(Box::new(Draft::new(self, key)))
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        self.check_key("put", key)?;
        if self.sandbox.strikes(Fault::Conflict) {
            self.send_request("put", key).await?;
            return Err(self.error("put", key, StoreErrorKind::Transient));
        }
        let absent = key.to_owned();
        let put = self
            .change("put", key, move |bucket, contents| {
                if contents.objects.contains_key(&absent) {
                    return Put::Exists;
                }
                bucket.store(contents, &absent, body);
                Put::Created
            })
            .await?;
        if put == Put::Created && self.sandbox.strikes(Fault::OwnObjectMet) {
            return Ok(Put::Exists);
        }
        Ok(put)
    }

    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.check_key("publish", from)?;
        self.check_key("publish", to)?;
        // A copy may fail after S3 has answered 200
        // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
        if self.sandbox.strikes(Fault::ErrorInside) {
            self.send_request("publish", to).await?;
            return Err(self.error("publish", to, StoreErrorKind::Transient));
        }
        let (source, target) = (from.to_owned(), to.to_owned());
        let copied = self
            .change("publish", to, move |bucket, contents| {
                let Some(object) = contents.objects.get(&source) else {
                    return Err(StoreErrorKind::NotFound);
                };
                if let Some(kind) = object.behaviour.refusal() {
                    return Err(kind);
                }
                let body = object.body.clone();
                bucket.store(contents, &target, body);
                Ok(())
            })
            .await?;
        match copied {
            Err(StoreErrorKind::NotFound) if self.head(to).await?.is_some() => Ok(()),
            copied => copied.map_err(|kind| self.error("publish", from, kind)),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.check_key("head", key)?;
        self.send_request("head", key).await?;
        let found = (self.bucket).look(|contents| {
            let object = contents.objects.get(key)?;
            Some(Head {
                bytes: object.body.len() as u64,
                modified: contents.modified(key),
            })
        });
        self.receive_response().await;
        Ok(found)
    }

    fn url(&self, key: &str) -> String {
        self.bucket.url(key)
    }
}
