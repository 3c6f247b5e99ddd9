//! An execution of the state machine.

use std::fmt;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde_json::Value;

use crate::console::quoted;

/// The error of an execution whose job has ended incomplete. `statemachine.asl.json` sets it.
const INCOMPLETE: &str = "Rehose.Incomplete";

/// The error of an execution whose job has ended with too many rejected events.
const REJECTED: &str = "Rehose.Rejected";

/// The error of an execution whose job was refused. `statemachine.asl.json` sets it.
const INVALID_INPUT: &str = "Rehose.InvalidInput";

#[derive(Debug)]
pub(crate) struct Execution {
    pub(super) arn: String,
    machine: String,
    name: String,
    status: ExecutionStatus,
    /// The input of the state machine; null if it is not JSON, which the state machine refuses.
    pub(crate) input: Value,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// When it last continued after an end.
    pub(crate) redriven: Option<Timestamp>,
    error: Option<String>,
    pub(crate) cause: Option<String>,
}

impl From<DescribeExecutionOutput> for Execution {
    fn from(output: DescribeExecutionOutput) -> Self {
        let input = output.input.as_deref().unwrap_or_default();
        Self {
            name: output.name.unwrap_or_default(),
            arn: output.execution_arn,
            machine: output.state_machine_arn,
            status: output.status,
            input: serde_json::from_str(input).unwrap_or_default(),
            started: timestamp(&output.start_date),
            ended: output.stop_date.as_ref().map(timestamp),
            redriven: output.redrive_date.as_ref().map(timestamp),
            error: output.error,
            cause: output.cause,
        }
    }
}

impl Execution {
    /// The name of its job, found as `statemachine.asl.json` finds it.
    pub(crate) fn job(&self) -> &str {
        let given = [&self.input["restart"]["job"], &self.input["job"]];
        let given = given.iter().find_map(|job| job.as_str());
        given.unwrap_or(&self.name)
    }

    /// A command that continues its job in another execution.
    pub(super) fn command_to_continue(&self) -> String {
        let mut input = self.input.clone();
        if let Value::Object(fields) = &mut input {
            fields.insert("job".to_owned(), self.job().into());
        }
        let machine = self.machine.as_str();
        let input = quoted(&input.to_string());
        format!("aws stepfunctions start-execution --state-machine-arn {machine} --input {input}")
    }

    /// Whether it continues the job of another execution, which waits for it.
    pub(crate) fn is_restart(&self) -> bool {
        self.input.get("restart").is_some()
    }

    pub(crate) fn state(&self) -> ExecutionState {
        match (&self.status, self.error.as_deref()) {
            (ExecutionStatus::Succeeded, _) => ExecutionState::Succeeded,
            (ExecutionStatus::Failed, Some(INCOMPLETE)) => ExecutionState::Incomplete,
            (ExecutionStatus::Failed, Some(REJECTED)) => ExecutionState::Rejected,
            (ExecutionStatus::Failed, Some(INVALID_INPUT)) => ExecutionState::Refused,
            (ExecutionStatus::Failed, _) => ExecutionState::Failed,
            (ExecutionStatus::Aborted, _) => ExecutionState::Stopped,
            (ExecutionStatus::TimedOut, _) => ExecutionState::TimedOut,
            _ => ExecutionState::Running,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state() == ExecutionState::Running
    }
}

/// The status of an execution. A failed one is divided by the error of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExecutionState {
    Running,
    Succeeded,
    /// The job has ended, but some objects failed or were lost.
    Incomplete,
    Rejected,
    /// The input was not valid.
    Refused,
    Failed,
    Stopped,
    TimedOut,
}

impl fmt::Display for ExecutionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Incomplete => "incomplete",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::TimedOut => "timed out",
        })
    }
}

pub(super) fn timestamp(time: &DateTime) -> Timestamp {
    Timestamp::from_second(time.secs()).unwrap_or_default()
}
