//! An object store, reduced to what a job needs.
//!
//! A [`Store`] is rooted somewhere (a bucket, a prefix in it, a folder); keys are relative to that
//! root.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

/// The largest page that [`Store::list`] returns, in keys: the limit of S3's `ListObjectsV2`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>).
pub const MAX_PAGE: usize = 1_000;

/// An object's bytes as they arrive. An error ends the stream; a stream that ends without one has
/// delivered the whole object.
pub type Body = BoxStream<'static, Result<Bytes, StoreError>>;

/// Holds objects under keys.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Lists at most `limit` (1 to [`MAX_PAGE`]) objects whose keys begin with `prefix` and come
    /// after `after`, in ascending order of the keys' UTF-8 bytes. The prefix is a string, not a
    /// folder: `a/b` finds `a/bc`. No object needs to stand under `after`.
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError>;

    /// Opens an object for reading.
    async fn read(&self, key: &str) -> Result<Body, StoreError>;

    /// Begins to write an object whose length is not known. Nothing is visible under `key` before
    /// [`Upload::complete`] returns, and an object that stood there before is replaced whole.
    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError>;

    /// Writes a small object unless `key` has one, and returns which of the two happened. Of any number of concurrent calls exactly one is told [`Put::Created`], unless the
    /// network loses that answer: then the call may find its own object and say [`Put::Exists`].
    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError>;

    /// The size of an object in bytes, or `None` where there is none.
    async fn head(&self, key: &str) -> Result<Option<u64>, StoreError>;

    /// Waits until the uploads that were dropped are aborted. Lambda freezes the environment after
    /// the response; background work stops too.
    async fn tidy(&self) {}

    /// The object's URL for people: `s3://bucket/key`, or a path.
    fn url(&self, key: &str) -> String;
}

/// An object being written.
///
/// # Cancel safety
///
/// An upload that is dropped without [`complete`](Upload::complete) leaves nothing visible. What was
/// stored of it is freed in the background: see [`Store::tidy`]. [`abort`](Upload::abort) frees it
/// before it returns.
#[async_trait]
pub trait Upload: Send {
    /// Appends bytes. Once a call has failed or was given up half-way, the object cannot be
    /// completed any more.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError>;

    /// Makes the object visible, whole, and returns its size in bytes.
    async fn complete(self: Box<Self>) -> Result<u64, StoreError>;

    /// Gives the object up.
    async fn abort(self: Box<Self>);
}

/// The name of a store: the URL of its root, such as `s3://bucket/` or `/path/to/folder/`. Jobs and
/// tasks refer to their source by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoreName(String);

impl StoreName {
    /// The name of a store.
    pub fn of(store: &dyn Store) -> Self {
        Self(store.url(""))
    }

    /// The name of a bucket of S3.
    pub fn of_bucket(bucket: &str) -> Self {
        Self(format!("s3://{bucket}/"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a bucket of S3 and not a folder.
    pub fn is_bucket(&self) -> bool {
        self.0.starts_with("s3://")
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The objects, in ascending order of their keys.
    pub objects: Vec<Listed>,
    /// Whether keys may follow after the last one of this page.
    pub more: bool,
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key, relative to the store's root.
    pub key: String,
    /// The size in bytes.
    pub bytes: u64,
}

/// What [`Store::put_if_absent`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object is the caller's.
    Created,
    /// Another object stood there and still stands.
    Exists,
}

/// Why an operation on an object failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {url}: {reason}")]
pub struct StoreError {
    /// What was being done: `list`, `read`, `write`, `put`, `head`; `open` and `lock` for a folder.
    pub operation: &'static str,
    /// The object, as [`Store::url`] names it.
    pub url: String,
    /// What kind of failure it is, for the caller to act upon.
    pub kind: StoreErrorKind,
    /// The backend's own words, with its codes.
    pub reason: String,
    /// The backend's error, where it has one.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The few kinds of failure that make a difference to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// There is no such object (any more).
    NotFound,
    /// These credentials, or this user, may not do that.
    Denied,
    /// The object's storage class has to be restored before it can be read
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html>).
    Archived,
    /// The backend cannot hold an object under this key.
    InvalidKey,
    /// The backend cannot hold an object as large as this one.
    TooLarge,
    /// Anything else: throttling, the network, a full disk. Another attempt may succeed.
    Transient,
}

impl StoreErrorKind {
    /// A short stable name, for receipts and reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "gone",
            Self::Denied => "denied",
            Self::Archived => "archived",
            Self::InvalidKey => "invalid-key",
            Self::TooLarge => "too-large",
            Self::Transient => "transient",
        }
    }
}
