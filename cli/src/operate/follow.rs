//! Shows the progress of a job until it ends, then its report.

use std::time::Duration;

use jiff::Timestamp;
use rehose_reprocess::check::watch::Watch;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::Report;
use tokio::time::sleep;

use super::error::{OperateError, Result};
use super::ledger::open_ledger;
use super::report::print_report;
use super::unfinished::report_unfinished;
use crate::args::stack::StackArgs;
use crate::exit::status_of;
use crate::progress::Progress;
use crate::stack::{DeployedStack, Execution};

/// The wait between two reads of the job's state.
const PAUSE: Duration = Duration::from_secs(2);

/// The time at which the job was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Started {
    /// By this command. Step Functions is eventually consistent: it may not show the execution yet
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
    JustNow,
    /// Its execution had ended, and continues since this time. Step Functions may still show that end.
    Again(Timestamp),
    Earlier,
}

impl Started {
    /// Whether an execution is shown as it was before the job was started.
    fn is_after(self, execution: &Execution) -> bool {
        match self {
            Self::Again(at) => execution.redriven.is_none_or(|redriven| redriven < at),
            Self::JustNow | Self::Earlier => false,
        }
    }
}

/// The end of a job.
enum End {
    Report(Box<Report>),
    /// Its execution has ended without a report.
    NoReport(Box<Execution>),
}

/// Follows a job and returns the exit status. Ctrl-C ends this command, but not the job.
pub(super) async fn follow(
    stack: &DeployedStack,
    args: &StackArgs,
    job: &JobId,
    started: Started,
) -> Result<u8> {
    let progress = Progress::begin();
    let end = tokio::select! {
        end = wait_for_end(stack, args, job, started, &progress) => end,
        _ = tokio::signal::ctrl_c() => Err(OperateError::Interrupted {
            job: job.clone(),
            stack: args.clone(),
        }),
    };
    progress.end();
    match end? {
        End::Report(report) => {
            print_report(&open_ledger(stack, job).await?, &report, args);
            Ok(status_of(&report))
        }
        End::NoReport(execution) => Ok(report_unfinished(job, args, &execution)),
    }
}

async fn wait_for_end(
    stack: &DeployedStack,
    args: &StackArgs,
    job: &JobId,
    started: Started,
    progress: &Progress,
) -> Result<End> {
    let mut watch = Watch::new(open_ledger(stack, job).await?);
    loop {
        // Read the execution before the ledger. After the execution has ended, the ledger no longer
        // changes; in the other order, this could miss a report that is written in between.
        let execution = stack.execution_of(job).await?;
        let look = watch.look().await?;
        progress.update(&look);
        match (look.report, execution) {
            (Some(report), _) => return Ok(End::Report(Box::new(report))),
            (None, Some(execution)) if !execution.is_running() && !started.is_after(&execution) => {
                return Ok(End::NoReport(Box::new(execution)));
            }
            (None, None) if look.planned == 0 && started == Started::Earlier => {
                return Err(OperateError::no_job(job, args));
            }
            (None, _) => sleep(PAUSE).await,
        }
    }
}
