//! A reprocessing job: its plan, its tasks, their receipts and the report that proves it complete.
//!
//! Three use cases, free of any Lambda type: [`start`] lists a prefix and sends tasks, [`process`]
//! rewrites the objects of a task and leaves a receipt, [`check`] adds the receipts up and writes
//! the report. Beside them, [`retry`] plans a job over what another one left, and [`watch`] looks on
//! and writes nothing. They need a [`Store`](store::Store) and a [`Queue`](queue::Queue), of which there are
//! two each: AWS's, and one on this machine. What they say to each other stands in the
//! [`ledger`], plain objects in the output.
#![warn(missing_docs)]

pub mod check;
pub mod deadline;
mod dispatch;
pub mod error;
mod exclude;
pub mod job;
pub mod ledger;
pub mod plan;
pub mod task;
pub mod work;
