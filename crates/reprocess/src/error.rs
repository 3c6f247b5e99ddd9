//! What stops a use case, in words that say what to do next.

use rehose_extract::OptionsError;
use rehose_store::location::LocationError;
use rehose_store::queue::QueueError;
use rehose_store::{StoreError, StoreErrorKind};

use crate::ledger::NewerVersion;
use crate::task::TaskId;

/// Why `start`, `process` or `check` could not do what was asked.
///
/// What is wrong with an object is not among these: it is an [`Outcome`](crate::ledger::receipt::Outcome).
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
    /// A value that was given is not usable.
    #[error("{name}: {reason}")]
    Value {
        /// The value's name.
        name: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// There is nothing to do.
    #[error("there is no object under {source_url}; check the prefix")]
    NothingThere {
        /// Where was looked.
        source_url: String,
    },
    /// The output would be listed as input.
    #[error("the output {output} lies under the source {source_url}; take an output elsewhere")]
    OutputUnderSource {
        /// The output.
        output: String,
        /// The source.
        source_url: String,
    },
    /// The output holds rows of another shape, or of another bucket.
    #[error(
        "the output {output} is bound otherwise: it has {bound}, this job has {wanted}; \
         take another output"
    )]
    OtherBinding {
        /// The output.
        output: String,
        /// What its `rehose.json` has and the job has not.
        bound: String,
        /// What the job has instead.
        wanted: String,
    },
    /// The job id belongs to a job that was defined otherwise.
    #[error(
        "the job {job} exists and was started otherwise: it has {bound}, this call has {wanted}; \
         take another job id"
    )]
    OtherJob {
        /// The job's id.
        job: String,
        /// How it was started.
        bound: String,
        /// How it was called now.
        wanted: String,
    },
    /// There is no such job, or its plan is not complete.
    #[error("the job {job} is not planned: {missing} is missing; start it first")]
    NotPlanned {
        /// The job's id.
        job: String,
        /// What should have been there.
        missing: String,
    },
    /// There is no report yet that says what failed.
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
    #[error("{url} is outside of what this function is configured for; it has not been touched")]
    Outside {
        /// What was asked for.
        url: String,
    },
    /// A message that nobody knows how to handle.
    #[error("not a message of this job and no event of S3: {reason}")]
    UnknownMessage {
        /// What it lacks.
        reason: String,
    },
    /// An object of a realtime event is at fault. It has no receipt, so its message is its record.
    #[error("{url} failed: {reason}: {detail}")]
    ObjectFailed {
        /// The object.
        url: String,
        /// The reason's code.
        reason: String,
        /// The reason in words.
        detail: String,
    },
    /// An object of the ledger is not what rehose writes there.
    #[error("the ledger is damaged: {url}: {reason}")]
    Ledger {
        /// The object.
        url: String,
        /// What is wrong with it.
        reason: String,
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
    #[error("time ran out while {doing}; another attempt goes on")]
    OutOfTime {
        /// What was going on.
        doing: String,
    },
    /// A thread of this process died.
    #[error("{what} died: {reason}")]
    Died {
        /// What it was, and of which object.
        what: String,
        /// What is known.
        reason: String,
    },
}

/// Whom an error is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller gave something that is not usable; another attempt ends the same way.
    InvalidInput,
    /// Another attempt may succeed.
    Transient,
    /// Something is broken that neither the caller nor time will mend.
    Failed,
}

impl ErrorKind {
    /// The name by which the state machine knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "InvalidInput",
            Self::Transient => "Transient",
            Self::Failed => "Failed",
        }
    }
}

impl Error {
    /// Whom the error is for.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Options(_)
            | Self::Location(_)
            | Self::Value { .. }
            | Self::NothingThere { .. }
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
            Self::ObjectFailed { .. } | Self::Ledger { .. } => ErrorKind::Failed,
            Self::Store(_)
            | Self::Queue(_)
            | Self::NewerLedger { .. }
            | Self::NewerMessage(_)
            | Self::Unsent { .. }
            | Self::OutOfTime { .. }
            | Self::Died { .. } => ErrorKind::Transient,
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
