//! The HTTP API of an output: digests, jobs and merged partitions, and a page that shows them.
//!
//! [`router`] is the whole service. `rehose serve` runs it with jobs in its own process, and a function of the stack
//! with executions of the state machine: [`Jobs`] is the difference. Every error is a problem of RFC 9457.
//! `GET /openapi.json` describes all calls.

mod digests;
mod file;
mod guard;
mod jobs;
mod merged;
mod metrics;
mod page;
mod parameters;
mod predecessor;
mod problem;
mod request;

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use axum::routing::get;
use axum::{Json, Router, middleware};
use rehose_reprocess::digest::Digests;
use rehose_store::Store;
use serde_json::{Value, json};
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use guard::Guard;
use problem::Problem;

pub use guard::Limits;
pub use jobs::{Failure, Jobs, JobsError};
pub use metrics::Metrics;
pub use page::job_page;
pub use request::Defaults;

/// What the service answers from.
#[derive(Debug)]
pub struct Api {
    /// The output.
    pub output: Arc<dyn Store>,
    /// Its digests.
    pub digests: Digests,
    /// Who runs their jobs.
    pub jobs: Arc<dyn Jobs>,
    /// What every digest has in common.
    pub defaults: Defaults,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The service. With `metrics`, it has `GET /metrics`.
pub fn router(api: Api, limits: Limits, metrics: Option<Arc<Metrics>>) -> Router {
    let calls = Router::new()
        .route("/", get(predecessor::find).post(predecessor::create))
        .route("/digests", get(digests::find).post(digests::create))
        .route("/digests/{id}", get(digests::show))
        .route("/jobs", get(jobs::list))
        .route("/jobs/{job}", get(jobs::show))
        .route("/merged", get(merged::list))
        .route("/healthz", get(health))
        .route("/openapi.json", get(description))
        .with_state(Arc::new(api));
    let calls = match metrics {
        Some(metrics) => calls
            .route(
                "/metrics",
                get(metrics::show).with_state(Arc::clone(&metrics)),
            )
            .layer(middleware::from_fn_with_state(metrics, metrics::count)),
        None => calls,
    };
    let nosniff = SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let guard = Arc::new(Guard::new(limits));
    calls
        .fallback(no_such_call)
        .method_not_allowed_fallback(no_such_method)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(TraceLayer::new_for_http().make_span_with(span))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(nosniff)
                .layer(middleware::from_fn_with_state(guard, guard::limit)),
        )
}

/// What every line of the log about a request has.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    tracing::info_span!("request", id, method = %request.method(), uri = %request.uri())
}

async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn description() -> ([(HeaderName, &'static str); 1], &'static str) {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, include_str!("openapi.json"))
}

async fn no_such_call(uri: Uri) -> Problem {
    Problem::not_found(format!(
        "there is nothing at {}; GET /openapi.json lists what there is",
        uri.path()
    ))
}

async fn no_such_method(uri: Uri) -> Problem {
    let detail = format!(
        "{} has no such method; GET /openapi.json lists those that it has",
        uri.path()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
