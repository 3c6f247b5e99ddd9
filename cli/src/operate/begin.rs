//! Starts a job on the stack, for `rehose start` and `rehose retry`.

use jiff::Timestamp;
use rehose_reprocess::job::JobId;
use serde_json::Value;

use super::error::Result;
use super::follow::{Started, follow};
use crate::args::stack::StackArgs;
use crate::console::{print, print_note};
use crate::exit::SUCCEEDED;
use crate::stack::{DeployedStack, StartResult};

/// Starts a job with this input of the state machine. Follows the job, or prints its name.
pub(super) async fn begin(
    stack: &DeployedStack,
    args: &StackArgs,
    job: Option<JobId>,
    input: &Value,
    should_follow: bool,
) -> Result<u8> {
    let job = job.unwrap_or_else(|| JobId::new(Timestamp::now()));
    let mut started = Started::JustNow;
    match stack.start(&job, input).await? {
        StartResult::Started => print_note(&format!("the job {job} has started")),
        StartResult::Redriven(at) => {
            started = Started::Again(at);
            print_note(&format!("the job {job} continues"));
        }
        StartResult::AlreadyStarted(execution) => print_note(&format!(
            "the job {job} was started before; its execution is {}",
            execution.state()
        )),
    }
    if should_follow {
        return follow(stack, args, &job, started).await;
    }
    print(job.as_str());
    print_note(&format!("next: rehose status {job} --follow{args}"));
    Ok(SUCCEEDED)
}
