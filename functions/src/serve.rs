//! The life of a function.

use std::process::ExitCode;

use lambda_runtime::Error;

use crate::logs::log_as_json;

/// Runs a function until Lambda ends it. An error at start is logged.
pub async fn serve(function: impl Future<Output = Result<(), Error>>) -> ExitCode {
    log_as_json();
    match function.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot serve");
            ExitCode::FAILURE
        }
    }
}
