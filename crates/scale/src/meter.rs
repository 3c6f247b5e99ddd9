//! What is counted during a run.

use std::sync::Mutex;
use std::time::Duration;

use crate::lambda::Function;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// `GetObject`.
    Get,
    /// `HeadObject`.
    Head,
    /// `PutObject`.
    Put,
    /// `ListObjectsV2`.
    List,
    /// `SendMessageBatch`.
    Send,
    /// `ReceiveMessage`.
    Receive,
    /// `DeleteMessageBatch`.
    Delete,
    /// `GetQueueAttributes`.
    Counters,
}

impl Request {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Get,
        Self::Head,
        Self::Put,
        Self::List,
        Self::Send,
        Self::Receive,
        Self::Delete,
        Self::Counters,
    ];

    /// The operation of AWS.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GetObject",
            Self::Head => "HeadObject",
            Self::Put => "PutObject",
            Self::List => "ListObjectsV2",
            Self::Send => "SendMessageBatch",
            Self::Receive => "ReceiveMessage",
            Self::Delete => "DeleteMessageBatch",
            Self::Counters => "GetQueueAttributes",
        }
    }
}

/// Requests of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Those that were answered, and are paid for.
    pub answered: u64,
    /// Those that S3 refused with 503, which nobody pays for
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ErrorCodeBilling.html>).
    pub throttled: u64,
}

/// The invocations of one function.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Invocations {
    /// How many.
    pub number: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that started an environment.
    pub cold: u64,
    /// What is billed, in milliseconds.
    pub billed_ms: u64,
    /// What its core computed.
    pub busy: Duration,
}

/// All counters.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Counts>);

/// The values of all counters.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// By [`Request`].
    pub(crate) requests: [Requests; Request::ALL.len()],
    /// By [`Function`].
    pub(crate) invocations: [Invocations; Function::ALL.len()],
    /// The `LIST` requests to the stash.
    pub stash_pages: u64,
    /// State transitions of all executions.
    pub transitions: u64,
    /// Executions of the state machine.
    pub executions: u64,
    /// The events of the longest execution.
    pub events: u64,
}

impl Counts {
    /// The requests of a kind.
    pub fn requests(&self, request: Request) -> Requests {
        self.requests[request as usize]
    }

    /// What was counted since an earlier time. The longest execution is that of both.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut counts = *self;
        for (now, then) in counts.requests.iter_mut().zip(&earlier.requests) {
            now.answered -= then.answered;
            now.throttled -= then.throttled;
        }
        for (now, then) in counts.invocations.iter_mut().zip(&earlier.invocations) {
            now.number -= then.number;
            now.failed -= then.failed;
            now.cold -= then.cold;
            now.billed_ms -= then.billed_ms;
            now.busy -= then.busy;
        }
        counts.stash_pages -= earlier.stash_pages;
        counts.transitions -= earlier.transitions;
        counts.executions -= earlier.executions;
        counts
    }

    /// The invocations of a function.
    pub fn invocations(&self, function: Function) -> Invocations {
        self.invocations[function as usize]
    }
}

impl Meter {
    pub(crate) fn add(&self, add: impl FnOnce(&mut Counts)) {
        // A panic elsewhere leaves the counters as they are.
        add(&mut self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()));
    }

    pub(crate) fn answered(&self, request: Request) {
        self.add(|counts| counts.requests[request as usize].answered += 1);
    }

    pub(crate) fn throttled(&self, request: Request) {
        self.add(|counts| counts.requests[request as usize].throttled += 1);
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.add(|now| counts = *now);
        counts
    }
}
