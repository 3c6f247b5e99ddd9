//! How the AWS SDK for Rust repeats a throttled request, with the settings of `rehose_store::aws`.
//!
//! This is its standard retry strategy
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>): waits that double
//! from a second and are scattered from zero, and a quota of retries for all requests of a process. A
//! request whose retry the quota refuses fails at once.

use std::sync::Mutex;
use std::time::Duration;

/// The longest wait before the second attempt, and the longest of all.
const WAITS: (f64, f64) = (1.0, 20.0);

/// The price of a retry, and what a request gives back that succeeds at once.
const PRICE: u32 = 5;
const REWARD: u32 = 1;

/// The quota of retries of a process.
#[derive(Debug)]
pub(crate) struct RetryQuota {
    left: Mutex<u32>,
    most: u32,
    /// The most attempts of a request.
    attempts: u32,
}

/// The retries of one request.
#[derive(Debug)]
pub(crate) struct Retries<'a> {
    quota: &'a RetryQuota,
    attempts: u32,
    /// What the last retry has paid. It is given back when the request ends, unless another retry
    /// follows.
    paid: u32,
}

impl RetryQuota {
    pub(crate) fn new(quota: u32, attempts: u32) -> Self {
        Self {
            left: Mutex::new(quota),
            most: quota,
            attempts,
        }
    }

    pub(crate) fn of_request(&self) -> Retries<'_> {
        Retries {
            quota: self,
            attempts: 1,
            paid: 0,
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut u32) -> T) -> T {
        change(
            &mut self
                .left
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }
}

impl Retries<'_> {
    /// The wait before the next attempt, if there may be one.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        if self.attempts == self.quota.attempts {
            return None;
        }
        let pays = self.quota.change(|left| {
            let pays = *left >= PRICE;
            *left -= if pays { PRICE } else { 0 };
            pays
        });
        if !pays {
            return None;
        }
        self.paid = PRICE;
        let (first, longest) = WAITS;
        let wait = (first * 2_f64.powi(self.attempts as i32 - 1)).min(longest);
        self.attempts += 1;
        Some(Duration::from_secs_f64(fastrand::f64() * wait))
    }

    pub(crate) fn succeeded(mut self) {
        if self.attempts == 1 {
            self.paid = REWARD;
        }
    }
}

impl Drop for Retries<'_> {
    fn drop(&mut self) {
        let (paid, most) = (self.paid, self.quota.most);
        self.quota.change(|left| *left = (*left + paid).min(most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_may_wait_for_a_retry() {
        let quota = RetryQuota::new(500, 5);
        let mut waiting: Vec<Retries<'_>> = (0..101).map(|_| quota.of_request()).collect();
        let waits = waiting.iter_mut().filter_map(Retries::next).count();
        assert_eq!(waits, 100);
        drop(waiting);
        let mut one = quota.of_request();
        assert_eq!((0..9).filter_map(|_| one.next()).count(), 4);
    }
}
