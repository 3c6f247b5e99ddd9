//! How long AWS takes to answer.

use std::time::Duration;

use crate::meter::Request;
use crate::scenario::Stack;

/// The median of a request for an object. AWS documents "the tens of milliseconds" for objects below
/// 512 KB
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html>).
/// It is also the delay at which docs/PERFORMANCE.md measures.
pub(crate) const MEDIAN_MS: f64 = 40.0;

/// The 99th percentile ÷ the median. It makes 200 ms of the default median; AWS documents "roughly
/// 100–200 milliseconds" as a consistent latency
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html>).
const SPREAD: f64 = 5.0;

/// The standard normal's 99th percentile.
const NORMAL_99: f64 = 2.326;

/// The most standard deviations. One request in a thousand would be slower.
const TRUNCATED: f64 = 3.0;

/// A page of a listing ÷ an object. AWS documents nothing; assumed.
const LIST: f64 = 2.5;

/// A request to SQS ÷ a request for an object. Published measurements are between 10 and some tens of
/// milliseconds; AWS documents nothing.
const SQS: f64 = 0.5;

/// Bytes a second between a function and S3. Published measurements of one function are between 400
/// and 700 Mbit/s; AWS documents nothing.
const BANDWIDTH: f64 = 60e6;

/// From a message's arrival at the event source to the begin of its invocation, and from the state
/// machine to a function. Assumed.
pub(crate) const INVOKE: Duration = Duration::from_millis(15);

/// From the decision to start an environment to its first instruction, which nobody bills. Firecracker
/// boots in 125 ms (<https://www.usenix.org/conference/nsdi20/presentation/agache>), and AWS documents
/// "under 100 ms to over 1 second" for a whole cold start
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
pub(crate) const BOOT: Duration = Duration::from_millis(125);

/// The initialisation of a function in Rust, which is billed since August 2025. Published measurements
/// of `provided.al2023` on arm64 are 18 to 22 ms.
pub(crate) const INIT: Duration = Duration::from_millis(20);

/// The latency of one request.
pub(crate) fn of(request: Request, stack: &Stack) -> Duration {
    let factor = match request {
        Request::Get | Request::Head | Request::Put => 1.0,
        Request::List => LIST,
        Request::Send | Request::Receive | Request::Delete | Request::Counters => SQS,
    };
    let spread = match stack.constant {
        true => 1.0,
        // The logarithm of a latency is nearly normal.
        false => SPREAD.powf(normal().clamp(-TRUNCATED, TRUNCATED) / NORMAL_99),
    };
    Duration::from_secs_f64(stack.latency * factor * spread / 1_000.0)
}

/// The time of this many bytes on the wire.
pub(crate) fn of_bytes(bytes: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 / BANDWIDTH)
}

/// A number with the standard normal distribution, by Box and Muller.
fn normal() -> f64 {
    let (radius, angle) = (1.0 - fastrand::f64(), fastrand::f64());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
