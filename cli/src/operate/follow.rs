//! Shows how far a job is until it is over, and then what came of it.

use std::time::Duration;

use rehose_reprocess::check::watch::Watch;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::Report;
use tokio::time::sleep;

use super::report;
use super::{OperateError, Result};
use crate::progress::Progress;
use crate::stack::{Execution, Stack, StackArgs, State};
use crate::{FAILED, USAGE, complain, status_of};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// When the job was started. An execution may not be seen as soon as it has been started
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    Now,
    Before,
}

/// How a job ended: with a report, or without one.
enum End {
    Report(Box<Report>),
    Execution(Box<Execution>),
}

pub(super) async fn follow(
    stack: &Stack,
    args: &StackArgs,
    job: &JobId,
    since: Since,
) -> Result<u8> {
    let progress = Progress::begin();
    let ended = tokio::select! {
        ended = wait_for_end(stack, args, job, since, &progress) => ended,
        _ = tokio::signal::ctrl_c() => Err(OperateError::Interrupted {
            job: job.clone(),
            stack: args.clone(),
        }),
    };
    progress.end();
    match ended? {
        End::Report(ended) => {
            report::show(&stack.ledger(job).await?, &ended, args);
            Ok(status_of(&ended))
        }
        End::Execution(execution) => Ok(mourn(job, args, &execution)),
    }
}

async fn wait_for_end(
    stack: &Stack,
    args: &StackArgs,
    job: &JobId,
    since: Since,
    progress: &Progress,
) -> Result<End> {
    let mut watch = Watch::new(stack.ledger(job).await?);
    loop {
        // First the execution: when it has ended, the ledger changes no more.
        let execution = stack.execution(job.as_str()).await?;
        let look = watch.look().await?;
        progress.looked(&look);
        match (look.report, execution) {
            (Some(report), _) => return Ok(End::Report(Box::new(report))),
            (None, Some(ended)) if !ended.is_running() => {
                return Ok(End::Execution(Box::new(ended)));
            }
            (None, None) if look.planned == 0 && since == Since::Before => {
                return Err(OperateError::no_job(job, args));
            }
            (None, _) => sleep(PAUSE).await,
        }
    }
}

/// Tells of an execution that ended without a report, and returns the exit status.
pub(super) fn mourn(job: &JobId, args: &StackArgs, execution: &Execution) -> u8 {
    let cause = execution.cause.as_deref().unwrap_or("it has not said why");
    let rest = format!("`rehose start PREFIX --mode missing{args}` does what it has not done");
    match execution.state() {
        State::Refused => {
            complain(&format!("the job {job} was refused: {cause}"));
            USAGE
        }
        State::Failed => {
            complain(&format!(
                "the job {job} failed: {cause}; once that is mended, {rest}"
            ));
            FAILED
        }
        state => {
            complain(&format!(
                "the job {job} is {state} and has no report; {rest}"
            ));
            FAILED
        }
    }
}
