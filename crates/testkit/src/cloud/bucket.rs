//! A bucket, and a function's client of it: what `S3Store` is on AWS.

mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use rehose_store::{Body, Listed, Page, Put, Store, StoreError, StoreErrorKind, Upload};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use self::upload::Draft;
use super::chance::{Chance, Fault};
use super::sandbox::{Death, Sandbox};

/// S3's longest key, in bytes.
const MAX_KEY_BYTES: usize = 1_024;

/// The least and the most that a slow request takes: more than a function has.
const SLOW: std::ops::Range<Duration> = Duration::from_secs(1)..Duration::from_secs(20 * 60);

/// A bucket.
pub struct Bucket {
    name: &'static str,
    chance: Arc<Chance>,
    /// The size of a part of an upload.
    part: usize,
    contents: Mutex<Contents>,
    /// Is shown every change: the contents, and the key.
    pub watcher: OnceLock<Watcher>,
}

pub type Watcher = Box<dyn Fn(&Contents, &str) + Send + Sync>;

/// What a bucket holds.
#[derive(Debug, Default)]
pub struct Contents {
    pub objects: BTreeMap<String, Object>,
    /// Uploads that are neither completed nor aborted.
    pub uploads: BTreeMap<u64, Unfinished>,
    next_upload: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub body: Bytes,
    pub nature: Nature,
}

/// What is special about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    Plain,
    /// A bucket policy denies it.
    Denied,
    /// It lies in an archive.
    Archived,
    /// It takes more memory than a function has.
    Deadly,
    /// Somebody deletes it soon after it was listed.
    Vanishing,
}

#[derive(Debug)]
pub struct Unfinished {
    pub key: String,
    pub sandbox: Arc<Sandbox>,
    parts: BytesMut,
}

impl Unfinished {
    /// Whether the function that began it could not have aborted it in order.
    pub fn is_excused(&self) -> bool {
        self.sandbox.death().is_some() || self.sandbox.was_cut.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.name).finish()
    }
}

impl Bucket {
    /// An empty bucket that takes uploads in parts of so many bytes.
    pub fn new(name: &'static str, part: usize, chance: &Arc<Chance>) -> Arc<Self> {
        Arc::new(Self {
            name,
            chance: Arc::clone(chance),
            part,
            contents: Mutex::default(),
            watcher: OnceLock::new(),
        })
    }

    /// Puts an object there.
    pub fn place(&self, key: &str, object: Object) {
        (self.contents.lock().unwrap().objects).insert(key.to_owned(), object);
    }

    /// Looks at what it holds.
    pub fn look<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.contents.lock().unwrap())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        change(&mut self.contents.lock().unwrap())
    }

    fn store(&self, contents: &mut Contents, key: &str, body: Bytes) {
        let object = Object {
            body,
            nature: Nature::Plain,
        };
        contents.objects.insert(key.to_owned(), object);
        self.chance.note(format_args!("stored {key}"));
        if let Some(watcher) = self.watcher.get() {
            watcher(contents, key);
        }
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }
}

/// A bucket as a function sees it.
#[derive(Debug, Clone)]
pub struct Client {
    pub bucket: Arc<Bucket>,
    sandbox: Arc<Sandbox>,
    /// Of uploads that were dropped.
    aborts: TaskTracker,
}

impl Client {
    pub fn new(bucket: &Arc<Bucket>, sandbox: &Arc<Sandbox>) -> Self {
        let aborts = TaskTracker::new();
        aborts.close();
        Self {
            bucket: Arc::clone(bucket),
            sandbox: Arc::clone(sandbox),
            aborts,
        }
    }

