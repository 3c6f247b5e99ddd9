//! The three functions as Lambda runs them, without the types of the Lambda runtime.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use rehose_extract::{Compression, FileKind};
use rehose_reprocess::check::{Checked, Checker, Patience};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::digest::{DigestRequest, Digests, Requested};
use rehose_reprocess::error::Error;
use rehose_reprocess::job::JobId;
use rehose_reprocess::logs::{Log, Logs};
use rehose_reprocess::plan::{Planner, StartRequest, Started};
use rehose_reprocess::queues::Queues;
use rehose_reprocess::work::{Limits, Processor};
use rehose_store::Store;
use rehose_store::location::Source;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::oracle::Oracle;
use rehose_testkit::cloud::bucket::{self, Bucket};
use rehose_testkit::cloud::chance::{Chance, Fault};
use rehose_testkit::cloud::queue::{self, Delivery, StandardQueue};
use rehose_testkit::cloud::sandbox::{Death, Kill, Sandbox};
use rehose_testkit::shapes::flow_logs_to;

/// A function's timeout, as `infra/lib/functions.ts` has it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// When a function is killed: at one of its polls, or after some time.
const KILL_POLLS: std::ops::Range<usize> = 1..400;
const KILL_TIME: std::ops::Range<Duration> = Duration::from_millis(10)..TIMEOUT;

/// When a run begins, in seconds: 2020-02-01T03:30:00Z, when some hours of the stash are closed.
const BEGIN: i64 = 1_580_527_800;

/// The time.
pub(crate) fn now(chance: &Chance) -> Timestamp {
    Timestamp::from_second(BEGIN).unwrap() + chance.age()
}

/// The functions, and what they work on.
#[derive(Debug)]
pub(crate) struct Functions {
    pub(crate) chance: Arc<Chance>,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) stash: Arc<Bucket>,
    pub(crate) output: Arc<Bucket>,
    pub(crate) historic: Arc<StandardQueue>,
    /// Keys of a page of the listing, and pages of a call of `start`.
    pub(crate) page: usize,
    pub(crate) pages: usize,
    /// Objects that a `process` handles at once.
    pub(crate) objects: usize,
    /// The size of the largest small object in bytes.
    pub(crate) small_bytes: usize,
    /// Bytes of rows that a merge has in memory.
    pub(crate) merge_memory: usize,
    pub(crate) exclude: Vec<String>,
    pub(crate) kind: FileKind,
    /// The idle sandboxes of `process`.
    pub(crate) idle: Mutex<Vec<(Arc<Sandbox>, Arc<Processor>)>>,
    pub(crate) sandboxes: AtomicUsize,
}

/// The error of an invocation, as the state machine receives it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: &'static str,
    pub(crate) cause: String,
}

impl Failure {
    fn of_lambda(error: &'static str) -> Self {
        let cause = String::new();
        Self { error, cause }
    }
}

impl Functions {
    pub(crate) async fn start(
        self: &Arc<Self>,
        request: &StartRequest,
    ) -> Result<Started, Failure> {
        let job = request.job.clone();
        self.invoke(&format!("start-{job}"), async |functions, sandbox, end| {
            let planner = Planner {
                logs: functions.logs(&sandbox),
                output: functions.store(&sandbox),
                queues: Queues::one(functions.queue(&sandbox)),
                page: functions.page,
                pages: functions.pages,
            };
            planner.start(request.clone(), functions.now(), end).await
        })
        .await
    }

    pub(crate) async fn check(self: &Arc<Self>, job: &JobId) -> Result<Checked, Failure> {
        self.invoke(&format!("check-{job}"), async |functions, sandbox, end| {
            let checker = Checker {
                output: functions.store(&sandbox),
                queues: Queues::one(functions.queue(&sandbox)),
                patience: Patience::default(),
            };
            checker.check(job, functions.now(), end).await
        })
        .await
    }

