//! List prices in us-east-1, as docs/COST.md has them, in dollars.

/// A GB-second of Lambda on arm64.
pub const GB_SECOND: f64 = 0.000_013_333_4;

/// A request to Lambda.
pub const INVOCATION: f64 = 0.20 / 1e6;

/// A `PUT` or `LIST`.
pub const PUT: f64 = 0.005 / 1e3;

/// A `GET` or `HEAD`.
pub const GET: f64 = 0.0004 / 1e3;

/// A request to SQS.
pub const SQS: f64 = 0.40 / 1e6;

/// A state transition of Step Functions.
pub const TRANSITION: f64 = 0.025 / 1e3;

/// The memory of a function in GB, as Lambda bills it: 1,769 MB are 1.728 GB.
pub fn gigabytes(megabytes: u32) -> f64 {
    f64::from(megabytes) / 1_024.0
}
