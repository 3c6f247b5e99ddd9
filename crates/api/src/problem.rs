//! Errors as problem details (<https://www.rfc-editor.org/rfc/rfc9457>).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rehose_reprocess::error::{Error, ErrorKind};
use serde_json::{Map, Value, json};

use crate::jobs::JobsError;

/// Seconds after which a client may ask again when the service could not answer.
const RETRY_AFTER: u64 = 5;

/// A request that got no answer, and why.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    members: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            members: Map::new(),
        }
    }

    /// The request is wrong.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The service has too much to do, or something that it needs does not answer.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Adds a member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self {
            status,
            detail,
            members,
        } = self;
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), detail, "no answer");
        }
        let mut body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": detail,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(members);
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::Transient => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, in_parameters(error).to_string())
    }
}

/// Names the value that is wrong as the parameters do.
fn in_parameters(error: Error) -> Error {
    match error {
        Error::Value { name, reason } => Error::Value {
            name: match name {
                "from" => "start",
                "to" => "stop",
                other => other,
            },
            reason,
        },
        other => other,
    }
}

impl From<JobsError> for Problem {
    fn from(error: JobsError) -> Self {
        Self::unavailable(error.to_string())
    }
}
