//! What an invocation brings, and how its errors go back.

use std::time::SystemTime;

use lambda_runtime::{Context, Diagnostic};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::{Error, ErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most of an error's words that are logged and answered, in bytes. What is wrong with an event
/// is quoted, and an event may be of 6 MB, which an answer may not pass
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>); of a cause, Step
/// Functions takes 32,768 characters
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html>).
const MAX_WORDS: usize = 4 * 1024;

/// When an invocation must be done with its work.
pub fn deadline(context: &Context) -> Deadline {
    let left = context.deadline().duration_since(SystemTime::now());
    Deadline::of_invocation(left.unwrap_or_default())
}

/// Reads an event, or says what is wrong with it.
pub fn parse<T: DeserializeOwned>(event: Value) -> Result<T, Error> {
    serde_json::from_value(event).map_err(|error| Error::Value {
        name: "the event",
        reason: error.to_string(),
    })
}

/// An error as the state machine sees it: its kind is the error type. It is logged on its way.
pub fn diagnostic(error: &Error) -> Diagnostic {
    log(error);
    Diagnostic {
        error_type: error.kind().name().to_owned(),
        error_message: words(error),
    }
}

/// An error's words, without the middle of what is too long.
fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let begin = words.floor_char_boundary(MAX_WORDS / 2);
    let end = words.ceil_char_boundary(words.len().saturating_sub(MAX_WORDS / 2));
    if begin < end {
        let left_out = format!("[... {} bytes ...]", end - begin);
        words.replace_range(begin..end, &left_out);
    }
    words
}

/// Logs an error with its kind. An alarm may count errors: what passes by itself is none.
pub fn log(error: &Error) {
    let kind = error.kind();
    let error = words(error);
    match kind {
        ErrorKind::InvalidInput => tracing::warn!(kind = kind.name(), %error, "refused"),
        ErrorKind::Transient => tracing::warn!(kind = kind.name(), %error, "given back"),
        ErrorKind::Failed => tracing::error!(kind = kind.name(), %error, "failed"),
    }
}
