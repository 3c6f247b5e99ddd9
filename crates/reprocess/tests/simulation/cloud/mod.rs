//! A small AWS in virtual time, with the faults of the large one: buckets, a queue, and the
//! sandboxes in which functions run. Without faults, its buckets and queues pass the suites of
//! `tests/conformance`.

pub(crate) mod bucket;
pub(crate) mod chance;
pub(crate) mod queue;
pub(crate) mod sandbox;
