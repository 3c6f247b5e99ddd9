//! Runs a job over a folder with the library alone:
//!
//! ```text
//! cargo run -p rehose-reprocess --example run_job -- tests/data/stash out
//! ```

use std::env::args;
use std::error::Error;
use std::sync::Arc;

use jiff::Timestamp;
use rehose_extract::{Compression, Options};
use rehose_reprocess::check::{Checker, Patience};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected, Mode};
use rehose_reprocess::logs::{Log, Logs};
use rehose_reprocess::plan::{Planner, StartRequest};
use rehose_reprocess::queues::Queues;
use rehose_reprocess::work::{Limits, Processor};
use rehose_store::location::Source;
use rehose_store::queue::LocalQueue;
use rehose_store::{LocalStore, MAX_PAGE};

/// All messages of the job wait in the queue at once, which a small stash allows.
const MESSAGES: usize = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = args().skip(1);
    let (Some(stash), Some(output)) = (folders.next(), folders.next()) else {
        return Err("usage: run_job STASH OUTPUT".into());
    };
    let source = Source {
        store: Arc::new(LocalStore::open(stash)?),
        prefix: String::new(),
    };
    let output = Arc::new(LocalStore::open(output)?);
    let queue = LocalQueue::new(MESSAGES);
    let job = JobId::new(Timestamp::now());

    let shape = Options::default().compile()?;
    let logs = Logs::from(Log::in_root(vec![source.clone()], shape));
    let planner = Planner {
        logs: logs.clone(),
        output: output.clone(),
        queues: Queues::one(Arc::new(queue.clone())),
        page: MAX_PAGE,
        pages: usize::MAX,
    };
    let request = StartRequest {
        job: job.clone(),
        source: source.name(),
        prefix: String::new(),
        mode: Mode::All,
        exclude: Vec::new(),
        errors: ErrorRecords::default(),
        max_rejected: MaxRejected::default(),
        merge: None,
        digest: None,
        options: Options::default(),
        cursor: None,
    };
    planner
        .start(request, Timestamp::now(), Deadline::never())
        .await?;
    queue.close();

    let compression = Compression::default();
    let processor = Processor::new(logs, output.clone(), compression, Limits::near(2))?;
    while let Some(delivery) = queue.receive().await {
        processor.process(&delivery.body, Deadline::never()).await?;
        delivery.ack();
    }

    let checker = Checker {
        output,
        queues: Queues::one(Arc::new(queue)),
        patience: Patience::default(),
    };
    let checked = checker
        .check(&job, Timestamp::now(), Deadline::never())
        .await?;
    println!("{}", serde_json::to_string_pretty(&checked)?);
    Ok(())
}
