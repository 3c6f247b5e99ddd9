//! An invocation: its deadline, its event and its errors.

use std::time::SystemTime;

use lambda_runtime::{Context, Diagnostic};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::{Error, ErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most bytes of an error text that are logged and returned. An error may quote its event of up to
/// 6 MB, which is also the limit of a response
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>). Step Functions takes
/// 32,768 characters of a cause
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html>).
const MAX_ERROR_BYTES: usize = 4 * 1024;

/// The deadline of an invocation.
pub fn deadline(context: &Context) -> Deadline {
    let left = context.deadline().duration_since(SystemTime::now());
    Deadline::of_invocation(left.unwrap_or_default())
}

/// Parses an event.
pub fn parse<T: DeserializeOwned>(event: Value) -> Result<T, Error> {
    serde_json::from_value(event).map_err(|error| Error::Value {
        name: "the event",
        reason: error.to_string(),
    })
}

/// Logs an error, and returns it as Lambda's answer: its kind is the error type.
pub fn log_and_answer(error: &Error) -> Diagnostic {
    log(error);
    Diagnostic {
        error_type: error.kind().name().to_owned(),
        error_message: shortened(error),
    }
}

/// The text of an error, without the middle part if it is too long.
fn shortened(error: &Error) -> String {
    let mut words = error.to_string();
    let begin = words.floor_char_boundary(MAX_ERROR_BYTES / 2);
    let end = words.ceil_char_boundary(words.len().saturating_sub(MAX_ERROR_BYTES / 2));
    if begin < end {
        let left_out = format!("[... {} bytes ...]", end - begin);
        words.replace_range(begin..end, &left_out);
    }
    words
}

/// Logs an error with its kind. Only one that needs an operator is an error; the others are warnings.
pub fn log(error: &Error) {
    let kind = error.kind();
    let error = shortened(error);
    match kind {
        ErrorKind::InvalidInput => tracing::warn!(kind = kind.name(), %error, "refused"),
        ErrorKind::Transient => tracing::warn!(kind = kind.name(), %error, "transient"),
        ErrorKind::Failed => tracing::error!(kind = kind.name(), %error, "failed"),
    }
}
