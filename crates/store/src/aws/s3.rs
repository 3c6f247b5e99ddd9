//! Objects in a bucket of S3.

mod error;
mod publish;
mod upload;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::EncodingType;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use tokio_util::task::TaskTracker;

use crate::{
    Body, Head, Listed, MAX_PAGE, Page, Put, Store, StoreError, StoreErrorKind, Upload, decode_key,
};
use error::{failure, status, unclear};
use upload::S3Upload;

/// The longest key, in bytes of UTF-8
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const MAX_KEY_BYTES: usize = 1_024;

/// The most attempts of a conditional write that conflicts with a concurrent one. S3 answers 409
/// until one of them has succeeded
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
const PUT_ATTEMPTS: u32 = 6;

/// The longest wait before the second of these attempts; it doubles with each.
const PUT_WAIT: Duration = Duration::from_millis(50);

/// A store in a general purpose bucket, or under a prefix in it.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: Arc<str>,
    root: Arc<str>,
    /// Aborts of uploads that were dropped.
    aborts: TaskTracker,
}

impl S3Store {
    /// A store under the prefix `root`, which may be empty. A missing `/` is appended to it.
    pub fn new(client: Client, bucket: &str, root: &str) -> Self {
        let slash = if root.is_empty() || root.ends_with('/') {
            ""
        } else {
            "/"
        };
        Self {
            client,
            bucket: bucket.into(),
            root: format!("{root}{slash}").into(),
            aborts: upload::aborts(),
        }
    }

    /// The key in the bucket.
    fn full_key(&self, operation: &'static str, key: &str) -> Result<String, StoreError> {
        let full = format!("{}{key}", self.root);
        if (1..=MAX_KEY_BYTES).contains(&full.len()) {
            return Ok(full);
        }
        Err(StoreError {
            operation,
            url: self.url(key),
            kind: StoreErrorKind::InvalidKey,
            reason: format!(
                "a key has 1 to {MAX_KEY_BYTES} bytes, and this one has {}",
                full.len()
            ),
            source: None,
        })
    }
}

