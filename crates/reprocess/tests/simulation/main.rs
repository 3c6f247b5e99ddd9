//! Whole jobs in a simulated AWS, each decided by one number: a seed.
//!
//! The product's own `start`, `process` and `check` run in virtual time over the buckets and queues
//! of `rehose_testkit::cloud`, called by [`functions`] and [`machine`] as Lambda and Step Functions call them. A
//! seed decides what lies in the stash, which jobs there are, which faults strike and when
//! ([`world`], `cloud::chance`). The [`oracle`] knows the truth from the stash alone; it looks at
//! everything that appears in the output at the moment when it appears, and at the whole when all
//! is over. `docs/RELIABILITY.md` says what is promised.
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
