//! The lifecycle rules of a bucket, which remove what is left of uploads whose function died.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{ExpirationStatus, LifecycleRule};

use super::{SdkConfig, reason, s3};

/// Whether a rule aborts the incomplete uploads of keys that begin with a prefix
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>).
///
/// # Errors
///
/// The reason why the rules cannot be read, for example without `s3:GetLifecycleConfiguration`.
pub async fn aborts_incomplete_uploads(
    config: &SdkConfig,
    bucket: &str,
    prefix: &str,
) -> Result<bool, String> {
    let request = s3(config).get_bucket_lifecycle_configuration();
    match request.bucket(bucket).send().await {
        Ok(answer) => Ok(answer.rules().iter().any(|rule| aborts(rule, prefix))),
        Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Ok(false),
        Err(error) => Err(reason(&error)),
    }
}

#[allow(deprecated, reason = "old rules have their prefix outside of a filter")]
fn aborts(rule: &LifecycleRule, prefix: &str) -> bool {
    let filtered = rule.filter().and_then(|filter| filter.prefix());
    let of_rule = filtered.or(rule.prefix()).unwrap_or_default();
    let is_narrower = rule.filter().is_some_and(|filter| {
        filter.tag().is_some()
            || filter.and().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    let aborts = rule.abort_incomplete_multipart_upload().is_some();
    *rule.status() == ExpirationStatus::Enabled
        && aborts
        && !is_narrower
        && prefix.starts_with(of_rule)
}