    /// Asks for a digest, as a function behind HTTP would.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        request: &DigestRequest,
        refresh: bool,
    ) -> Option<Requested> {
        let answer = self.invoke("ask", async |functions, sandbox, _| {
            let sources = functions.logs(&sandbox).all()[0].sources.clone();
            let digests = Digests::new(functions.store(&sandbox), sources);
            digests.request(request, refresh, functions.now()).await
        });
        answer.await.ok()
    }

    /// Invokes a function as Lambda does for the state machine.
    async fn invoke<T>(
        self: &Arc<Self>,
        name: &str,
        function: impl AsyncFn(Arc<Self>, Arc<Sandbox>, Deadline) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        if self.chance.strikes(Fault::Throttled) {
            return Err(Failure::of_lambda("Lambda.TooManyRequestsException"));
        }
        let once = async || {
            let sandbox = self.sandbox(name);
            let timeout = Instant::now() + TIMEOUT;
            let invocation = function(
                Arc::clone(self),
                Arc::clone(&sandbox),
                Deadline::of_invocation(TIMEOUT),
            );
            let kill = self.kill();
            let answer = sandbox.run(None, timeout, kill, invocation).await;
            self.oracle.invocation_ended(&self.output, &sandbox);
            answer
        };
        let answer = match self.chance.strikes(Fault::StartedTwice) {
            true => tokio::join!(once(), once()).0,
            false => once().await,
        };
        if self.chance.strikes(Fault::InvocationAnswerLost) {
            return Err(Failure::of_lambda("Lambda.ClientExecutionTimeoutException"));
        }
        match answer {
            Ok(answer) => answer.map_err(|error| {
                self.chance.note(format_args!("{name} failed: {error}"));
                Failure {
                    error: error.kind().name(),
                    cause: error.to_string(),
                }
            }),
            Err(Death::Time) => Err(Failure::of_lambda("Sandbox.Timedout")),
            Err(Death::Chance | Death::Memory) => Err(Failure::of_lambda("Runtime.ExitError")),
        }
    }

    /// An event source mapping with batches of one message and a limit of concurrency.
    pub(crate) async fn consume(self: Arc<Self>, queue: Arc<StandardQueue>, concurrency: usize) {
        let slots = Arc::new(Semaphore::new(concurrency));
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await;
            let delivery = queue.receive().await;
            let (functions, queue) = (Arc::clone(&self), Arc::clone(&queue));
            tokio::spawn(async move {
                let _slot = slot;
                let once = || functions.process(&queue, &delivery);
                let handling = async {
                    match functions.chance.strikes(Fault::StartedTwice) {
                        true => _ = tokio::join!(once(), once()),
                        false => once().await,
                    }
                };
                if AssertUnwindSafe(handling).catch_unwind().await.is_err() {
                    functions.chance.violate("nothing panics");
                }
            });
        }
    }

    /// An invocation of `process`. A message is acknowledged only if it is processed.
    async fn process(&self, queue: &StandardQueue, delivery: &Delivery) {
        if self.chance.strikes(Fault::OldVersion) {
            delivery.message.struck.store(true, Ordering::Relaxed);
            return;
        }
        let (sandbox, processor) = self.warm();
        let timeout = Instant::now() + TIMEOUT;
        let deadline = Deadline::of_invocation(TIMEOUT);
        let message = Arc::clone(&delivery.message);
        let handling = processor.process(&delivery.message.body, deadline);
        let answer = sandbox.run(Some(message), timeout, self.kill(), handling);
        match answer.await {
            Ok(Ok(_)) => {
                (self.oracle).acknowledged(&self.output, &delivery.message.body);
                queue.acknowledge(delivery);
            }
            Ok(Err(error)) => {
                let name = &sandbox.name;
                self.chance.note(format_args!("{name} failed: {error}"));
                if !deadline.has(Duration::from_nanos(1)) {
                    sandbox.was_cut.store(true, Ordering::Relaxed);
                }
            }
            Err(_) => return,
        }
        self.oracle.invocation_ended(&self.output, &sandbox);
        self.idle.lock().unwrap().push((sandbox, processor));
    }

    /// A warm sandbox of `process`, or a new one.
    fn warm(&self) -> (Arc<Sandbox>, Arc<Processor>) {
        let mut idle = self.idle.lock().unwrap();
        if !idle.is_empty() && self.chance.happens(0.9) {
            let at = self.chance.number(0..idle.len());
            return idle.swap_remove(at);
        }
        let sandbox = self.sandbox("process");
        let limits = Limits {
            cores: 1,
            transfers: self.objects,
        };
        let (logs, output) = (self.logs(&sandbox), self.store(&sandbox));
        let processor = Processor::new(logs, output, Compression::default(), limits);
        (
            sandbox,
            Arc::new(
                processor
                    .unwrap()
                    .in_place(self.small_bytes, self.merge_memory),
            ),
        )
    }

    fn sandbox(&self, function: &str) -> Arc<Sandbox> {
        let number = self.sandboxes.fetch_add(1, Ordering::Relaxed);
        Sandbox::new(format!("{function}#{number}"), &self.chance)
    }

    fn kill(&self) -> Option<Kill> {
        self.chance.strikes(Fault::Killed).then(|| {
            if self.chance.happens(0.5) {
                Kill::Polls(self.chance.number(KILL_POLLS))
            } else {
                Kill::At(Instant::now() + self.chance.time(KILL_TIME))
            }
        })
    }

    fn logs(&self, sandbox: &Arc<Sandbox>) -> Logs {
        let source = Source {
            store: Arc::new(bucket::Client::new(&self.stash, sandbox)),
            prefix: String::new(),
        };
        Logs::from(Log {
            exclude: self.exclude.clone(),
            ..Log::in_root(vec![source], flow_logs_to(self.kind))
        })
    }

    fn store(&self, sandbox: &Arc<Sandbox>) -> Arc<dyn Store> {
        Arc::new(bucket::Client::new(&self.output, sandbox))
    }

    fn queue(&self, sandbox: &Arc<Sandbox>) -> Arc<queue::Client> {
        Arc::new(queue::Client {
            queue: Arc::clone(&self.historic),
            sandbox: Arc::clone(sandbox),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        now(&self.chance)
    }
}
