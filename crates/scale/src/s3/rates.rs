//! The request rates of a bucket.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::meter::Request;

/// Requests a second for each partition of a bucket's keys: at least 3,500 `PUT`, `COPY`, `POST` or
/// `DELETE`, or 5,500 `GET` or `HEAD`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html>).
const PUTS: u64 = 3_500;
const GETS: u64 = 5_500;

/// From the first refusal until S3 has split the keys that are asked for. AWS says that it may take 30 to
/// 60 minutes
/// (<https://repost.aws/knowledge-center/s3-object-key-naming-pattern>).
const SPLIT: Duration = Duration::from_secs(45 * 60);

/// The rates of one bucket. Its requests are spread evenly over its partitions.
#[derive(Debug)]
pub(crate) struct Rates(Mutex<State>);

#[derive(Debug)]
struct State {
    partitions: u32,
    /// The first refusal since the last split.
    hot: Option<Duration>,
    /// The requests of each second, and those of seconds to come: a function sends them as soon as its
    /// core is free.
    seconds: BTreeMap<u64, PerClass<u64>>,
    /// The last refusal of each class.
    refused: PerClass<Option<Duration>>,
    most: PerClass<u64>,
}

/// A value for each class of requests that has a rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PerClass<T> {
    pub(crate) puts: T,
    pub(crate) gets: T,
}

impl<T> PerClass<T> {
    fn of(&mut self, request: Request) -> &mut T {
        match request {
            Request::Put => &mut self.puts,
            _ => &mut self.gets,
        }
    }
}

impl Rates {
    pub(crate) fn new(partitions: u32) -> Self {
        Self(Mutex::new(State {
            partitions,
            hot: None,
            seconds: BTreeMap::new(),
            refused: PerClass::default(),
            most: PerClass::default(),
        }))
    }

    /// Whether S3 takes a request that arrives at a time after the beginning.
    pub(crate) fn take(&self, request: Request, at: Duration) -> bool {
        self.change(|state| {
            if state.hot.is_some_and(|since| at >= since + SPLIT) {
                state.hot = None;
                state.partitions = state.partitions.saturating_mul(2);
            }
            let second = at.as_secs();
            let taken = state.seconds.entry(second).or_default().of(request);
            let limit = match request {
                Request::Put => PUTS,
                _ => GETS,
            };
            if *taken < limit * u64::from(state.partitions) {
                *taken += 1;
                let taken = *taken;
                let most = state.most.of(request);
                *most = taken.max(*most);
                return true;
            }
            *state.refused.of(request) = Some(at);
            state.hot.get_or_insert(at);
            false
        })
    }

    /// Forgets the seconds before a time.
    pub(crate) fn forget(&self, before: Duration) {
        self.change(|state| state.seconds = state.seconds.split_off(&before.as_secs()));
    }

    /// The classes of which S3 has refused a request since a time.
    pub(crate) fn has_refused(&self, since: Duration) -> PerClass<bool> {
        let has = |refused: Option<Duration>| refused.is_some_and(|at| at >= since);
        self.change(|state| PerClass {
            puts: has(state.refused.puts),
            gets: has(state.refused.gets),
        })
    }

    /// The most requests of a second.
    pub(crate) fn most(&self) -> PerClass<u64> {
        self.change(|state| state.most)
    }

    pub(crate) fn partitions(&self) -> u32 {
        self.change(|state| state.partitions)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(
            &mut self
                .0
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_quota_and_a_split_doubles_it() {
        let rates = Rates::new(1);
        let taken = |at| (0..10_000).filter(|_| rates.take(Request::Put, at)).count();
        assert_eq!(taken(Duration::ZERO), 3_500);
        assert!(rates.take(Request::Get, Duration::ZERO));
        assert_eq!(taken(Duration::from_secs(1)), 3_500);
        let refused = rates.has_refused(Duration::from_secs(1));
        assert!(refused.puts && !refused.gets);
        assert_eq!(taken(SPLIT), 7_000);
    }
}