    fn error(&self, operation: &'static str, key: &str, kind: StoreErrorKind) -> StoreError {
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

    /// The way to the bucket, on which a request may be slow or get lost.
    async fn go(&self, operation: &'static str, key: &str) -> Result<(), StoreError> {
        self.sandbox.gate().await;
        (self.bucket.chance).note(format_args!("{} {operation} {key}", self.sandbox.name));
        self.bucket.chance.travel().await;
        if self.sandbox.strikes(Fault::Slow) {
            sleep(self.bucket.chance.time(SLOW)).await;
        }
        self.sandbox.gate().await;
        if self.sandbox.strikes(Fault::Unavailable) {
            return Err(self.error(operation, key, StoreErrorKind::Transient));
        }
        Ok(())
    }

    /// The way back.
    async fn come_back(&self) {
        self.bucket.chance.travel().await;
        self.sandbox.gate().await;
    }

    /// A request that changes what the bucket holds.
    async fn change<T: Send + 'static>(
        &self,
        operation: &'static str,
        key: &str,
        change: impl FnOnce(&Bucket, &mut Contents) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.go(operation, key).await?;
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
        self.come_back().await;
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
        self.go("list", prefix).await?;
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
            });
            Page {
                objects: page.collect(),
                more: objects.next().is_some(),
            }
        });
        for Listed { key, .. } in &page.objects {
            vanish_soon(&self.bucket, key);
        }
        self.come_back().await;
        Ok(page)
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.check_key("read", key)?;
        self.go("read", key).await?;
        let object = (self.bucket).look(|contents| contents.objects.get(key).cloned());
        self.come_back().await;
        let Some(Object { body, nature }) = object else {
            return Err(self.error("read", key, StoreErrorKind::NotFound));
        };
        match nature {
            Nature::Denied => return Err(self.error("read", key, StoreErrorKind::Denied)),
            Nature::Archived => return Err(self.error("read", key, StoreErrorKind::Archived)),
            Nature::Plain | Nature::Deadly | Nature::Vanishing => {}
        }
        let (client, key) = (self.clone(), key.to_owned());
        let longest = body.len() / 2 + 1;
        Ok(stream::try_unfold(body, move |mut rest| {
            let (client, key) = (client.clone(), key.clone());
            async move {
                client.come_back().await;
                if client.sandbox.strikes(Fault::Slow) {
                    sleep(client.bucket.chance.time(SLOW)).await;
                    client.sandbox.gate().await;
                }
                if client.sandbox.strikes(Fault::BodyReset) {
                    return Err(client.error("read", &key, StoreErrorKind::Transient));
                }
                if nature == Nature::Deadly {
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
        Ok(Box::new(Draft {
            client: self.clone(),
            key: key.to_owned(),
            buffer: Some(BytesMut::new()),
            upload: None,
            sent: 0,
        }))
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        self.check_key("put", key)?;
        if self.sandbox.strikes(Fault::Conflict) {
            self.go("put", key).await?;
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

    async fn head(&self, key: &str) -> Result<Option<u64>, StoreError> {
        self.check_key("head", key)?;
        self.go("head", key).await?;
        let bytes = (self.bucket).look(|contents| {
            let object = contents.objects.get(key)?;
            Some(object.body.len() as u64)
        });
        self.come_back().await;
        Ok(bytes)
    }

    fn url(&self, key: &str) -> String {
        self.bucket.url(key)
    }
}

/// Deletes a vanishing object some time after it was listed for the first time.
fn vanish_soon(bucket: &Arc<Bucket>, key: &str) {
    let is_new = bucket.change(|contents| match contents.objects.get_mut(key) {
        Some(object) if object.nature == Nature::Vanishing => {
            object.nature = Nature::Plain;
            true
        }
        _ => false,
    });
    if !is_new {
        return;
    }
    let (bucket, key) = (Arc::clone(bucket), key.to_owned());
    tokio::spawn(async move {
        let hours = Duration::from_millis(1)..Duration::from_secs(6 * 60 * 60);
        sleep(bucket.chance.time(hours)).await;
        bucket.chance.note(format_args!("vanished {key}"));
        bucket.change(|contents| contents.objects.remove(&key));
    });
}
