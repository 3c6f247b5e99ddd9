//! The environments of functions: a share of a core, cold starts and the bill.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::Error;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::cloud::Cloud;
use crate::latency::{BOOT, INIT, INVOKE};
use crate::s3::retry::RetryQuota;
use crate::scenario::Stack;

/// The timeout of every function, in `infra/lib/config.ts`. It is the longest that Lambda allows.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The memory that pays for one core
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const CORE: u32 = 1_769;

/// A function of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Plans the job.
    Start,
    /// Converts the objects of a task.
    Process,
    /// Adds up the receipts.
    Check,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 3] = [Self::Start, Self::Process, Self::Check];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Process => "process",
            Self::Check => "check",
        }
    }

    /// Its memory in MB, as `infra/lib/functions.ts` and `infra/lib/config.ts` have it.
    pub fn megabytes(self) -> u32 {
        match self {
            Self::Start | Self::Check => 512,
            Self::Process => CORE,
        }
    }
}

/// An environment of a function.
#[derive(Debug)]
pub(crate) struct Sandbox {
    function: Function,
    core: Mutex<Core>,
    /// Bytes of the stash that were read since the last merged file.
    read: AtomicU64,
    /// The SDK's quota of retries, which lives as long as the process.
    pub(crate) retries: RetryQuota,
}

#[derive(Debug)]
struct Core {
    /// When all work that was given to it will be done.
    free: Instant,
    busy: Duration,
}

/// Why an invocation has no answer, as its caller sees it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: &'static str,
    pub(crate) cause: String,
}

impl Sandbox {
    pub(crate) fn new(function: Function, stack: &Stack) -> Self {
        Self {
            function,
            core: Mutex::new(Core {
                free: Instant::now(),
                busy: Duration::ZERO,
            }),
            read: AtomicU64::new(0),
            retries: RetryQuota::new(stack.retry_quota, stack.attempts),
        }
    }

    /// Gives work to the core, behind all other work, and returns when it will be done. A function with
    /// less memory than a core gets a part of its time.
    pub(crate) fn reserve(&self, work: Duration) -> Instant {
        let share = f64::from(self.function.megabytes()) / f64::from(CORE);
        let mut core = self.core();
        core.busy += work;
        core.free = core.free.max(Instant::now()) + work.div_f64(share);
        core.free
    }

    /// Computes.
    pub(crate) async fn compute(&self, work: Duration) {
        sleep_until(self.reserve(work)).await;
    }

    /// Counts what is read of the stash.
    pub(crate) fn has_read(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What was read of the stash since this was last asked.
    pub(crate) fn take_read(&self) -> u64 {
        self.read.swap(0, Ordering::Relaxed)
    }

    fn core(&self) -> std::sync::MutexGuard<'_, Core> {
        (self.core.lock()).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Invokes the function in this environment, and bills it.
    pub(crate) async fn invoke<T>(
        &self,
        cloud: &Cloud,
        is_cold: bool,
        function: impl AsyncFnOnce(Deadline) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        sleep(INVOKE).await;
        let mut billed = Duration::ZERO;
        if is_cold {
            sleep(BOOT + INIT).await;
            billed += INIT;
        }
        let begun = Instant::now();
        // An invocation before this one may have failed.
        self.take_read();
        let busy = self.core().busy;
        let answer = timeout(TIMEOUT, function(Deadline::of_invocation(TIMEOUT))).await;
        billed += begun.elapsed();
        let answer = match answer {
            Ok(answer) => answer.map_err(|error| Failure {
                error: error.kind().name(),
                cause: error.to_string(),
            }),
            Err(_) => Err(Failure {
                error: "Sandbox.Timedout",
                cause: format!("{} took {TIMEOUT:?}", self.function.name()),
            }),
        };
        let busy = self.core().busy - busy;
        cloud.meter.add(|counts| {
            let invocations = &mut counts.invocations[self.function as usize];
            invocations.number += 1;
            invocations.cold += u64::from(is_cold);
            invocations.failed += u64::from(answer.is_err());
            // Lambda bills whole milliseconds.
            invocations.billed_ms += billed.as_nanos().div_ceil(1_000_000) as u64;
            invocations.busy += busy;
        });
        answer
    }
}
