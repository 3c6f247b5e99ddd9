//! The kinds of S3's errors.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStreamError;

use crate::aws::{causes, reason};
use crate::{StoreError, StoreErrorKind};

/// The error of a request that S3 refused or did not answer.
pub(super) fn failure<E>(
    operation: &'static str,
    url: String,
    error: SdkError<E, HttpResponse>,
) -> StoreError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    StoreError {
        operation,
        url,
        kind: kind(error.code(), status(&error)),
        reason: reason(&error),
        source: Some(error.into()),
    }
}

/// The error of a body that ended early.
pub(super) fn broken_off(url: String, error: ByteStreamError) -> StoreError {
    StoreError {
        operation: "read",
        url,
        kind: StoreErrorKind::Transient,
        reason: causes(&error),
        source: Some(error.into()),
    }
}

/// The error of a response that lacks a field.
pub(super) fn unclear(operation: &'static str, url: String, lacking: &str) -> StoreError {
    StoreError {
        operation,
        url,
        kind: StoreErrorKind::Transient,
        reason: format!("the answer lacks {lacking}, or it cannot be read"),
        source: None,
    }
}

/// The HTTP status of the answer, where there was one.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

/// The codes stand in <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>; S3
/// hands through those of KMS. A code says more than the status, so it comes first.
fn kind(code: Option<&str>, status: Option<u16>) -> StoreErrorKind {
    match code {
        Some("NoSuchKey" | "NoSuchBucket") => StoreErrorKind::NotFound,
        Some("InvalidObjectState") => StoreErrorKind::Archived,
        Some("KeyTooLongError") => StoreErrorKind::InvalidKey,
        Some("EntityTooLarge") => StoreErrorKind::TooLarge,
        // The encryption key will not serve until somebody changes it.
        Some(
            "AccessDenied"
            | "KMS.AccessDeniedException"
            | "KMS.DisabledException"
            | "KMS.KMSInvalidStateException"
            | "KMS.NotFoundException",
        ) => StoreErrorKind::Denied,
        // These are of the request, not of the object: an upload that was cleared away, a clock
        // that the SDK sets right, credentials that it renews.
        Some("NoSuchUpload" | "RequestTimeTooSkewed" | "ExpiredToken") => StoreErrorKind::Transient,
        _ => match status {
            Some(404) => StoreErrorKind::NotFound,
            Some(403) => StoreErrorKind::Denied,
            _ => StoreErrorKind::Transient,
        },
    }
}
