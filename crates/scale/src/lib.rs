//! What a job of millions of objects takes: time, requests and money.
//!
//! The product's own `start`, `process` and `check` run in virtual time over models of S3, SQS, Lambda
//! and Step Functions. No fault strikes, but every quota binds. Requests are counted where the product
//! makes them.
//!
//! ```text
//!   machine ──► start ──► queue ──► event_source ──► process ──► check      the product
//!                 │         │            │              │          │
//!                 ▼         ▼            ▼              ▼          ▼
//!   lambda: a sandbox with a share of a core ──► s3, sqs: latency, quota, count
//! ```
//!
//! - [`scenario`]: what is simulated. [`run`]: the simulation. [`measured`]: its results.
//! - [`merging`]: a stack that merges by itself, for a day.
//! - [`formula`]: the same job by the formula of `docs/COST.md`.
//! - `world`: objects are computed from their numbers, so that ten million take no memory.
//! - `latency`, `work`, `prices`: the figures, each with its source.
//! - `stages`: which part of the job or which quota each moment of its duration is due to.
//!
//! Objects are tiny, and the product really converts each. The time of the core and of the wire is that
//! of an object of the scenario's size.
#![warn(missing_docs)]

mod bits;
mod cloud;
mod costs;
mod error;
mod event_source;
pub mod formula;
mod functions;
mod lambda;
mod latency;
mod machine;
pub mod measured;
pub mod merging;
mod meter;
pub mod prices;
pub mod report;
mod run;
mod s3;
pub mod scenario;
mod sqs;
mod stages;
mod work;
mod world;

pub use error::ScaleError;
pub use lambda::Function;
pub use meter::{Counts, Invocations, Request, Requests};
pub use run::run;
