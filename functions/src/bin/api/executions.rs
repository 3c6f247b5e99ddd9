//! The jobs of digests as executions of the state machine, with the names of the jobs.

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionRedriveStatus, ExecutionStatus};
use rehose_api::{Failure, Jobs, JobsError};
use rehose_functions::StateMachine;
use rehose_reprocess::digest::Claim;
use rehose_reprocess::job::JobId;
use rehose_store::aws::reason;
use serde_json::{Value, json};

/// The errors of executions whose jobs have reports. `statemachine.asl.json` sets them.
const REPORTED: [&str; 2] = ["Rehose.Incomplete", "Rehose.Rejected"];

/// Executions of the state machine.
#[derive(Debug)]
pub(crate) struct Executions {
    client: Client,
    machine: StateMachine,
}

impl Executions {
    pub(crate) fn new(client: Client, machine: StateMachine) -> Self {
        Self { client, machine }
    }

    /// The execution of a job. `None` if none has its name, or it ended more than 90 days ago.
    async fn find(&self, job: &JobId) -> Result<Option<DescribeExecutionOutput>, JobsError> {
        let arn = self.machine.execution(job.as_str());
        let request = self.client.describe_execution().execution_arn(&arn);
        match request.send().await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == Some("ExecutionDoesNotExist") => Ok(None),
            Err(error) => Err(refused("states:DescribeExecution", &arn, &reason(&error))),
        }
    }

    /// Continues an execution that can be continued.
    async fn continue_if_possible(&self, job: &JobId) -> Result<(), JobsError> {
        let execution = self.find(job).await?;
        let Some(execution) = execution.filter(is_redrivable) else {
            return Ok(());
        };
        let arn = &execution.execution_arn;
        let request = self.client.redrive_execution().execution_arn(arn);
        let answer = request.send().await;
        answer
            .map(drop)
            .map_err(|error| refused("states:RedriveExecution", arn, &reason(&error)))
    }
}

#[async_trait]
impl Jobs for Executions {
    /// Names are unique. While an execution runs, AWS answers a second call with the same input like the first, and
    /// afterwards that it exists
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
    async fn start(&self, claim: &Claim) -> Result<(), JobsError> {
        let machine = self.machine.arn();
        let request = self.client.start_execution();
        let answer = request
            .state_machine_arn(&machine)
            .name(claim.job.as_str())
            .input(input(claim).to_string())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ExecutionAlreadyExists") => {
                self.continue_if_possible(&claim.job).await
            }
            Err(error) => Err(refused("states:StartExecution", &machine, &reason(&error))),
        }
    }

    async fn failure(&self, job: &JobId) -> Result<Option<Failure>, JobsError> {
        Ok(self.find(job).await?.and_then(failure_of))
    }
}

/// The input of the state machine (docs/STATEMACHINE.md).
fn input(claim: &Claim) -> Value {
    json!({
        "prefix": format!("{}{}", claim.source, claim.prefix),
        "exclude": claim.exclude,
        "errors": claim.errors,
        "max_rejected": claim.max_rejected,
        "options": claim.options,
        "digest": claim.digest,
    })
}

/// Why an execution has ended without a report, if it has.
fn failure_of(execution: DescribeExecutionOutput) -> Option<Failure> {
    let is_final = !is_redrivable(&execution);
    let error = execution.error.unwrap_or_default();
    let cause = execution.cause.filter(|cause| !cause.is_empty());
    let what = match execution.status {
        ExecutionStatus::Failed if REPORTED.contains(&error.as_str()) => return None,
        ExecutionStatus::Failed => match cause {
            Some(cause) => cause,
            None => format!("its execution failed: {error}"),
        },
        ExecutionStatus::Aborted => with_cause("its execution was stopped", cause),
        ExecutionStatus::TimedOut => with_cause("its execution timed out", cause),
        _ => return None,
    };
    Some(Failure {
        reason: what,
        is_final,
    })
}

/// Whether an execution can be continued. One that failed would fail again at once: it ended in a state of the type
/// `Fail`. The others can be for 14 days
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>).
fn is_redrivable(execution: &DescribeExecutionOutput) -> bool {
    let has_no_end = [ExecutionStatus::Aborted, ExecutionStatus::TimedOut];
    has_no_end.contains(&execution.status)
        && execution.redrive_status == Some(ExecutionRedriveStatus::Redrivable)
}

fn with_cause(what: &str, cause: Option<String>) -> String {
    match cause {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    }
}

fn refused(action: &str, resource: &str, reason: &str) -> JobsError {
    JobsError(format!("{action} on {resource}: {reason}"))
}
