//! The retriers of the state machine, as `statemachine.asl.json` has them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// The retriers of a state. Each counts its own attempts.
#[derive(Debug, Clone)]
pub struct Retriers(Vec<Retrier>);

/// A retrier of the States language
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retrier {
    error_equals: Vec<String>,
    interval_seconds: f64,
    backoff_rate: f64,
    max_delay_seconds: f64,
    max_attempts: i32,
    #[serde(skip)]
    attempts: i32,
}

impl Retriers {
    /// The retriers of a state, before its first attempt.
    pub fn of(state: &str) -> Self {
        let definition = include_str!("../../../../statemachine.asl.json");
        let definition: Value = serde_json::from_str(definition).unwrap();
        let retry = definition["States"][state]["Retry"].clone();
        Self(serde_json::from_value(retry).unwrap())
    }

    /// The longest wait before the next attempt, if there is one. With full jitter, every shorter wait is
    /// as likely.
    pub fn next(&mut self, error: &str) -> Option<Duration> {
        let matches =
            |retrier: &&mut Retrier| retrier.error_equals.iter().any(|name| name == error);
        let retrier = self.0.iter_mut().find(matches)?;
        if retrier.attempts == retrier.max_attempts {
            return None;
        }
        let delay = retrier.interval_seconds * retrier.backoff_rate.powi(retrier.attempts);
        retrier.attempts += 1;
        Some(Duration::from_secs_f64(
            delay.min(retrier.max_delay_seconds),
        ))
    }
}