#[async_trait]
impl Store for S3Store {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let answer = self
            .client
            .list_objects_v2()
            .bucket(&*self.bucket)
            .prefix(format!("{}{prefix}", self.root))
            .set_start_after(after.map(|after| format!("{}{after}", self.root)))
            .max_keys(limit.min(MAX_PAGE) as i32)
            // XML cannot represent some characters that a key may have.
            .encoding_type(EncodingType::Url)
            .send()
            .await
            .map_err(|error| failure("list", self.url(prefix), error))?;

        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let objects = answer
            .contents()
            .iter()
            .map(|object| {
                let key = object.key()?;
                let key = if encoded {
                    decode_key(key)?
                } else {
                    key.to_owned()
                };
                Some(Listed {
                    key: key.strip_prefix(&*self.root)?.to_owned(),
                    bytes: object.size()?.try_into().ok()?,
                    // It reflects changes of the content only
                    // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>).
                    tag: object.e_tag()?.trim_matches('"').to_owned(),
                    modified: written(object.last_modified()?)?,
                })
            })
            .collect::<Option<_>>()
            .ok_or_else(|| unclear("list", self.url(prefix), "a key, a size, an ETag or a time"))?;
        Ok(Page {
            objects,
            more: answer.is_truncated().unwrap_or_default(),
        })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&*self.bucket)
            .prefix(format!("{}{prefix}", self.root))
            .delimiter("/")
            .encoding_type(EncodingType::Url)
            .into_paginator()
            .send();
        let mut folders = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure("list", self.url(prefix), error))?;
            let encoded = page.encoding_type() == Some(&EncodingType::Url);
            for folder in page.common_prefixes().iter().filter_map(|one| one.prefix()) {
                let folder = match encoded {
                    true => decode_key(folder),
                    false => Some(folder.to_owned()),
                };
                let folder = folder
                    .as_deref()
                    .and_then(|key| key.strip_prefix(&*self.root));
                let folder = folder.ok_or_else(|| unclear("list", self.url(prefix), "a folder"))?;
                folders.push(folder.to_owned());
            }
        }
        Ok(folders)
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        let url = self.url(key);
        let answer = self
            .client
            .get_object()
            .bucket(&*self.bucket)
            .key(self.full_key("read", key)?)
            .send()
            .await
            .map_err(|error| failure("read", url.clone(), error))?;
        Ok(
            stream::try_unfold((answer.body, url), |(mut body, url)| async {
                match body.try_next().await {
                    Ok(chunk) => Ok(chunk.map(|chunk| (chunk, (body, url)))),
                    Err(error) => Err(error::broken_off(url, error)),
                }
            })
            .boxed(),
        )
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        // S3 knows no empty range.
        let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else {
            return Ok(Bytes::new());
        };
        let url = self.url(key);
        let answer = self
            .client
            .get_object()
            .bucket(&*self.bucket)
            .key(self.full_key("read", key)?)
            .range(format!("bytes={}-{last}", range.start))
            .send()
            .await;
        let mut answer = match answer {
            Ok(answer) => answer,
            // The object ends before the range begins.
            Err(error) if status(&error) == Some(416) => return Ok(Bytes::new()),
            Err(error) => return Err(failure("read", url, error)),
        };
        if answer.content_range().is_none() {
            return Err(unclear("read", url, "the range"));
        }
        let mut found = BytesMut::new();
        while let Some(chunk) =
            (answer.body.try_next().await).map_err(|error| error::broken_off(url.clone(), error))?
        {
            found.extend_from_slice(&chunk);
        }
        Ok(found.freeze())
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        Ok(Box::new(S3Upload::new(
            self.client.clone(),
            self.bucket.clone(),
            self.full_key("write", key)?,
            self.url(key),
            self.aborts.clone(),
        )))
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        let full = self.full_key("put", key)?;
        let mut attempt = 1;
        loop {
            let answer = self
                .client
                .put_object()
                .bucket(&*self.bucket)
                .key(&full)
                .if_none_match("*")
                .body(body.clone().into())
                .send()
                .await;
            let error = match answer {
                Ok(_) => return Ok(Put::Created),
                Err(error) => error,
            };
            match status(&error) {
                Some(412) => return Ok(Put::Exists),
                Some(409) if attempt < PUT_ATTEMPTS => {
                    let longest = PUT_WAIT * 2_u32.pow(attempt - 1);
                    tokio::time::sleep(longest.mul_f32(fastrand::f32())).await;
                    attempt += 1;
                }
                _ => return Err(failure("put", self.url(key), error)),
            }
        }
    }

    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.copy(from, to).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        let answer = self
            .client
            .head_object()
            .bucket(&*self.bucket)
            .key(self.full_key("head", key)?)
            .send()
            .await;
        match answer {
            Ok(found) => head(&found)
                .map(Some)
                .ok_or_else(|| unclear("head", self.url(key), "the size or the time")),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(failure("head", self.url(key), error)),
        }
    }

    async fn link(&self, key: &str, valid: Duration) -> Result<Option<String>, StoreError> {
        let unusable = |reason: String| StoreError {
            operation: "link",
            url: self.url(key),
            kind: StoreErrorKind::Transient,
            reason,
            source: None,
        };
        let valid =
            PresigningConfig::expires_in(valid).map_err(|error| unusable(error.to_string()))?;
        let signed = self
            .client
            .get_object()
            .bucket(&*self.bucket)
            .key(self.full_key("link", key)?)
            .presigned(valid)
            .await;
        let signed = signed.map_err(|error| unusable(DisplayErrorContext(error).to_string()))?;
        Ok(Some(signed.uri().to_owned()))
    }

    async fn tidy(&self) {
        self.aborts.wait().await;
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.root)
    }
}

fn head(found: &HeadObjectOutput) -> Option<Head> {
    Some(Head {
        bytes: found.content_length()?.try_into().ok()?,
        modified: written(found.last_modified()?)?,
    })
}

/// The whole second, which is all that HEAD tells. Some of S3's likes list fractions, and an object would seem newer
/// than what was made of it within the same second.
fn written(time: &DateTime) -> Option<SystemTime> {
    DateTime::from_secs(time.secs()).try_into().ok()
}
