//! A reprocessing job: its plan, its tasks, their receipts, and the report that proves it complete.
//!
//! | module | content |
//! |---|---|
//! | [`plan`] | `start` and `retry`: what a job has to do, written down before any of it is sent |
//! | [`work`] | `process`: a message becomes finished outputs and a receipt |
//! | [`check`] | `check`: receipts become a report; and watching a job without writing |
//! | [`ledger`] | the documents in which these three tell each other what happened |
//! | [`local`] | a job in one process, without AWS |
//! | [`digest`] | digests, for those who ask for them |
//! | [`logs`] | which objects belong to which log, and where its rows go |
//! | [`job`], [`task`], [`partition`] | what a job, a task and a partition are |
//! | [`promise`] | what a job promises, by ids |
//! | [`deadline`], [`error`] | what all of them share |
//!
//! One message, from top to bottom: `work::process`, `work::plans`, `work::convert`, and back with a
//! receipt. One job: `plan::planner` stores slices and sends tasks, `check` follows their receipts
//! until the report.
//!
//! The crate knows no AWS. It works on a [`Store`](rehose_store::Store) and a
//! [`Queue`](rehose_store::queue::Queue). Here both are on this machine:
//!
//! ```
//! use std::sync::Arc;
//!
//! use jiff::Timestamp;
//! use rehose_extract::{Compression, Options};
//! use rehose_reprocess::check::{Checker, JobState, Patience};
//! use rehose_reprocess::deadline::Deadline;
//! use rehose_reprocess::exclude::ErrorRecords;
//! use rehose_reprocess::job::{MaxRejected, Mode};
//! use rehose_reprocess::logs::{Log, Logs};
//! use rehose_reprocess::plan::{Planner, StartRequest};
//! use rehose_reprocess::queues::Queues;
//! use rehose_reprocess::work::{Limits, Processor};
//! use rehose_store::location::Source;
//! use rehose_store::queue::LocalQueue;
//! use rehose_store::{LocalStore, MAX_PAGE};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! std::fs::create_dir(folder.path().join("stash"))?;
//! std::fs::write(folder.path().join("stash/object"), "")?;
//! let source = Source {
//!     store: Arc::new(LocalStore::open(folder.path().join("stash"))?),
//!     prefix: String::new(),
//! };
//! let output = Arc::new(LocalStore::open(folder.path().join("output"))?);
//! let queue = LocalQueue::new(100);
//!
//! let shape = Options::default().compile()?;
//! let logs = Logs::from(Log::in_root(vec![source.clone()], shape));
//! let planner = Planner {
//!     logs: logs.clone(),
//!     output: output.clone(),
//!     queues: Queues::one(Arc::new(queue.clone())),
//!     page: MAX_PAGE,
//!     pages: usize::MAX,
//! };
//! let request = StartRequest {
//!     job: "job".parse()?,
//!     source: source.name(),
//!     prefix: String::new(),
//!     mode: Mode::All,
//!     exclude: Vec::new(),
//!     errors: ErrorRecords::default(),
//!     max_rejected: MaxRejected::default(),
//!     merge: None,
//!     digest: None,
//!     options: Options::default(),
//!     cursor: None,
//! };
//! let job = request.job.clone();
//! planner.start(request, Timestamp::now(), Deadline::never()).await?;
//! queue.close();
//!
//! let processor =
//!     Processor::new(logs, output.clone(), Compression::default(), Limits::near(2))?;
//! while let Some(delivery) = queue.receive().await {
//!     processor.process(&delivery.body, Deadline::never()).await?;
//!     delivery.ack();
//! }
//!
//! let queues = Queues::one(Arc::new(queue));
//! let checker = Checker { output, queues, patience: Patience::default() };
//! let checked = checker.check(&job, Timestamp::now(), Deadline::never()).await?;
//! assert_eq!(checked.state, JobState::Succeeded);
//! # Ok(()) })
//! # }
//! ```
#![warn(missing_docs)]

pub mod check;
mod clock;
pub mod deadline;
pub mod digest;
mod dispatch;
pub mod error;
pub mod exclude;
pub mod job;
pub mod ledger;
pub mod local;
pub mod logs;
pub mod partition;
pub mod plan;
pub mod promise;
pub mod queues;
pub mod task;
pub mod work;
