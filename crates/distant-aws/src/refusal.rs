//! Errors, as S3 and SQS answer them.

use hyper::StatusCode;

use crate::answer::{self, Answer};

/// A request that is refused.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

impl Refusal {
    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
        }
    }

    pub(crate) const fn no_such_bucket() -> Self {
        let message = "The specified bucket does not exist";
        Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", message)
    }

    pub(crate) const fn no_such_key() -> Self {
        let message = "The specified key does not exist.";
        Self::new(StatusCode::NOT_FOUND, "NoSuchKey", message)
    }

    pub(crate) const fn no_such_upload() -> Self {
        let message = "The specified multipart upload does not exist.";
        Self::new(StatusCode::NOT_FOUND, "NoSuchUpload", message)
    }

    pub(crate) const fn no_such_queue() -> Self {
        let message = "The specified queue does not exist.";
        Self::new(StatusCode::BAD_REQUEST, "QueueDoesNotExist", message)
    }

    pub(crate) const fn invalid_part() -> Self {
        let message = "One or more of the specified parts could not be found.";
        Self::new(StatusCode::BAD_REQUEST, "InvalidPart", message)
    }

    pub(crate) const fn precondition_failed() -> Self {
        let message = "At least one of the pre-conditions you specified did not hold";
        let status = StatusCode::PRECONDITION_FAILED;
        Self::new(status, "PreconditionFailed", message)
    }

    pub(crate) const fn invalid_range() -> Self {
        let message = "The requested range is not satisfiable";
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
    }

    /// What the client does wrong.
    pub(crate) const fn malformed(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    /// What this server cannot do.
    pub(crate) const fn not_implemented() -> Self {
        let message = "This server does not know this operation";
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// As S3 says it.
    pub(crate) fn of_s3(&self) -> Answer {
        let Self { code, message, .. } = self;
        self.with_status(answer::xml(format!(
            "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )))
    }

    /// As SQS says it.
    pub(crate) fn of_sqs(&self) -> Answer {
        let Self { code, message, .. } = self;
        self.with_status(answer::json(format!(
            r#"{{"__type":"com.amazonaws.sqs#{code}","message":"{message}"}}"#
        )))
    }

    fn with_status(&self, mut answer: Answer) -> Answer {
        *answer.status_mut() = self.status;
        answer
    }
}
