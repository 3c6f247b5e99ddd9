//! Clients for AWS, with one configuration for all of them.

mod lifecycle;
mod s3;
mod sqs;

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_sdk_s3::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

pub use aws_config::SdkConfig;
pub use lifecycle::aborts_incomplete_uploads;
pub use s3::S3Store;
pub use sqs::SqsQueue;

/// What no log may have, as a directive for it: at the level of traces, the signer writes all that it signs, and a link
/// is signed with the session's token in its query.
pub const NOT_LOGGED: &str = "aws_sigv4=info";

/// The most attempts of a request. The waits between them double from a second.
const ATTEMPTS: u32 = 5;

/// The same for S3, which throttles a bucket for up to an hour before it splits it. With the longest wait
/// of 20 seconds, ten attempts take two minutes.
const S3_ATTEMPTS: u32 = 10;

/// Tokens for retries of S3 requests in one process. A retry holds five, so a thousand requests can wait
/// at once. With the SDK's 500, most of the 128 objects of a function fail as soon as S3 throttles, and
/// their tasks are hidden for the visibility timeout (docs/SCALE.md).
const S3_RETRY_TOKENS: usize = 5_000;

/// The longest time to connect. AWS answers in milliseconds if it is reachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest time from the start of a request to its response: enough to send a part of 8 MiB at
/// 2 Mbit/s.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest pause within a body. The SDK's default of 5 seconds is too short for a function whose
/// cores are busy with compression.
const STALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads credentials, region and endpoint from AWS's standard sources.
pub async fn config() -> SdkConfig {
    loader().load().await
}

/// A configuration with retries and timeouts that bound every request.
pub fn loader() -> ConfigLoader {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
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
}

/// A client for S3. It uses path-style addressing for custom endpoints, which rarely support
/// virtual hosts.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let own_endpoint =
        config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(config)
        .force_path_style(own_endpoint)
        .retry_config(RetryConfig::standard().with_max_attempts(S3_ATTEMPTS))
        .retry_partition(
            RetryPartition::custom("rehose")
                .token_bucket(TokenBucket::builder().capacity(S3_RETRY_TOKENS).build())
                .build(),
        )
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// A client for SQS.
pub fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(config)
}

/// The service's error code and message, or without a response, the chain of causes. Request ids are
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

/// An error and its causes, in one line.
fn causes(error: &dyn Error) -> String {
    std::iter::successors(error.source(), |error| (*error).source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
