//! Publishing objects by copying them on the server.

use std::time::Duration;

use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::ProvideErrorMetadata;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::S3Store;
use super::error::{failure, unclear};
use crate::{Store, StoreError, StoreErrorKind};

/// The largest object that S3 copies in one step. It calls that 5 GB, and counts in powers of two
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
const MAX_COPY_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The longest time of an attempt. The answer ends when everything is copied, which takes half a minute
/// for 2 GB (<https://github.com/awslabs/aws-sdk-rust/issues/1141>). The SDK watches other answers for
/// stalls, but not this one.
const COPY_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// All but the unreserved characters of a URL, and the slash.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

impl S3Store {
    pub(super) async fn copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let source = self.full_key("publish", from)?;
        let target = self.full_key("publish", to)?;
        if source == target {
            return self.keep(to).await;
        }
        // The SDK leaves the encoding to its caller
        // (<https://github.com/awslabs/aws-sdk-rust/issues/1357>).
        let source = format!("{}/{}", self.bucket, utf8_percent_encode(&source, ENCODED));
        let timeouts = TimeoutConfig::builder()
            .read_timeout(COPY_TIMEOUT)
            .operation_attempt_timeout(COPY_TIMEOUT)
            .build();
        let answer = self
            .client
            .copy_object()
            .bucket(&*self.bucket)
            .key(target)
            .copy_source(source)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts))
            .send()
            .await;
        let error = match answer {
            // S3 may send the status 200 before it knows the outcome. The SDK finds an error in the body,
            // but takes a body that broke off for success.
            Ok(answer) => {
                let tag = answer.copy_object_result().and_then(|found| found.e_tag());
                let unclear = || unclear("publish", self.url(to), "the object's ETag");
                return tag.map(drop).ok_or_else(unclear);
            }
            Err(error) => error,
        };
        let is_invalid = error.code() == Some("InvalidRequest");
        let error = failure("publish", self.url(to), error);
        if error.kind == StoreErrorKind::NotFound {
            // An earlier call has published it, and somebody has deleted the source since.
            return match self.head(to).await? {
                Some(_) => Ok(()),
                None => Err(StoreError {
                    url: self.url(from),
                    ..error
                }),
            };
        }
        // This code says nothing about the size; the message does, but only for people.
        if is_invalid
            && matches!(self.head(from).await, Ok(Some(found)) if found.bytes > MAX_COPY_BYTES)
        {
            return Err(StoreError {
                url: self.url(from),
                kind: StoreErrorKind::TooLarge,
                ..error
            });
        }
        Err(error)
    }

    /// Publishes an object at its own key. S3 would refuse to copy it to itself.
    async fn keep(&self, key: &str) -> Result<(), StoreError> {
        match self.head(key).await? {
            Some(_) => Ok(()),
            None => Err(StoreError {
                operation: "publish",
                url: self.url(key),
                kind: StoreErrorKind::NotFound,
                reason: "it does not exist".to_owned(),
                source: None,
            }),
        }
    }
}
