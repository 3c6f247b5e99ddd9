//! `rehose stop`: ends the executions of a job.

use std::pin::pin;

use aws_sdk_sfn::types::ExecutionStatus;
use futures::TryStreamExt;

use super::args::StopArgs;
use super::{OperateError, Result};
use crate::stack::Stack;
use crate::{SUCCEEDED, note};

pub(super) async fn stop(args: StopArgs) -> Result<u8> {
    let StopArgs { job, stack: of } = &args;
    let stack = Stack::new(of);
    let Some(execution) = stack.execution(job.as_str()).await? else {
        return Err(OperateError::no_job(job, of));
    };
    if !execution.is_running() {
        note(&format!(
            "the job {job} is over already: {}",
            execution.state()
        ));
        return Ok(SUCCEEDED);
    }
    // The outermost first, or it would see the inner one fail, and the job with it.
    stack.stop(&execution).await?;
    // Step Functions tries to stop what a stopped execution waits for, and promises no more
    // (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html>).
    let mut running = pin!(stack.executions(Some(ExecutionStatus::Running)).await?);
    while let Some(execution) = running.try_next().await? {
        if execution.is_restart() && execution.job() == job.as_str() {
            stack.stop(&execution).await?;
        }
    }
    note(&format!(
        "the job {job} is stopped and will have no report. Its messages in the queue are still \
         processed, and what is done stays done."
    ));
    let input = &execution.input;
    if let Some(prefix) = input["prefix"].as_str() {
        note(&format!(
            "next: rehose start '{prefix}' --mode missing{of} does what it has not done"
        ));
    }
    Ok(SUCCEEDED)
}
