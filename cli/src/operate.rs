//! The commands that operate the deployed stack. The state machine runs a job; how far it is stands
//! in the job's ledger.

mod args;
mod follow;
mod jobs;
mod report;
mod retry;
mod start;
mod status;
mod stop;

use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::job::JobId;
use rehose_store::StoreErrorKind;

pub(crate) use args::Operation;

use crate::stack::{StackArgs, StackError};
use crate::{FAILED, USAGE, complain};

/// Does it and returns the exit status.
pub(crate) async fn operate(operation: Operation) -> u8 {
    let done = match operation {
        Operation::Start(args) => start::start(args).await,
        Operation::Status(args) => status::status(args).await,
        Operation::Report(args) => report::report(args).await,
        Operation::Retry(args) => retry::retry(args).await,
        Operation::Stop(args) => stop::stop(args).await,
        Operation::Jobs(args) => jobs::jobs(args).await,
    };
    done.unwrap_or_else(|error| {
        complain(&error);
        error.status()
    })
}

/// The exit status, or why there is nothing to show.
type Result<T> = std::result::Result<T, OperateError>;

/// What stops a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperateError {
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("{0}{advice}", advice = advice(.0))]
    Ledger(#[from] Error),
    #[error("there is no job {job}; `rehose jobs{stack}` lists the latest")]
    NoJob { job: JobId, stack: StackArgs },
    #[error("the job {job} has no report yet; `rehose status {job}{stack}` says how it stands")]
    NoReport { job: JobId, stack: StackArgs },
    #[error("interrupted, but the job goes on: rehose status {job} --follow{stack}")]
    Interrupted { job: JobId, stack: StackArgs },
}

impl OperateError {
    fn no_job(job: &JobId, stack: &StackArgs) -> Self {
        Self::NoJob {
            job: job.clone(),
            stack: stack.clone(),
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Ledger(error) if error.kind() == ErrorKind::InvalidInput => USAGE,
            Self::NoJob { .. }
            | Self::Stack(StackError::OtherInput { .. } | StackError::NoMachine { .. }) => USAGE,
            Self::Stack(_) | Self::Ledger(_) | Self::NoReport { .. } | Self::Interrupted { .. } => {
                FAILED
            }
        }
    }
}

/// What to do about a ledger that may not be read. S3 says of what is not there that access is
/// denied, unless one may list the bucket
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).
fn advice(error: &Error) -> &'static str {
    match error {
        Error::Store(error) if error.kind == StoreErrorKind::Denied => {
            "; allow s3:GetObject on jobs/* of the output, and s3:ListBucket on its bucket"
        }
        _ => "",
    }
}
