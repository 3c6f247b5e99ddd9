//! What is refused before a handler sees it: too much, too long, and requests that another site has made a browser
//! send.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;

/// The longest body of a request. No request needs one.
const MAX_BODY: u64 = 64 * 1024;

/// The longest path with its query.
const MAX_URI: usize = 8 * 1024;

/// The limits of a service.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The time until the answer to a request begins.
    pub time: Duration,
    /// The most requests at once.
    pub requests: usize,
    /// The names by which the service may be called. A browser that another site has led here by a name of its own is
    /// refused. `None` for any name, if somebody else decides who may call.
    pub hosts: Option<Vec<String>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            requests: 64,
            hosts: None,
        }
    }
}

/// Lets requests pass or not.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    room: Semaphore,
}

impl Guard {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            room: Semaphore::new(limits.requests),
            limits,
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        if request.uri().to_string().len() > MAX_URI {
            let detail = format!("the URL is longer than {MAX_URI} bytes");
            return Err(Problem::new(StatusCode::URI_TOO_LONG, detail));
        }
        let length = text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if length.is_some_and(|length: u64| length > MAX_BODY) {
            let detail = format!("the body is longer than {MAX_BODY} bytes; no request needs one");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let Some(hosts) = &self.limits.hosts else {
            return Ok(());
        };
        let host = text(headers, header::HOST).unwrap_or_default();
        if !hosts.iter().any(|known| known == without_port(host)) {
            let detail = format!("this service is not called {host:?}; --host adds a name");
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail));
        }
        // A browser names the site whose page sends a request that may change something.
        let origin = text(headers, header::ORIGIN);
        let is_own = |origin: &str| origin.split_once("://").is_some_and(|(_, own)| own == host);
        match request.method() == Method::POST && origin.is_some_and(|origin| !is_own(origin)) {
            true => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "another site has sent this request",
            )),
            false => Ok(()),
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Answers a request within the limits.
pub(crate) async fn limit(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = guard.check(&request) {
        return problem.into_response();
    }
    let Ok(_room) = guard.room.try_acquire() else {
        return Problem::unavailable("too many requests at once").into_response();
    };
    match timeout(guard.limits.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let seconds = guard.limits.time.as_secs();
            Problem::unavailable(format!("there was no answer within {seconds} s")).into_response()
        }
    }
}
