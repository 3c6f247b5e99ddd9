//! A simulated AWS: buckets, queues, and the sandboxes in which functions run.
//!
//! ```text
//!   Sandbox (one environment of a function)
//!     ├─ bucket::Client: Store ──► Bucket          every arrow is a request:
//!     └─ queue::Client: Queue ───► StandardQueue     gate ─► latency ─► faults ─► effect
//!                │                      │            ◄─ gate ◄─ latency ◄─ lost response?
//!                └──────► Chance ◄──────┘
//!          (the seed's decisions, and the record)
//! ```
//!
//! - **Time is virtual.** A run needs a current-thread runtime with a paused clock, so the order of
//!   events depends on the seed alone.
//! - **Every decision comes from [`Chance`](chance::Chance)**: latency, faults, the next message. The
//!   same seed gives the same run.
//! - **A request passes the [`gate`](sandbox::Sandbox::gate) of its sandbox** before and after the
//!   network. A frozen function waits there, and a dead one never continues.
//! - **A write may outlive its function** ([`Fault::Late`](chance::Fault::Late)), as on AWS.
//! - **Each fault is blamed on the message** that the sandbox is handling
//!   ([`SentMessage::struck`](queue::SentMessage::struck)), so a test can tell whether a loss had a
//!   reason.
//!
//! Without faults, the clients pass the conformance suites of this crate.
//!
//! # What must change together
//!
//! A new [`Fault`](chance::Fault) needs a rate in `HIGHEST`, a place where it strikes, and a row in
//! `docs/RELIABILITY.md`. A change of `Store` or `Queue` needs the same change in the clients here.

pub mod bucket;
pub mod chance;
pub mod queue;
pub mod retrier;
pub mod sandbox;
