//! The deadline of a call.

use std::time::Duration;

use rehose_store::Store;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, Result};

/// Reserved before the deadline for aborting the uploads of unfinished work.
const ABORT_TIME: Duration = Duration::from_secs(1);

/// The longest time after the deadline that [`Store::tidy`] may take for aborts still under way. Parts
/// that are not aborted by then stay until the bucket's lifecycle rule removes them.
const TIDY_TIME: Duration = Duration::from_secs(1);

/// The time between the deadline and the end of an invocation: [`TIDY_TIME`], and the response.
const INVOCATION_MARGIN: Duration = Duration::from_secs(3);

/// The time of a process without a limit: longer than any job.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// The time by which a call must be done.
///
/// ```text
///  now              reading ends     the deadline    the end of an invocation
///   ├── read, transcode ──┼── abort ────────┼── tidy, respond ──┤
/// ```
///
/// Lambda freezes the environment after the response, and background work stops too
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>). A call therefore
/// finishes or aborts all its work before it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline at this time.
    pub fn at(end: Instant) -> Self {
        Self(end)
    }

    /// A deadline after this much time.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The deadline of an invocation that Lambda ends after `left`, with a margin for the response: half
    /// of a very short time, so that some work is done.
    pub fn of_invocation(left: Duration) -> Self {
        Self::after(left.saturating_sub(INVOCATION_MARGIN.min(left / 2)))
    }

    /// A deadline that never comes.
    pub fn never() -> Self {
        Self::after(NEVER)
    }

    /// Whether this much time is left.
    pub fn has(self, time: Duration) -> bool {
        self.0.saturating_duration_since(Instant::now()) >= time
    }

    /// When reading and transcoding end. The time from then to the deadline is for aborting uploads.
    pub(crate) fn reading_ends(self) -> Instant {
        self.0.checked_sub(ABORT_TIME).unwrap_or(self.0)
    }

    /// Runs work until the deadline, then waits up to [`TIDY_TIME`] for its aborts.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTime`] at the deadline. The work may not notice the deadline itself: the SDK
    /// retries a request without a response for minutes.
    pub(crate) async fn limit<T>(
        self,
        doing: &str,
        output: &dyn Store,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let done = timeout_at(self.0, work).await;
        let _ = timeout(TIDY_TIME, output.tidy()).await;
        done.unwrap_or_else(|_| Err(out_of_time(doing)))
    }
}

pub(crate) fn out_of_time(doing: &str) -> Error {
    Error::OutOfTime {
        doing: doing.to_owned(),
    }
}
