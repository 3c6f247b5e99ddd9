//! Object stores, reduced to the operations that a job needs.
//!
//! A [`Store`] has a root: a bucket, a prefix in a bucket, or a folder. Keys are relative to it.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

/// The largest page that [`Store::list`] returns, in keys: the limit of S3's `ListObjectsV2`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>).
pub const MAX_PAGE: usize = 1_000;

/// The bytes of an object as they arrive. A stream that ends without an error has delivered the whole
/// object.
pub type Body = BoxStream<'static, Result<Bytes, StoreError>>;

/// Objects with keys.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Lists at most `limit` (1 to [`MAX_PAGE`]) objects whose keys begin with `prefix` and come
    /// after `after`, in ascending order of the keys' UTF-8 bytes. The prefix is a string, not a
    /// folder: `a/b` finds `a/bc`. The key `after` need not exist.
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError>;

    /// Lists the folders directly under `prefix`, which is empty or ends with `/`: the beginnings of keys up to
    /// and with the next `/`, in ascending order.
    ///
    /// Unless a store does better, it takes a request for each.
    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut folders: Vec<String> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.list(prefix, after.as_deref(), 1).await?;
            let Some(object) = page.objects.into_iter().next() else {
                return Ok(folders);
            };
            let name = object
                .key
                .get(prefix.len()..)
                .and_then(|rest| rest.find('/'));
            after = match name.and_then(|name| object.key.get(..=prefix.len() + name)) {
                Some(folder) => {
                    folders.push(folder.to_owned());
                    // After all keys in the folder.
                    Some(format!("{folder}{}", char::MAX))
                }
                None => Some(object.key),
            };
        }
    }

    /// Opens an object for reading.
    async fn read(&self, key: &str) -> Result<Body, StoreError>;

    /// Reads a range of an object, which is held in memory. The result is shorter than the range if the
    /// object ends before it does.
    ///
    /// Unless a store does better, it reads the object from its beginning.
    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        let mut body = self.read(key).await?;
        let mut found = BytesMut::new();
        let mut offset = 0;
        while offset < range.end
            && let Some(piece) = body.try_next().await?
        {
            found.extend_from_slice(overlap(&piece, offset, &range));
            offset += piece.len() as u64;
        }
        Ok(found.freeze())
    }

    /// Starts writing an object of unknown size. It becomes visible, or replaces the existing one, at
    /// [`Upload::complete`], and never in part.
    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError>;

    /// Writes a small object if `key` does not exist.
    ///
    /// Of several concurrent calls, exactly one returns [`Put::Created`]. If the network loses its
    /// response, a retry may find the object of the first attempt and return [`Put::Exists`].
    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError>;

    /// Makes the object at the key `from` visible at the key `to`, whole and in one step. It replaces what
    /// is there: a reader of `to` gets the old object or the new one.
    ///
    /// Whether the object stays at `from` too depends on the store. A folder renames the file. S3 copies
    /// the object on the server and leaves the source where it is, because rehose never has the permission
    /// to delete.
    ///
    /// The call may be repeated, which it must be if its outcome is unknown: if nothing is at `from`, and
    /// an object at `to`, it succeeds.
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound), which names `from`, if neither object exists, and
    /// [`TooLarge`](StoreErrorKind::TooLarge) if S3 cannot copy the object in one step: it has more than
    /// 5 GB (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError>;

    /// What is known of an object without reading it, or `None` if it does not exist.
    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError>;

    /// A URL from which anybody can read an object for some time without credentials, if the store has such.
    /// Whether the object exists is not looked at.
    async fn link(&self, _key: &str, _valid: Duration) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Waits for the aborts of dropped uploads. A function calls this before it responds: Lambda
    /// freezes the environment after the response, and background work stops too.
    async fn tidy(&self) {}

    /// The name of an object for people: `s3://bucket/key`, or a path.
    fn url(&self, key: &str) -> String;
}

/// Returns the part of a piece of an object, which begins at an offset, that lies in a range.
fn overlap<'a>(piece: &'a [u8], offset: u64, range: &Range<u64>) -> &'a [u8] {
    let within = |at: u64| at.saturating_sub(offset).min(piece.len() as u64) as usize;
    piece
        .get(within(range.start)..within(range.end))
        .unwrap_or_default()
}

/// An object being written.
///
/// # Cancel safety
///
/// An upload that is dropped never becomes visible. Its stored parts are removed in the background
/// ([`Store::tidy`] waits for that); [`abort`](Upload::abort) removes them at once. After a call to
/// `write` failed or was dropped, the object cannot be completed.
#[async_trait]
pub trait Upload: Send {
    /// Appends bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError>;

    /// Makes the object visible, and returns its size in bytes.
    async fn complete(self: Box<Self>) -> Result<u64, StoreError>;

    /// Discards the object.
    async fn abort(self: Box<Self>);
}

/// The name of a store: the URL of its root, such as `s3://bucket/` or `/path/to/folder/`. Jobs refer
/// to their source by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct StoreName(String);

impl From<String> for StoreName {
    /// Older versions wrote the slash at the end of a folder as often as the user did.
    fn from(name: String) -> Self {
        match name.trim_end_matches('/') {
            folder if folder.len() + 1 < name.len() && !name.starts_with("s3://") => {
                Self(format!("{folder}/"))
            }
            _ => Self(name),
        }
    }
}

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

    /// Whether it names a bucket, and not a folder.
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
    /// Whether more keys may follow.
    pub more: bool,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key, relative to the store's root.
    pub key: String,
    /// The size in bytes.
    pub bytes: u64,
    /// A text that changes whenever the content of the object changes, and has no other meaning. It may
    /// also change when the same content is written again.
    pub tag: String,
    /// When it was written.
    pub modified: SystemTime,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The size in bytes.
    pub bytes: u64,
    /// When it was written. S3 has whole seconds, and of an upload in parts the second in which it began
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>).
    pub modified: SystemTime,
}

/// The result of [`Store::put_if_absent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object was written.
    Created,
    /// Another object exists, and is unchanged.
    Exists,
}

/// Why an operation on an object failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {url}: {reason}")]
pub struct StoreError {
    /// The operation: `list`, `read`, `write`, `put`, `publish`, `head`, `link`; `open` and `lock` for a folder.
    pub operation: &'static str,
    /// The object, as [`Store::url`] names it.
    pub url: String,
    /// The kind of failure.
    pub kind: StoreErrorKind,
    /// The backend's error code and message.
    pub reason: String,
    /// The backend's error, if there is one.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kinds of failure that a job distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The object does not exist.
    NotFound,
    /// The credentials, or the user, lack a permission.
    Denied,
    /// The object's storage class has to be restored before it can be read
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html>).
    Archived,
    /// The backend cannot hold an object under this key.
    InvalidKey,
    /// The backend cannot hold an object as large as this one.
    TooLarge,
    /// Anything else: throttling, the network, a full disk. A retry may succeed.
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
