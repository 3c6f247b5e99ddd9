//! Logs as lines of JSON, which CloudWatch Logs Insights reads field by field.

use tracing_subscriber::EnvFilter;

/// Writes this process's logs to standard output, at the level that `RUST_LOG` names or `info`.
pub(crate) fn log_as_json() {
    // The runtime repeats every error that a function has logged and returned.
    let level = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,lambda_runtime::layers::panic=off"));
    // Lambda stamps each line with a time of its own.
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(level)
        .without_time()
        .init();
}
