//! The deadline of a call.

use std::time::Duration;

use rehose_store::Store;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, Result};

/// Reserved at the end for aborting the uploads of unfinished work.
const GIVE_UP_TIME: Duration = Duration::from_secs(1);

/// Reserved at the end of an invocation, for aborting uploads and sending the response.
const INVOCATION_MARGIN: Duration = Duration::from_secs(3);

/// The time of a process without a limit: longer than any job.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// The time by which a call must be done.
///
/// ```text
///  now            reading ends        the end
///   ├── work ───────────┼── give up ─────┤ … tidy, at most a second more
/// ```
///
/// Lambda freezes the environment after the response, and background work stops too
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>). A call therefore
/// finishes or aborts all its work before the end.
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

    /// The deadline of an invocation that Lambda ends after `left`, with a margin for the response.
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

    /// When to stop reading and transcoding. The rest is for aborting uploads.
    pub(crate) fn reading(self) -> Instant {
        self.0.checked_sub(GIVE_UP_TIME).unwrap_or(self.0)
    }

    /// Runs work until the deadline, then waits for its aborts: [`GIVE_UP_TIME`] at most. The
    /// bucket's lifecycle rule removes the rest.
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
        let _ = timeout(GIVE_UP_TIME, output.tidy()).await;
        done.unwrap_or_else(|_| Err(out_of_time(doing)))
    }
}

pub(crate) fn out_of_time(doing: &str) -> Error {
    Error::OutOfTime {
        doing: doing.to_owned(),
    }
}
