//! S3, as a function sees it: requests take time, have a quota and are counted.
//!
//! - [`stash`]: the source, whose objects are computed.
//! - [`output`]: the output, which keeps the ledger, and of other objects only whether they exist.
//! - [`contents`]: what the output holds.
//! - [`rates`]: the request rates of a bucket.
//! - [`retry`]: how the SDK repeats a request that was throttled.

pub(crate) mod contents;
pub(crate) mod output;
pub(crate) mod rates;
pub(crate) mod retry;
pub(crate) mod stash;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rehose_store::{Head, StoreError, StoreErrorKind};
use tokio::time::{sleep, sleep_until};

use crate::cloud::Cloud;
use crate::lambda::Sandbox;
use crate::latency;
use crate::meter::Request;
use crate::work;
use rates::Rates;

/// A bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Stash,
    Output,
}

impl Bucket {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stash => "stash",
            Self::Output => "output",
        }
    }
}

/// When every object was written: none is replaced.
pub(crate) const MODIFIED: SystemTime = SystemTime::UNIX_EPOCH;

/// What a request for the head of an object of a size finds.
fn head(bytes: u64) -> Head {
    Head {
        bytes,
        modified: MODIFIED,
    }
}

/// A function's way to a bucket.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) sandbox: Arc<Sandbox>,
    bucket: Bucket,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.bucket).finish()
    }
}

impl Link {
    fn new(cloud: &Arc<Cloud>, sandbox: &Arc<Sandbox>, bucket: Bucket) -> Self {
        Self {
            cloud: Arc::clone(cloud),
            sandbox: Arc::clone(sandbox),
            bucket,
        }
    }

    fn rates(&self) -> &Rates {
        match self.bucket {
            Bucket::Stash => &self.cloud.stash,
            Bucket::Output => &self.cloud.output,
        }
    }

    /// Makes a request, again if S3 throttles it, as the SDK does. `sent` are the bytes that go with it.
    async fn request(
        &self,
        request: Request,
        operation: &'static str,
        key: &str,
        sent: u64,
    ) -> Result<(), StoreError> {
        let Cloud {
            stack,
            begun,
            meter,
            ..
        } = &*self.cloud;
        let mut retries = self.sandbox.retries.of_request();
        loop {
            let leaves = self.sandbox.reserve(work::REQUEST);
            let is_taken = self.rates().take(request, leaves - *begun);
            let latency = latency::of(request, stack) + latency::of_bytes(sent);
            sleep_until(leaves + latency).await;
            if is_taken {
                retries.succeeded();
                meter.answered(request);
                return Ok(());
            }
            meter.throttled(request);
            match retries.next() {
                Some(wait) => sleep(wait).await,
                None => return Err(self.error(operation, key, StoreErrorKind::Transient)),
            }
        }
    }

    /// Waits for the answer's bytes.
    async fn receive(&self, bytes: u64) {
        let time = latency::of_bytes(bytes);
        if time > Duration::ZERO {
            sleep(time).await;
        }
    }

    fn error(&self, operation: &'static str, key: &str, kind: StoreErrorKind) -> StoreError {
        let reason = match kind {
            StoreErrorKind::Transient => "SlowDown",
            StoreErrorKind::NotFound => "NoSuchKey",
            _ => "AccessDenied",
        };
        StoreError {
            operation,
            url: self.url(key),
            kind,
            reason: reason.to_owned(),
            source: None,
        }
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket.name())
    }
}
