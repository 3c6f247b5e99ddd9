//! The errors of the use cases. Each message says what to do next.

use rehose_extract::OptionsError;
use rehose_store::location::LocationError;
use rehose_store::queue::QueueError;
use rehose_store::{StoreError, StoreErrorKind};

use crate::ledger::NewerVersion;
use crate::task::TaskId;

/// Why `start`, `process` or `check` failed.
///
/// A fault of a source object is not an error here. It is an [`Outcome`](crate::ledger::receipt::Outcome).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A location is not usable.
    #[error(transparent)]
    Location(LocationError),
    /// The options are not usable.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A value is not usable.
    #[error("{name}: {reason}")]
    Value {
        /// The value's name.
        name: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// No object has the prefix.
    #[error("there is no object under {source_url}; check the prefix")]
    NothingThere {
        /// The prefix, as a URL.
        source_url: String,
    },
    /// No log has the objects under a prefix.
    #[error("the objects under {url} belong to no log; a prefix must begin with {prefixes}")]
    NoLog {
        /// The prefix, as a URL.
        url: String,
        /// The prefixes of the logs.
        prefixes: String,
    },
    /// Several logs have objects under a prefix.
    #[error("the objects under {url} belong to several logs; start a job for each: {prefixes}")]
    SeveralLogs {
        /// The prefix, as a URL.
        url: String,
        /// The prefixes of these logs.
        prefixes: String,
    },
    /// The output would be listed as input.
    #[error("the output {output} lies under the source {source_url}; take an output elsewhere")]
    OutputUnderSource {
        /// The output.
        output: String,
        /// The source.
        source_url: String,
    },
    /// The output is bound to other options, or to another bucket.
    #[error(
        "the output {output} is bound otherwise: it has {bound}, this job has {wanted}; \
         take another output"
    )]
    OtherBinding {
        /// The output.
        output: String,
        /// The values in its `rehose.json` that differ.
        bound: String,
        /// The values of the job instead.
        wanted: String,
    },
    /// The job id belongs to a job with another definition.
    #[error(
        "the job {job} exists and was started otherwise: it has {bound}, this call has {wanted}; \
         take another job id"
    )]
    OtherJob {
        /// The job's id.
        job: String,
        /// The values of the existing job that differ.
        bound: String,
        /// The values of this call instead.
        wanted: String,
    },
    /// There is no such job, or its plan is not complete.
    #[error("the job {job} is not planned: {missing} is missing; start it first")]
    NotPlanned {
        /// The job's id.
        job: String,
        /// The missing object of the ledger.
        missing: String,
    },
    /// The job to retry has no report yet.
    #[error(
        "the job {job} has no report, so what it leaves undone is not known; wait for its end, or \
         if it was stopped, start a job over its prefix with the mode missing"
    )]
    NotOver {
        /// The job's id.
        job: String,
    },
    /// Nothing failed and nothing was lost.
    #[error("there is nothing to retry: every object of the job {job} is done")]
    NothingToRetry {
        /// The job's id.
        job: String,
    },
    /// A task that the job's plan does not contain.
    #[error("the plan of the job {job} has no task {task}; nothing has been touched")]
    NotInPlan {
        /// The job's id.
        job: String,
        /// The task.
        task: TaskId,
    },
    /// A source or an output outside the configuration.
    #[error(
        "{url} is outside of what this function is configured for, and has not been touched; take a \
         prefix that it may read, or deploy the stack for this one"
    )]
    Outside {
        /// The location.
        url: String,
    },
    /// A message of an unknown form.
    #[error("the message is neither a task nor an event of S3: {reason}")]
    UnknownMessage {
        /// What is wrong with it.
        reason: String,
    },
    /// An object of a realtime event failed. It has no receipt; its message in the dead-letter queue
    /// is the record.
    #[error("{url} failed: {reason}: {detail}")]
    ObjectFailed {
        /// The object.
        url: String,
        /// The reason's code.
        reason: String,
        /// The reason in words.
        detail: String,
    },
    /// An object of the ledger is not valid, or contradicts another.
    #[error("the ledger is damaged: {url}: {reason}; restore it, or take another output")]
    Ledger {
        /// The object.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The sums over the rows of a merged file are not those over its objects. Nothing of its generation is
    /// published.
    #[error(
        "the merge is refused: {url}: {difference}; nothing of the hour is published, and its objects \
         are as they were: report this as a defect"
    )]
    SumsDiffer {
        /// The receipt.
        url: String,
        /// Which sum, and both values.
        difference: String,
    },
    /// An object of the ledger was written by a newer version of rehose.
    #[error("{url} cannot be read: {newer}")]
    NewerLedger {
        /// The object.
        url: String,
        /// Its version.
        newer: NewerVersion,
    },
    /// A message was sent by a newer version of rehose, as during a deployment.
    #[error("the message cannot be read: {0}")]
    NewerMessage(NewerVersion),
    /// The queue keeps refusing messages.
    #[error("the queue refused {count} messages until time ran out; the last reason: {reason}")]
    Unsent {
        /// How many.
        count: usize,
        /// The queue's last reason.
        reason: String,
    },
    /// There was not enough time left.
    #[error("time ran out while {doing}; call again to continue")]
    OutOfTime {
        /// The work that was interrupted.
        doing: String,
    },
    /// A part of this process failed, and nothing outside is at fault.
    #[error("{what} failed: {reason}")]
    Internal {
        /// The part, and the object that it worked on.
        what: String,
        /// The reason, as far as it is known.
        reason: String,
    },
}

/// Who can fix an error, and whether a retry helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller must change the input. A retry fails in the same way.
    InvalidInput,
    /// A retry may succeed.
    Transient,
    /// The operator must repair something. A retry fails in the same way.
    Failed,
}

impl ErrorKind {
    /// The error name in the state machine.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "InvalidInput",
            Self::Transient => "Transient",
            Self::Failed => "Failed",
        }
    }
}

impl Error {
    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Options(_)
            | Self::Location(_)
            | Self::Value { .. }
            | Self::NothingThere { .. }
            | Self::NoLog { .. }
            | Self::SeveralLogs { .. }
            | Self::OutputUnderSource { .. }
            | Self::OtherBinding { .. }
            | Self::OtherJob { .. }
            | Self::NotPlanned { .. }
            | Self::NotOver { .. }
            | Self::NothingToRetry { .. }
            | Self::NotInPlan { .. }
            | Self::Outside { .. }
            | Self::UnknownMessage { .. } => ErrorKind::InvalidInput,
            Self::Store(error) if error.kind != StoreErrorKind::Transient => ErrorKind::Failed,
            Self::Queue(error) if error.denied => ErrorKind::Failed,
            Self::ObjectFailed { .. } | Self::Ledger { .. } | Self::SumsDiffer { .. } => {
                ErrorKind::Failed
            }
            Self::Store(_)
            | Self::Queue(_)
            | Self::NewerLedger { .. }
            | Self::NewerMessage(_)
            | Self::Unsent { .. }
            | Self::OutOfTime { .. }
            | Self::Internal { .. } => ErrorKind::Transient,
        }
    }
}

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

impl From<LocationError> for Error {
    fn from(error: LocationError) -> Self {
        match error {
            LocationError::Store(error) => Self::Store(error),
            error => Self::Location(error),
        }
    }
}
