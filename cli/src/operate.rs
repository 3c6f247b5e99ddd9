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
    match operation {
        Operation::Report(args) => report::report(args).await,
        Operation::Start(args) => {
            OperateError::refuse_folder(&args.stack)?;
            start::start(args).await
        }
        Operation::Status(args) => {
            OperateError::refuse_folder(&args.stack)?;
            status::status(args).await
        }
        Operation::Retry(args) => {
            OperateError::refuse_folder(&args.stack)?;
            retry::retry(args).await
        }
        Operation::Stop(args) => {
            OperateError::refuse_folder(&args.stack)?;
            stop::stop(args).await
        }
        Operation::Jobs(args) => {
            OperateError::refuse_folder(&args.stack)?;
            jobs::jobs(args).await
        }
    }
}
