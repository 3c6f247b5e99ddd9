//! Implements [`Store`] for a map in memory:
//!
//! ```text
//! cargo run -p rehose-store --example store
//! ```
//!
//! A real adapter also passes the conformance suite: `rehose_testkit::suites!(store …)`, as in
//! `tests/conformance`.
#![allow(
    clippy::unwrap_used,
    reason = "a poisoned lock is a bug of the example"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Bound;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use rehose_store::{Body, Head, Listed, Page, Put, Store, StoreError, StoreErrorKind, Upload};

/// The longest key, in bytes, as on S3.
const MAX_KEY_BYTES: usize = 1_024;

type Objects = Arc<Mutex<BTreeMap<String, Object>>>;

#[derive(Debug, Clone)]
struct Object {
    body: Bytes,
    modified: SystemTime,
}

impl Object {
    /// An object that is written now.
    fn new(body: Bytes) -> Self {
        let modified = SystemTime::now();
        Self { body, modified }
    }
}

/// A store in memory.
#[derive(Debug, Clone, Default)]
struct MemoryStore {
    objects: Objects,
}

impl MemoryStore {
    fn error(&self, operation: &'static str, key: &str, kind: StoreErrorKind) -> StoreError {
        StoreError {
            operation,
            url: self.url(key),
            kind,
            reason: kind.code().to_owned(),
            source: Some(kind.code().into()),
        }
    }

    fn check_key(&self, operation: &'static str, key: &str) -> Result<(), StoreError> {
        match (1..=MAX_KEY_BYTES).contains(&key.len()) {
            true => Ok(()),
            false => Err(self.error(operation, key, StoreErrorKind::InvalidKey)),
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let objects = self.objects.lock().unwrap();
        let mut found = (objects.range::<str, _>((from, Bound::Unbounded)))
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, Object { body, modified })| Listed {
                key: key.clone(),
                bytes: body.len() as u64,
                tag: tag(body),
                modified: *modified,
            });
        Ok(Page {
            objects: found.by_ref().take(limit).collect(),
            more: found.next().is_some(),
        })
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.check_key("read", key)?;
        match self.objects.lock().unwrap().get(key) {
            Some(object) => Ok(stream::iter([Ok(object.body.clone())]).boxed()),
            None => Err(self.error("read", key, StoreErrorKind::NotFound)),
        }
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        self.check_key("write", key)?;
        Ok(Box::new(MemoryUpload {
            objects: Arc::clone(&self.objects),
            key: key.to_owned(),
            body: BytesMut::new(),
        }))
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        self.check_key("put", key)?;
        // One lock for the check and the write: of several concurrent calls, one creates the object.
        let mut objects = self.objects.lock().unwrap();
        if objects.contains_key(key) {
            return Ok(Put::Exists);
        }
        objects.insert(key.to_owned(), Object::new(body));
        Ok(Put::Created)
    }

    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.check_key("publish", from)?;
        self.check_key("publish", to)?;
        let mut objects = self.objects.lock().unwrap();
        match objects.remove(from) {
            Some(object) => drop(objects.insert(to.to_owned(), object)),
            // An earlier call may have published it.
            None if objects.contains_key(to) => {}
            None => return Err(self.error("publish", from, StoreErrorKind::NotFound)),
        }
        Ok(())
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.check_key("head", key)?;
        let objects = self.objects.lock().unwrap();
        Ok(objects.get(key).map(|object| Head {
            bytes: object.body.len() as u64,
            modified: object.modified,
        }))
    }

    fn url(&self, key: &str) -> String {
        format!("memory:///{key}")
    }
}

/// Another content has another tag. No store hashes its objects for each listing; this one is small.
fn tag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("{:016x}", hasher.finish())
}

/// An object being written. Dropping it discards its bytes.
struct MemoryUpload {
    objects: Objects,
    key: String,
    body: BytesMut,
}

#[async_trait]
impl Upload for MemoryUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.body.extend_from_slice(&bytes);
        Ok(())
    }

    async fn complete(self: Box<Self>) -> Result<u64, StoreError> {
        let bytes = self.body.len() as u64;
        let object = Object::new(self.body.freeze());
        self.objects.lock().unwrap().insert(self.key, object);
        Ok(bytes)
    }

    async fn abort(self: Box<Self>) {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = MemoryStore::default();
    let mut upload = store.write("2020/02/01/a").await?;
    upload.write("rows".into()).await?;
    upload.complete().await?;
    let put = store.put_if_absent("2020/02/01/a", "other".into()).await?;
    assert_eq!(put, Put::Exists);
    for object in store.list("2020/", None, 1_000).await?.objects {
        println!("{} {} bytes", store.url(&object.key), object.bytes);
    }
    Ok(())
}
