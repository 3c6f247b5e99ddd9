//! What was asked for, and how much at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::operation::Operation;

/// Counters that are shared by all connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statistics(Arc<Mutex<Counters>>);

#[derive(Debug, Default)]
struct Counters {
    requests: BTreeMap<Operation, u64>,
    in_flight: u64,
    peak_in_flight: u64,
}

/// The counters since they were last taken.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    /// The number of requests, by operation.
    requests: BTreeMap<Operation, u64>,
    /// The most requests that waited for their answers at once.
    peak_in_flight: u64,
}

impl Taken {
    pub(crate) fn json(&self) -> String {
        // Writing to a string never fails.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Statistics {
    /// Counts a request, which is in flight until the result is dropped.
    pub(crate) fn begin(&self, operation: Operation) -> InFlight {
        let mut counters = self.counters();
        *counters.requests.entry(operation).or_default() += 1;
        counters.in_flight += 1;
        counters.peak_in_flight = counters.peak_in_flight.max(counters.in_flight);
        InFlight(self.clone())
    }

    /// Takes the counters. They begin again with the requests that are in flight.
    pub(crate) fn take(&self) -> Taken {
        let mut counters = self.counters();
        let in_flight = counters.in_flight;
        Taken {
            requests: std::mem::take(&mut counters.requests),
            peak_in_flight: std::mem::replace(&mut counters.peak_in_flight, in_flight),
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight. A client that gives up drops it too.
#[derive(Debug)]
pub(crate) struct InFlight(Statistics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.counters().in_flight -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_operation_and_begins_again_with_what_is_in_flight() {
        let statistics = Statistics::default();
        let first = statistics.begin(Operation::GetObject);
        drop(statistics.begin(Operation::GetObject));
        drop(statistics.begin(Operation::PutObject));
        let taken = statistics.take().json();
        let expected = r#"{"requests":{"GetObject":2,"PutObject":1},"peak_in_flight":2}"#;
        assert_eq!(taken, expected);

        assert_eq!(statistics.take().peak_in_flight, 1);
        drop(first);
        statistics.take();
        assert_eq!(statistics.take().peak_in_flight, 0);
    }
}
