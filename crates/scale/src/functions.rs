//! The product's three functions, as Lambda runs them.

use std::sync::{Arc, Mutex, MutexGuard};

use rehose_extract::{Compression, Options, Shape};
use rehose_reprocess::check::{Checked, Checker, Patience};
use rehose_reprocess::error::Error;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected, Merge, Mode};
use rehose_reprocess::logs::{Log, Logs};
use rehose_reprocess::plan::{Planner, StartRequest, Started};
use rehose_reprocess::queues::Queues;
use rehose_reprocess::work::{Limits, Processor};
use rehose_store::location::Source;
use rehose_store::queue::Queue;
use rehose_store::{MAX_PAGE, Store, StoreName};

use crate::cloud::Cloud;
use crate::lambda::{Failure, Function, Sandbox};
use crate::s3::Bucket;
use crate::s3::output::Output;
use crate::s3::stash::Stash;
use crate::sqs;

/// The functions, and their idle environments.
#[derive(Debug)]
pub(crate) struct Functions {
    pub(crate) cloud: Arc<Cloud>,
    shape: Shape,
    start: Mutex<Vec<Arc<Sandbox>>>,
    check: Mutex<Vec<Arc<Sandbox>>>,
    process: Mutex<Vec<(Arc<Sandbox>, Processor)>>,
}

impl Functions {
    pub(crate) fn new(cloud: &Arc<Cloud>) -> Result<Self, Error> {
        Ok(Self {
            cloud: Arc::clone(cloud),
            shape: Options::default().compile()?,
            start: Mutex::default(),
            check: Mutex::default(),
            process: Mutex::default(),
        })
    }

    /// The input of an execution.
    pub(crate) fn given(&self, job: JobId, merge: Option<Merge>) -> StartRequest {
        StartRequest {
            job,
            source: StoreName::of_bucket(Bucket::Stash.name()),
            prefix: self.cloud.world.prefix().to_owned(),
            mode: Mode::All,
            exclude: Vec::new(),
            errors: ErrorRecords::default(),
            max_rejected: MaxRejected::default(),
            merge,
            digest: None,
            options: Options::default(),
            cursor: None,
        }
    }

    pub(crate) async fn start(&self, request: StartRequest) -> Result<Started, Failure> {
        let (sandbox, is_cold) = self.environment(&self.start, Function::Start);
        let planner = Planner {
            logs: self.logs(self.source(&sandbox)),
            output: self.output(&sandbox),
            queues: Queues::one(self.queue(&sandbox)),
            page: MAX_PAGE,
            pages: usize::MAX,
        };
        let start = async |deadline| planner.start(request, self.cloud.now(), deadline).await;
        let answer = sandbox.invoke(&self.cloud, is_cold, start).await;
        lock(&self.start).push(sandbox);
        answer
    }

    pub(crate) async fn check(&self, job: &JobId) -> Result<Checked, Failure> {
        let (sandbox, is_cold) = self.environment(&self.check, Function::Check);
        let checker = Checker {
            output: self.output(&sandbox),
            queues: Queues::one(self.queue(&sandbox)),
            patience: Patience::default(),
        };
        let check = async |deadline| checker.check(job, self.cloud.now(), deadline).await;
        let answer = sandbox.invoke(&self.cloud, is_cold, check).await;
        lock(&self.check).push(sandbox);
        answer
    }

    /// Processes a message. Returns whether it may be deleted.
    pub(crate) async fn process(&self, body: &str) -> bool {
        let idle = lock(&self.process).pop();
        let is_cold = idle.is_none();
        let (sandbox, processor) = match idle {
            Some(idle) => idle,
            None => match self.processor() {
                Ok(new) => new,
                Err(_) => return false,
            },
        };
        let process = async |deadline| processor.process(body, deadline).await;
        let answer = sandbox.invoke(&self.cloud, is_cold, process).await;
        lock(&self.process).push((sandbox, processor));
        answer.is_ok()
    }

    /// An environment of a function, and whether it is new.
    fn environment(
        &self,
        idle: &Mutex<Vec<Arc<Sandbox>>>,
        function: Function,
    ) -> (Arc<Sandbox>, bool) {
        let idle = lock(idle).pop();
        let is_cold = idle.is_none();
        let new = || Arc::new(Sandbox::new(function, &self.cloud.stack));
        (idle.unwrap_or_else(new), is_cold)
    }

    fn processor(&self) -> Result<(Arc<Sandbox>, Processor), Error> {
        let sandbox = Arc::new(Sandbox::new(Function::Process, &self.cloud.stack));
        // A single core transcodes small objects where they are awaited, on this thread.
        let processor = Processor::new(
            self.logs(self.source(&sandbox)),
            self.output(&sandbox),
            Compression::default(),
            Limits::distant(1).with_transfers(self.cloud.stack.transfers),
        )?;
        Ok((sandbox, processor))
    }

    fn logs(&self, source: Source) -> Logs {
        Logs::from(Log::in_root(vec![source], self.shape.clone()))
    }

    fn source(&self, sandbox: &Arc<Sandbox>) -> Source {
        Source {
            store: Arc::new(Stash::new(&self.cloud, sandbox)),
            prefix: self.cloud.world.prefix().to_owned(),
        }
    }

    fn output(&self, sandbox: &Arc<Sandbox>) -> Arc<dyn Store> {
        Arc::new(Output::new(&self.cloud, sandbox))
    }

    fn queue(&self, sandbox: &Arc<Sandbox>) -> Arc<dyn Queue> {
        Arc::new(sqs::Client {
            cloud: Arc::clone(&self.cloud),
            sandbox: Arc::clone(sandbox),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
