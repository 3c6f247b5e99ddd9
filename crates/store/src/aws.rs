//! The connection to AWS: configured once, at start, and shared by every client.

mod s3;
mod sqs;

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

pub use s3::S3Store;
pub use sqs::SqsQueue;

/// Attempts per request. With waits that double from one second, five attempts outlast the throttling
/// of a prefix that S3 is still splitting.
const ATTEMPTS: u32 = 5;

/// The time for a connection. AWS answers in milliseconds if it can be reached at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time from a request to the first byte of its response: enough to send a part of 8 MiB at
/// 2 Mbit/s.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a body may stall. The SDK's default of 5 seconds is short for a function whose cores are
/// busy with compression.
const STALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads credentials, region and endpoint from the places that every AWS tool reads, and sets the
/// limits within which each request succeeds or fails.
pub async fn config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .build(),
        )
        .stalled_stream_protection(
            StalledStreamProtectionConfig::enabled()
                .grace_period(STALL_TIMEOUT)
                .build(),
        )
        .load()
        .await
}

/// A client for S3. Custom endpoints rarely support virtual-host addressing, so for those it uses
/// path style.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let own_endpoint =
        config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(config)
        .force_path_style(own_endpoint)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// A client for SQS.
pub fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(config)
}

/// The service's code and message, or the chain of causes if there was no response. Request ids are
/// left out, so equal failures have equal texts.
pub fn reason<E, R>(error: &SdkError<E, R>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => causes(error),
    }
}

/// An error and what it came from, in one line.
fn causes(error: &dyn Error) -> String {
    std::iter::successors(error.source(), |error| (*error).source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
