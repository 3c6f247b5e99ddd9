//! A stash and an output in a folder, a fake queue, and a clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rehose_extract::{Compression, Options};
use rehose_reprocess::check::{Checked, Checker, Patience};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::Result;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected, Mode};
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::receipt::Receipt;
use rehose_reprocess::logs::{Log, Logs};
use rehose_reprocess::plan::RetryRequest;
use rehose_reprocess::plan::{Cursor, Planner, StartRequest, Started};
use rehose_reprocess::queues::Queues;
use rehose_reprocess::task::{PlannedObject, TaskMessage};
use rehose_reprocess::work::{Limits, Processed, Processor};
use rehose_store::location::Source;
use rehose_store::{LocalStore, Store};
use rehose_testkit::output::{self, Files};
use rehose_testkit::stash;
use tempfile::TempDir;

use crate::fake_queue::FakeQueue;

pub(crate) struct Fixture {
    folder: TempDir,
    output: &'static str,
    pub(crate) queue: Arc<FakeQueue>,
    /// The queue of merges, if it is another.
    pub(crate) merge_queue: Option<Arc<FakeQueue>>,
    pub(crate) page: usize,
    pub(crate) pages: usize,
    pub(crate) patience: Patience,
    /// Several logs, if the stash has not only one.
    pub(crate) logs: Option<Logs>,
    minutes: i64,
}

/// More time than any call needs.
pub(crate) const AMPLE: Duration = Duration::from_secs(600);

impl Fixture {
    /// A fixture whose stash has this many objects, each with one event.
    pub(crate) fn with_objects(count: usize) -> Self {
        let fixture = Self {
            folder: tempfile::tempdir().unwrap(),
            output: "out",
            queue: Arc::default(),
            merge_queue: None,
            page: 1_000,
            pages: usize::MAX,
            patience: Patience {
                rounds: 1,
                ..Patience::default()
            },
            logs: None,
            minutes: 0,
        };
        std::fs::create_dir(fixture.stash()).unwrap();
        for i in 0..count {
            fixture.put(&format!("object-{i:04}"), &document(i as i64));
        }
        fixture
    }

    /// A fixture with one object whose output is the stash itself.
    pub(crate) fn in_its_own_stash() -> Self {
        Self {
            output: "stash",
            ..Self::with_objects(1)
        }
    }

    pub(crate) fn stash(&self) -> PathBuf {
        self.folder.path().join("stash")
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.folder.path().join(self.output)
    }

