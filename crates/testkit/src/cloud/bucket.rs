//! A bucket of S3, and a function's client of it.
//!
//! - This file: the bucket and its contents.
//! - [`Client`]: a [`Store`](rehose_store::Store) over the bucket, as `S3Store` is on AWS.
//! - `upload`: an object being written, in one request or in parts.

mod client;
mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use rehose_store::StoreErrorKind;
use tokio::time::{Instant, sleep};

use super::chance::Chance;
use super::sandbox::Sandbox;
pub use client::Client;

/// A bucket.
pub struct Bucket {
    name: &'static str,
    chance: Arc<Chance>,
    /// The size of a part of an upload.
    part: usize,
    contents: Mutex<Contents>,
    created: Instant,
    /// Called after every change with the contents and the key.
    pub watcher: OnceLock<Watcher>,
}

/// A callback of [`Bucket::watcher`].
pub type Watcher = Box<dyn Fn(&Contents, &str) + Send + Sync>;

/// What a bucket holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The visible objects by their keys.
    pub objects: BTreeMap<String, StoredObject>,
    /// When each object was written.
    modified: BTreeMap<String, SystemTime>,
    /// Uploads that are neither completed nor aborted.
    pub uploads: BTreeMap<u64, Unfinished>,
    next_upload: u64,
}

impl Contents {
    /// When an object was written.
    fn modified(&self, key: &str) -> SystemTime {
        let modified = self.modified.get(key).copied();
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// An object in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    pub body: Bytes,
    pub behaviour: Behaviour,
}

impl StoredObject {
    /// As an ETag of S3: equal contents have equal tags.
    pub fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.body);
        format!("{:032x}", hasher.finish())
    }
}

/// How an object behaves when it is listed or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Plain,
    /// A bucket policy denies it.
    Denied,
    /// Its storage class must be restored before it can be read.
    Archived,
    /// Reading it takes more memory than a function has.
    Deadly,
    /// It is deleted within hours of its first listing.
    Vanishing,
}

impl Behaviour {
    /// How S3 refuses to read it or to copy it.
    fn refusal(self) -> Option<StoreErrorKind> {
        match self {
            Self::Denied => Some(StoreErrorKind::Denied),
            Self::Archived => Some(StoreErrorKind::Archived),
            Self::Plain | Self::Deadly | Self::Vanishing => None,
        }
    }
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug)]
pub struct Unfinished {
    pub key: String,
    pub sandbox: Arc<Sandbox>,
    parts: BytesMut,
}

impl Unfinished {
    /// Whether the function that began it was killed or cut off before it could abort it.
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
    /// An empty bucket whose uploads are sent in parts of `part` bytes.
    pub fn new(name: &'static str, part: usize, chance: &Arc<Chance>) -> Arc<Self> {
        Arc::new(Self {
            name,
            chance: Arc::clone(chance),
            part,
            contents: Mutex::default(),
            created: Instant::now(),
            watcher: OnceLock::new(),
        })
    }

    /// Puts an object into the bucket, without a request.
    pub fn place(&self, key: &str, object: StoredObject) {
        self.insert(&mut self.contents.lock().unwrap(), key, object);
    }

    fn insert(&self, contents: &mut Contents, key: &str, object: StoredObject) {
        let now = SystemTime::UNIX_EPOCH + self.created.elapsed();
        contents.modified.insert(key.to_owned(), now);
        contents.objects.insert(key.to_owned(), object);
    }

    /// Reads the contents, without a request.
    pub fn look<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.contents.lock().unwrap())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        change(&mut self.contents.lock().unwrap())
    }

    fn store(&self, contents: &mut Contents, key: &str, body: Bytes) {
        let object = StoredObject {
            body,
            behaviour: Behaviour::Plain,
        };
        self.insert(contents, key, object);
        self.chance.note(format_args!("stored {key}"));
        if let Some(watcher) = self.watcher.get() {
            watcher(contents, key);
        }
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }
}

/// Schedules the deletion of a [`Behaviour::Vanishing`] object at its first listing.
fn vanish_soon(bucket: &Arc<Bucket>, key: &str) {
    let is_new = bucket.change(|contents| match contents.objects.get_mut(key) {
        Some(object) if object.behaviour == Behaviour::Vanishing => {
            object.behaviour = Behaviour::Plain;
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
