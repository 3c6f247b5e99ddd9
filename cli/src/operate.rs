//! The commands that operate the deployed stack.
//!
//! The state machine runs a job. These commands start and stop its executions, and read the state of
//! the job from its ledger.

mod begin;
mod error;
mod follow;
mod jobs;
mod ledger;
mod report;
mod retry;
mod start;
mod status;
mod stop;
mod unfinished;

use rehose_store::location::Location;

use self::error::{OperateError, Result};
use crate::args::operate::Operation;
use crate::console::print_error;

/// Runs a command and returns the exit status.
pub(crate) async fn operate(operation: Operation) -> u8 {
    perform(operation).await.unwrap_or_else(|error| {
        print_error(&error);
        error.status()
    })
}

async fn perform(operation: Operation) -> Result<u8> {
    if let Some(folder @ Location::Folder(_)) = &operation.stack().output
        && !matches!(operation, Operation::Report(_))
    {
        return Err(OperateError::Folder(folder.clone()));
    }
    match operation {
        Operation::Start(args) => start::start(args).await,
        Operation::Status(args) => status::status(args).await,
        Operation::Report(args) => report::report(args).await,
        Operation::Retry(args) => retry::retry(args).await,
        Operation::Stop(args) => stop::stop(args).await,
        Operation::Jobs(args) => jobs::jobs(args).await,
    }
}
