//! A small AWS in virtual time, with the faults of the large one: buckets, a queue, and the
//! sandboxes in which functions run. Without faults, its buckets and queues pass the suites of
//! this crate.

pub mod bucket;
pub mod chance;
pub mod queue;
pub mod sandbox;
