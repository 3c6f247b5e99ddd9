//! `GET /metrics`: figures for Prometheus.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use crate::problem::Problem;

/// Upper bounds of the buckets of durations, in seconds.
const SECONDS: [f64; 9] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// The media type of the text
/// (<https://prometheus.io/docs/specs/om/open_metrics_spec/#overall-structure>).
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

/// The figures of a service.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    in_flight: Gauge,
    /// Jobs that run in this process.
    pub jobs: Gauge<i64>,
    /// Jobs that have ended in this process without a digest.
    pub failed_jobs: Counter<u64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("rehose"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            in_flight: Gauge::default(),
            jobs: Gauge::default(),
            failed_jobs: Counter::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Requests that were answered",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until the answer begins",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests without an answer",
            self.in_flight.clone(),
        );
        registry.register(
            "jobs_running",
            "Jobs that run in this process",
            self.jobs.clone(),
        );
        registry.register(
            "jobs_failed",
            "Jobs that have ended in this process without a digest",
            self.failed_jobs.clone(),
        );
        self
    }

    fn answered(&self, route: Route, status: u16, duration: Duration) {
        let histogram = self.durations.get_or_create(&route);
        histogram.observe(duration.as_secs_f64());
        let Route { method, route } = route;
        let answered = Answered {
            method,
            route,
            status,
        };
        self.requests.get_or_create(&answered).inc();
    }
}

/// `GET /metrics`.
pub(crate) async fn show(State(metrics): State<Arc<Metrics>>) -> Result<Response, Problem> {
    let mut text = String::new();
    encode(&mut text, &metrics.registry)
        .map_err(|error| Problem::unavailable(format!("the figures cannot be written: {error}")))?;
    Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
}

/// Counts a request.
pub(crate) async fn count(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    // Not the path, which a client can choose as it likes.
    let route = request.extensions().get::<MatchedPath>();
    let route = Route {
        method: request.method().as_str().to_owned(),
        route: route.map_or("none", MatchedPath::as_str).to_owned(),
    };
    let begin = Instant::now();
    metrics.in_flight.inc();
    let response = next.run(request).await;
    metrics.in_flight.dec();
    metrics.answered(route, response.status().as_u16(), begin.elapsed());
    response
}
