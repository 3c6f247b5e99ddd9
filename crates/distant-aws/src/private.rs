//! Requests that AWS does not have.

use hyper::Method;
use hyper::http::request::Parts;

pub(crate) enum PrivateRequest {
    SetDelay { milliseconds: u64 },
    TakeStatistics,
}

impl PrivateRequest {
    /// Such a request, or `None` if it may be one of AWS. No bucket is called `-`.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let what = parts.uri.path().strip_prefix("/-/")?;
        if parts.method == Method::GET && what == "statistics" {
            return Some(Self::TakeStatistics);
        }
        let delay = what.strip_prefix("delay/")?.parse().ok();
        delay
            .filter(|_| parts.method == Method::PUT)
            .map(|milliseconds| Self::SetDelay { milliseconds })
    }
}
