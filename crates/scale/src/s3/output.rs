//! The output, as a function reads and writes it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use rehose_store::{Body, Head, Page, Put, Store, StoreError, StoreErrorKind, Upload};

use super::{Bucket, Link};
use crate::cloud::Cloud;
use crate::lambda::Sandbox;
use crate::meter::Request;
use crate::work;

/// The output.
#[derive(Debug)]
pub(crate) struct Output(Link);

/// The size of a part of an upload, and of the smallest object that is uploaded in parts, as
/// `rehose_store::aws` has them.
const PART_BYTES: u64 = 8 * 1024 * 1024;

/// What the keys of documents begin with.
const LEDGER: [&str; 4] = ["jobs/", "generations/", "rehose.json", "merge.json"];

/// What the keys of merged files begin with, before and after they are published.
const MERGED: [&str; 2] = ["unpublished/", "merged/"];

/// An object of the output.
enum Place {
    /// The rows of an object of the stash, by its number.
    Rows(u64),
    /// A merged file.
    File,
    Ledger,
    Elsewhere,
}

impl Output {
    pub(crate) fn new(cloud: &Arc<Cloud>, sandbox: &Arc<Sandbox>) -> Self {
        Self(Link::new(cloud, sandbox, Bucket::Output))
    }
}

impl Link {
    fn place(&self, key: &str) -> Place {
        let begins_with = |begin: &&str| key.starts_with(*begin);
        let Some(source) = key.strip_prefix("csv/") else {
            return match () {
                () if LEDGER.iter().any(begins_with) => Place::Ledger,
                () if MERGED.iter().any(begins_with) => Place::File,
                () => Place::Elsewhere,
            };
        };
        let number = source.strip_suffix(".csv.gz");
        let number = number.and_then(|key| self.cloud.world.number(key));
        number.map_or(Place::Elsewhere, Place::Rows)
    }

    /// Puts an object, and returns its size. With `if_absent`, an object that exists stays, and the answer
    /// is `None`.
    async fn put(
        &self,
        operation: &'static str,
        key: &str,
        body: Bytes,
        if_absent: bool,
    ) -> Result<Option<u64>, StoreError> {
        let place = self.place(key);
        let bytes = match place {
            // Rows are about as large as their object.
            Place::Rows(_) => self.cloud.stack.stored,
            Place::File | Place::Ledger | Place::Elsewhere => {
                let work = work::of_document(body.len());
                self.sandbox.compute(work).await;
                body.len() as u64
            }
        };
        self.request(Request::Put, operation, key, bytes).await?;
        let mut contents = self.cloud.contents();
        if if_absent && contents.ledger().contains_key(key) {
            return Ok(None);
        }
        match place {
            Place::Rows(number) => contents.write_rows(number),
            Place::Ledger => contents.write(key, body),
            Place::File | Place::Elsewhere => contents.strange.push(key.to_owned()),
        }
        Ok(Some(bytes))
    }

    /// Puts a merged file with the rows of all that the function has read, in parts if it is large. Returns
    /// its size.
    async fn put_file(&self, key: &str) -> Result<u64, StoreError> {
        let bytes = work::merged_bytes(self.sandbox.take_read());
        let put = |sent| self.request(Request::Put, "write", key, sent);
        if bytes < PART_BYTES {
            put(bytes).await?;
        } else {
            // The upload is begun, and in the end completed.
            put(0).await?;
            let mut left = bytes;
            while left > 0 {
                let part = left.min(PART_BYTES);
                put(part).await?;
                left -= part;
            }
            put(0).await?;
        }
        self.cloud.contents().write_file(key, bytes);
        Ok(bytes)
    }
}

#[async_trait]
impl Store for Output {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.0.request(Request::List, "list", prefix, 0).await?;
        let page = self.0.cloud.contents().page(prefix, after, limit);
        let keys = page.objects.len();
        self.0.sandbox.compute(work::of_keys(keys)).await;
        Ok(page)
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.0.request(Request::Get, "read", key, 0).await?;
        let document = self.0.cloud.contents().ledger().get(key).cloned();
        let Some(document) = document else {
            return Err(self.0.error("read", key, StoreErrorKind::NotFound));
        };
        self.0.receive(document.len() as u64).await;
        self.0
            .sandbox
            .compute(work::of_document(document.len()))
            .await;
        Ok(stream::once(async move { Ok(document) }).boxed())
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        Ok(Box::new(Draft {
            link: self.0.clone(),
            key: key.to_owned(),
            buffer: BytesMut::new(),
        }))
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        let put = self.0.put("put", key, body, true).await?;
        Ok(match put {
            Some(_) => Put::Created,
            None => Put::Exists,
        })
    }

    /// Publishes a merged file.
    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let bytes = self.0.cloud.contents().file(from);
        // S3 counts a copy as a write, and copies about as fast as a function reads: 2 GB in half a minute
        // (<https://github.com/awslabs/aws-sdk-rust/issues/1141>).
        let copied = bytes.unwrap_or_default();
        self.0.request(Request::Put, "publish", to, copied).await?;
        let mut contents = self.0.cloud.contents();
        match (bytes, self.0.place(to)) {
            (Some(bytes), Place::File) => contents.write_file(to, bytes),
            (Some(_), _) => contents.strange.push(to.to_owned()),
            (None, _) if contents.file(to).is_some() => {}
            (None, _) => return Err(self.0.error("publish", from, StoreErrorKind::NotFound)),
        }
        Ok(())
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.0.request(Request::Head, "head", key, 0).await?;
        let contents = self.0.cloud.contents();
        let bytes = match self.0.place(key) {
            Place::Rows(number) => (contents.has_rows(number)).then_some(self.0.cloud.stack.stored),
            Place::File => contents.file(key),
            Place::Ledger | Place::Elsewhere => {
                contents.ledger().get(key).map(|body| body.len() as u64)
            }
        };
        Ok(bytes.map(super::head))
    }

    fn url(&self, key: &str) -> String {
        self.0.url(key)
    }
}

/// An object being written, in one request.
struct Draft {
    link: Link,
    key: String,
    buffer: BytesMut,
}

#[async_trait]
impl Upload for Draft {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    async fn complete(self: Box<Self>) -> Result<u64, StoreError> {
        if let Place::File = self.link.place(&self.key) {
            return self.link.put_file(&self.key).await;
        }
        let body = self.buffer.freeze();
        let put = self.link.put("write", &self.key, body, false).await?;
        Ok(put.unwrap_or_default())
    }

    async fn abort(self: Box<Self>) {}
}
