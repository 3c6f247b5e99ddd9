//! The stash, as a function reads it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use rehose_store::{Body, Head, Page, Put, Store, StoreError, StoreErrorKind, Upload};
use tokio::time::{Instant, sleep_until};

use super::{Bucket, Link};
use crate::cloud::Cloud;
use crate::lambda::Sandbox;
use crate::latency;
use crate::meter::Request;
use crate::work;

/// Bytes of an object that a function transcodes while the next ones arrive.
const CHUNK: u64 = 256 * 1024;

/// The stash.
#[derive(Debug)]
pub(crate) struct Stash(Link);

impl Stash {
    pub(crate) fn new(cloud: &Arc<Cloud>, sandbox: &Arc<Sandbox>) -> Self {
        Self(Link::new(cloud, sandbox, Bucket::Stash))
    }

    fn refused(&self, operation: &'static str, key: &str) -> StoreError {
        self.0.error(operation, key, StoreErrorKind::Denied)
    }
}

#[async_trait]
impl Store for Stash {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        if prefix != self.0.cloud.world.prefix() {
            return Err(self.refused("list", prefix));
        }
        self.0.request(Request::List, "list", prefix, 0).await?;
        self.0.cloud.meter.add(|counts| counts.stash_pages += 1);
        let page = self.0.cloud.world.page(after, limit, self.0.cloud.now());
        let keys = page.objects.len();
        self.0.sandbox.compute(work::of_keys(keys)).await;
        Ok(page)
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.0.request(Request::Get, "read", key, 0).await?;
        if self.0.cloud.world.number(key).is_none() {
            return Err(self.0.error("read", key, StoreErrorKind::NotFound));
        }
        let link = self.0.clone();
        link.sandbox.has_read(link.cloud.stack.stored);
        Ok(stream::once(async move { Ok(transcoded(link).await) }).boxed())
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        Err(self.refused("write", key))
    }

    async fn put_if_absent(&self, key: &str, _: Bytes) -> Result<Put, StoreError> {
        Err(self.refused("put", key))
    }

    async fn publish(&self, _: &str, to: &str) -> Result<(), StoreError> {
        Err(self.refused("publish", to))
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.0.request(Request::Head, "head", key, 0).await?;
        let Cloud { world, stack, .. } = &*self.0.cloud;
        Ok(world.number(key).map(|_| super::head(stack.stored)))
    }

    fn url(&self, key: &str) -> String {
        self.0.url(key)
    }
}

/// Waits until an object has arrived and its text is transcoded, piece by piece. The product
/// transcodes its few bytes after that, in no time of this clock.
async fn transcoded(link: Link) -> Bytes {
    let Cloud { world, stack, .. } = &*link.cloud;
    let pieces = stack.stored.div_ceil(CHUNK).max(1);
    let on_the_wire: Duration = latency::of_bytes(stack.stored) / pieces as u32;
    let work = world.work / pieces as u32;
    let mut arrived = Instant::now();
    for _ in 0..pieces {
        arrived += on_the_wire;
        sleep_until(arrived).await;
        link.sandbox.compute(work).await;
    }
    world.body.clone()
}
