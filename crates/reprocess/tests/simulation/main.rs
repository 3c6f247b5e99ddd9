//! Whole jobs in a simulated AWS. One number, the seed, decides everything in a run.
//!
//! The product's own `start`, `process` and `check` run in virtual time over the buckets and queues
//! of `rehose_testkit::cloud`. [`functions`] and [`machine`] call them as Lambda and Step Functions
//! do. The seed decides the objects of the stash, the jobs, and which faults strike and when
//! ([`world`], `cloud::chance`). The [`oracle`] derives the right results from the stash alone. It
//! checks each object of the output when it is written, and the whole output at the end.
//! `docs/RELIABILITY.md` lists the promises.
//!
//! ```text
//! REHOSE_SEEDS=500 REHOSE_FROM=2000 cargo test -p rehose-reprocess --test simulation
//! REHOSE_SEED=2017 cargo test -p rehose-reprocess --test simulation -- replay --nocapture
//! scripts/soak --seeds 20000
//! scripts/mutations
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attacker;
mod functions;
mod machine;
mod oracle;
mod quiet;
mod seeds;
mod world;
