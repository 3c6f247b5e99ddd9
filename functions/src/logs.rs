//! Logs as lines of JSON, which CloudWatch Logs Insights reads field by field.

use rehose_store::aws::NOT_LOGGED;
use tracing_subscriber::EnvFilter;

/// Writes this process's logs to standard output, at the level that `RUST_LOG` names or `info`.
pub(crate) fn log_as_json() {
    // The runtime would log every returned error a second time.
    let level = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,lambda_runtime::layers::panic=off"));
    let level = match NOT_LOGGED.parse() {
        Ok(directive) => level.add_directive(directive),
        Err(_) => level,
    };
    // Lambda adds a time to each line.
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(level)
        .without_time()
        .init();
}
