//! The errors of S3, as [`StoreError`]s.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStreamError;

use crate::aws::{causes, reason};
use crate::{StoreError, StoreErrorKind};

/// A request that failed, with or without a response.
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

/// A body that broke off.
pub(super) fn broken_off(url: String, error: ByteStreamError) -> StoreError {
    StoreError {
        operation: "read",
        url,
        kind: StoreErrorKind::Transient,
        reason: causes(&error),
        source: Some(error.into()),
    }
}

/// A response without a required field.
pub(super) fn unclear(operation: &'static str, url: String, lacking: &str) -> StoreError {
    StoreError {
        operation,
        url,
        kind: StoreErrorKind::Transient,
        reason: format!("the answer lacks {lacking}, or it cannot be read"),
        source: None,
    }
}

/// The HTTP status, if there was a response.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

/// The kind of an error, by its code or else by its HTTP status. Codes are listed in
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>; S3 also returns those of KMS.
fn kind(code: Option<&str>, status: Option<u16>) -> StoreErrorKind {
    match code {
        Some("NoSuchKey" | "NoSuchBucket") => StoreErrorKind::NotFound,
        Some("InvalidObjectState") => StoreErrorKind::Archived,
        Some("KeyTooLongError") => StoreErrorKind::InvalidKey,
        Some("EntityTooLarge") => StoreErrorKind::TooLarge,
        // The KMS codes stay until somebody changes the encryption key.
        Some(
            "AccessDenied"
            | "KMS.AccessDeniedException"
            | "KMS.DisabledException"
            | "KMS.KMSInvalidStateException"
            | "KMS.NotFoundException",
        ) => StoreErrorKind::Denied,
        // Faults of the request, not of the object: an upload that was removed, a clock that the
        // SDK corrects, credentials that it renews.
        Some("NoSuchUpload" | "RequestTimeTooSkewed" | "ExpiredToken") => StoreErrorKind::Transient,
        _ => match status {
            Some(404) => StoreErrorKind::NotFound,
            Some(403) => StoreErrorKind::Denied,
            _ => StoreErrorKind::Transient,
        },
    }
}
