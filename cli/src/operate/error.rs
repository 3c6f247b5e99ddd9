//! Errors of the commands that operate the stack.

use std::io;
use std::path::PathBuf;

use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::job::JobId;
use rehose_store::StoreErrorKind;
use rehose_store::location::{Location, LocationError};

use crate::args::stack::StackArgs;
use crate::exit::{FAILED, USAGE};
use crate::stack::StackError;

pub(super) type Result<T> = std::result::Result<T, OperateError>;

/// An error that ends a command.
#[derive(Debug, thiserror::Error)]
pub(super) enum OperateError {
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("{0}{advice}", advice = advice(.0))]
    Ledger(#[from] Error),
    #[error("there is no job {job}; `rehose jobs{stack}` lists the latest jobs")]
    NoJob { job: JobId, stack: StackArgs },
    #[error(
        "there is no job {0}; the folders under jobs/ of the output have the names of its jobs"
    )]
    NoJobInFolder(JobId),
    #[error(
        "{0} is a folder, and this command needs a stack: leave out --output and REHOSE_OUTPUT. For jobs of \
         `rehose run`, `rehose report JOB --output {0}` shows one, and `rehose run` with --mode missing does \
         what has failed"
    )]
    Folder(Location),
    #[error("the job {job} has no report yet; `rehose status {job}{stack}` shows its state")]
    NoReport { job: JobId, stack: StackArgs },
    #[error(
        "the job {0} has no report yet; if it was interrupted, the same command with --job {0} continues it"
    )]
    NoReportInFolder(JobId),
    #[error(
        "interrupted, but the job continues; follow it with: rehose status {job} --follow{stack}"
    )]
    Interrupted { job: JobId, stack: StackArgs },
    #[error("cannot write {file}: {error}; name another file", file = .file.display())]
    Page { file: PathBuf, error: io::Error },
}

impl From<LocationError> for OperateError {
    fn from(error: LocationError) -> Self {
        Self::Ledger(error.into())
    }
}

impl OperateError {
    pub(super) fn no_job(job: &JobId, stack: &StackArgs) -> Self {
        match stack.is_folder() {
            true => Self::NoJobInFolder(job.clone()),
            false => Self::NoJob {
                job: job.clone(),
                stack: stack.clone(),
            },
        }
    }

    pub(super) fn no_report(job: JobId, stack: &StackArgs) -> Self {
        match stack.is_folder() {
            true => Self::NoReportInFolder(job),
            false => Self::NoReport {
                job,
                stack: stack.clone(),
            },
        }
    }

    /// The exit status.
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Ledger(error) if error.kind() == ErrorKind::InvalidInput => USAGE,
            Self::NoJob { .. }
            | Self::NoJobInFolder(_)
            | Self::Folder(_)
            | Self::Stack(StackError::DifferentInput { .. } | StackError::NoStateMachine { .. }) => {
                USAGE
            }
            Self::Stack(_)
            | Self::Ledger(_)
            | Self::NoReport { .. }
            | Self::NoReportInFolder(_)
            | Self::Interrupted { .. }
            | Self::Page { .. } => FAILED,
        }
    }
}

/// Names the permissions to read a ledger. S3 answers "access denied" for a missing object, too, if
/// the caller must not list the bucket
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).
fn advice(error: &Error) -> &'static str {
    match error {
        Error::Store(error) if error.kind == StoreErrorKind::Denied => {
            "; allow s3:GetObject on jobs/* of the output, and s3:ListBucket on its bucket"
        }
        _ => "",
    }
}