    /// Puts an object into the stash.
    pub(crate) fn put(&self, key: &str, text: &str) {
        let path = self.stash().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Moves the clock.
    pub(crate) fn pass_minutes(&mut self, minutes: i64) {
        self.minutes += minutes;
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(self.minutes)
    }

    fn queues(&self) -> Queues {
        let merging = self.merge_queue.clone();
        Queues::with(self.queue.clone(), merging.map(|queue| queue as _))
    }

    fn source(&self) -> Source {
        Source {
            store: Arc::new(LocalStore::open(self.stash()).unwrap()),
            prefix: String::new(),
        }
    }

    pub(crate) fn store(&self) -> Arc<LocalStore> {
        Arc::new(LocalStore::open(self.output()).unwrap())
    }

    pub(crate) fn job() -> JobId {
        "job".parse().unwrap()
    }

    pub(crate) fn request(&self) -> StartRequest {
        StartRequest {
            job: Self::job(),
            source: self.source().name(),
            prefix: String::new(),
            mode: Mode::All,
            exclude: Vec::new(),
            errors: ErrorRecords::default(),
            max_rejected: MaxRejected::default(),
            merge: None,
            digest: None,
            options: Options::default(),
            cursor: None,
        }
    }

    pub(crate) async fn start_with(&self, request: StartRequest) -> Result<Started> {
        self.start_within(request, AMPLE).await
    }

    pub(crate) async fn start_within(
        &self,
        request: StartRequest,
        time: Duration,
    ) -> Result<Started> {
        self.planner()
            .start(request, self.now(), Deadline::after(time))
            .await
    }

    fn planner(&self) -> Planner {
        Planner {
            logs: self.logs.clone().unwrap_or_else(|| only(self.source())),
            output: self.store(),
            queues: self.queues(),
            page: self.page,
            pages: self.pages,
        }
    }

    /// One call that plans the job `job` as a retry of `left`.
    pub(crate) async fn retry_from(
        &self,
        job: &str,
        left: &str,
        cursor: Option<Cursor>,
    ) -> Result<Started> {
        let request = RetryRequest {
            job: job.parse().unwrap(),
            retry: left.parse().unwrap(),
            cursor,
        };
        self.planner()
            .retry(request, self.now(), Deadline::after(AMPLE))
            .await
    }

    /// Plans the whole job `job` as a retry of `left`.
    pub(crate) async fn retry(&self, job: &str, left: &str) {
        let mut cursor = None;
        loop {
            let started = self.retry_from(job, left, cursor).await.unwrap();
            cursor = started.cursor;
            if started.planned {
                return;
            }
        }
    }

    pub(crate) fn ledger(&self, job: &str) -> Ledger {
        Ledger::new(self.store(), job.parse().unwrap())
    }

    pub(crate) async fn start_from(&self, cursor: Option<Cursor>) -> Result<Started> {
        let request = self.request();
        self.start_with(StartRequest { cursor, ..request }).await
    }

    /// Plans the whole job.
    pub(crate) async fn start(&self) {
        let mut cursor = None;
        loop {
            let started = self.start_from(cursor).await.unwrap();
            cursor = started.cursor;
            if started.planned {
                return;
            }
        }
    }

    pub(crate) fn stash_store(&self) -> Arc<LocalStore> {
        Arc::new(LocalStore::open(self.stash()).unwrap())
    }

    /// A processor that reads the stash through another store.
    pub(crate) fn processor_from(&self, store: Arc<dyn Store>) -> Processor {
        let prefix = String::new();
        let logs = only(Source { store, prefix });
        processor(logs, self.store(), Limits::near(4))
    }

    pub(crate) fn processor(&self) -> Processor {
        self.processor_into(self.store())
    }

    pub(crate) fn processor_into(&self, output: Arc<dyn Store>) -> Processor {
        self.processor_on(output, 4)
    }

    pub(crate) fn processor_on(&self, output: Arc<dyn Store>, cores: usize) -> Processor {
        let logs = self.logs.clone().unwrap_or_else(|| only(self.source()));
        processor(logs, output, Limits::near(cores))
    }

    pub(crate) async fn process(&self, body: &str) -> Result<Processed> {
        self.processor().process(body, Deadline::after(AMPLE)).await
    }

    pub(crate) async fn process_on(&self, processor: &Processor, body: &str) -> Result<Processed> {
        processor.process(body, Deadline::after(AMPLE)).await
    }

    /// Processes all messages of the queue.
    pub(crate) async fn process_all(&self) {
        for body in self.queue.take() {
            self.process(&body).await.unwrap();
        }
    }

    pub(crate) async fn process_tasks(&self, tasks: &[TaskMessage]) {
        for task in tasks {
            self.process(&serde_json::to_string(task).unwrap())
                .await
                .unwrap();
        }
    }

    pub(crate) async fn check(&self) -> Checked {
        self.check_within(AMPLE).await
    }

    pub(crate) async fn check_within(&self, time: Duration) -> Checked {
        self.try_check(&Self::job(), time).await.unwrap()
    }

    pub(crate) async fn check_job(&self, job: &str) -> Checked {
        self.try_check(&job.parse().unwrap(), AMPLE).await.unwrap()
    }

    /// Ends the job. Objects without a receipt are lost.
    pub(crate) async fn give_up(&mut self, job: &str) -> Checked {
        self.patience.rounds = 0;
        self.check_job(job).await;
        self.pass_minutes(5);
        self.check_job(job).await
    }

    pub(crate) async fn try_check(&self, job: &JobId, time: Duration) -> Result<Checked> {
        let checker = Checker {
            output: self.store(),
            queues: self.queues(),
            patience: self.patience,
        };
        checker.check(job, self.now(), Deadline::after(time)).await
    }

    /// An object of the output as text.
    pub(crate) fn read(&self, key: &str) -> String {
        String::from_utf8(self.files()[key].clone()).unwrap()
    }

    /// Gives a document a far newer version.
    pub(crate) fn make_newer(&self, key: &str) {
        let path = self.output().join(key);
        #[allow(clippy::disallowed_methods, reason = "a test's own small file")]
        let text = std::fs::read_to_string(&path).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["v"] = 1000.into();
        std::fs::write(path, document.to_string()).unwrap();
    }

    /// Changes a JSON document of the output.
    pub(crate) fn edit(&self, key: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let mut document = serde_json::from_str(&self.read(key)).unwrap();
        change(&mut document);
        std::fs::write(self.output().join(key), document.to_string()).unwrap();
    }

    /// The files of the output, without the progress of `check` and unfinished objects.
    pub(crate) fn files(&self) -> Files {
        let mut files = match self.output().exists() {
            true => output::files(&self.output()),
            false => Files::new(),
        };
        let is_empty_folder = |key: &str| key.ends_with('/');
        files.retain(|key, _| {
            key != "jobs/job/progress.json" && !key.starts_with(".rehose/") && !is_empty_folder(key)
        });
        files
    }

    /// How many unfinished objects the output holds.
    pub(crate) fn unfinished(&self) -> usize {
        std::fs::read_dir(self.output().join(".rehose")).map_or(0, Iterator::count)
    }

    /// A receipt of the job `job`.
    pub(crate) fn receipt(&self, task: &str) -> Receipt {
        serde_json::from_str(&self.read(&format!("jobs/job/receipts/{task}.json"))).unwrap()
    }

    /// The planned objects of messages, in order.
    pub(crate) async fn planned(&self, messages: &[TaskMessage]) -> Vec<PlannedObject> {
        let mut objects = Vec::new();
        for TaskMessage { job, task, .. } in messages {
            let slice = self.ledger(job.as_str()).slice(task.slice).await.unwrap();
            objects.extend_from_slice(slice.unwrap().objects(*task).unwrap());
        }
        objects
    }

    /// The keys of the planned objects of messages.
    pub(crate) async fn planned_keys(&self, messages: &[TaskMessage]) -> Vec<String> {
        let planned = self.planned(messages).await;
        planned.into_iter().map(|object| object.key).collect()
    }

    pub(crate) fn receipts(&self) -> Vec<String> {
        let names = self.files().into_keys();
        names
            .filter_map(|key| Some(key.strip_prefix("jobs/job/receipts/")?.to_owned()))
            .collect()
    }
}

/// The only log of a stash.
fn only(source: Source) -> Logs {
    let shape = Options::default().compile().unwrap();
    Logs::from(Log::in_root(vec![source], shape))
}

fn processor(logs: Logs, output: Arc<dyn Store>, limits: Limits) -> Processor {
    Processor::new(logs, output, Compression::default(), limits).unwrap()
}

/// A document with one event.
pub(crate) fn document(timestamp: i64) -> String {
    stash::document(&[(timestamp, "2 1 eni-1 - - - - - - - 0 60 - NODATA")])
}
