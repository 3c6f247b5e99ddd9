//! A store with scripted failures over a working store.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use rehose_store::{Body, Head, Page, Put, Store, StoreError, StoreErrorKind, Upload};

/// A request to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    List,
    Read,
    Write,
    Put,
    Publish,
    Head,
}

impl Operation {
    /// Whether it changes what the store holds.
    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Put | Self::Publish)
    }
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It is refused with an error of this kind.
    Refused(StoreErrorKind),
    /// A read delivers at most this many bytes and then hangs.
    StalledAfter(usize),
}

type Script = dyn Fn(Operation, &str) -> Option<Failure> + Send + Sync;

/// Runs a script before each request, and forwards the request if the script returns no failure.
pub struct FaultStore {
    inner: Arc<dyn Store>,
    script: Box<Script>,
    requests: AtomicUsize,
}

impl FaultStore {
    /// A store over `inner`. The script gets the operation, and the key or prefix; of
    /// [`Operation::Publish`], the key where the object becomes visible.
    pub fn new(
        inner: Arc<dyn Store>,
        script: impl Fn(Operation, &str) -> Option<Failure> + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner,
            script: Box::new(script),
            requests: AtomicUsize::new(0),
        }
    }

    /// A store that refuses to write one object.
    pub fn refusing(inner: Arc<dyn Store>, refused: &'static str, kind: StoreErrorKind) -> Self {
        Self::new(inner, move |operation, key| {
            (operation.writes() && key == refused).then_some(Failure::Refused(kind))
        })
    }

    /// A store that refuses every write.
    pub fn read_only(inner: Arc<dyn Store>) -> Self {
        Self::new(inner, |operation, _| {
            (operation.writes()).then_some(Failure::Refused(StoreErrorKind::Denied))
        })
    }

    /// The number of requests since the last call.
    pub fn take_requests(&self) -> usize {
        self.requests.swap(0, Ordering::Relaxed)
    }

    /// Returns how many bytes a read may deliver, or the error of a refused request.
    fn ask(&self, operation: Operation, key: &str) -> Result<Option<usize>, StoreError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match (self.script)(operation, key) {
            None => Ok(None),
            Some(Failure::StalledAfter(bytes)) => Ok(Some(bytes)),
            Some(Failure::Refused(kind)) => Err(StoreError {
                operation: "ask for",
                url: self.url(key),
                kind,
                reason: "refused".to_owned(),
                source: None,
            }),
        }
    }
}

impl fmt::Debug for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaultStore").field(&self.inner).finish()
    }
}

#[async_trait]
impl Store for FaultStore {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.ask(Operation::List, prefix)?;
        self.inner.list(prefix, after, limit).await
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.ask(Operation::List, prefix)?;
        self.inner.folders(prefix).await
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        let limit = self.ask(Operation::Read, key)?;
        let body = self.inner.read(key).await?;
        let Some(mut left) = limit else {
            return Ok(body);
        };
        let delivered = body.map(move |chunk| {
            let mut chunk = chunk?;
            chunk.truncate(left);
            left -= chunk.len();
            Ok(chunk)
        });
        Ok(delivered.chain(stream::pending()).boxed())
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        self.ask(Operation::Write, key)?;
        self.inner.write(key).await
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        self.ask(Operation::Put, key)?;
        self.inner.put_if_absent(key, body).await
    }

    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.ask(Operation::Publish, to)?;
        self.inner.publish(from, to).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.ask(Operation::Head, key)?;
        self.inner.head(key).await
    }

    async fn link(&self, key: &str, valid: Duration) -> Result<Option<String>, StoreError> {
        self.ask(Operation::Read, key)?;
        self.inner.link(key, valid).await
    }

    async fn tidy(&self) {
        self.inner.tidy().await;
    }

    fn url(&self, key: &str) -> String {
        self.inner.url(key)
    }
}
