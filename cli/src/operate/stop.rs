//! `rehose stop`: stops the executions of a job.

use std::pin::pin;

use futures::TryStreamExt;

use super::error::{OperateError, Result};
use crate::args::operate::StopArgs;
use crate::console::{print_note, quoted};
use crate::exit::SUCCEEDED;
use crate::stack::DeployedStack;

pub(super) async fn stop(args: StopArgs) -> Result<u8> {
    let StopArgs {
        job,
        stack: stack_args,
    } = &args;
    let stack = DeployedStack::new(stack_args);
    let Some(execution) = stack.execution_of(job).await? else {
        return Err(OperateError::no_job(job, stack_args));
    };
    if !execution.is_running() {
        print_note(&format!(
            "the job {job} has already ended: {}",
            execution.state()
        ));
        return Ok(SUCCEEDED);
    }
    // Stop the outer execution first. It would report a failure if its inner one were stopped.
    stack.stop(&execution).await?;
    // Step Functions tries to stop the inner executions of a stopped one, but does not guarantee it
    // (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html>).
    let mut running = pin!(stack.running(job).await?);
    while let Some(execution) = running.try_next().await? {
        stack.stop(&execution).await?;
    }
    print_note(&format!(
        "the job {job} is stopped and will have no report. Messages in the queue are still \
         processed, and finished outputs stay."
    ));
    if let Some(prefix) = execution.input["prefix"].as_str() {
        let prefix = quoted(prefix);
        print_note(&format!(
            "next: rehose start {prefix} --mode missing{stack_args} processes the remaining \
             objects"
        ));
    }
    Ok(SUCCEEDED)
}
