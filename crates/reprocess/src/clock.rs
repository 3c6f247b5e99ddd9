//! The time of day during a call, which its caller gives only for the beginning.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that goes on from the time that a caller gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    set: Timestamp,
    at: Instant,
}

impl Clock {
    /// A clock that shows this time now.
    pub(crate) fn set(now: Timestamp) -> Self {
        Self {
            set: now,
            at: Instant::now(),
        }
    }

    /// The time.
    pub(crate) fn now(self) -> Timestamp {
        let since = SignedDuration::try_from(self.at.elapsed()).unwrap_or_default();
        self.set.saturating_add(since).unwrap_or(self.set)
    }
}
