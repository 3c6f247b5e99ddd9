//! Executions of the state machine.

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

use crate::deployed::{Deployed, wait_for};

pub(crate) struct Execution<'a> {
    deployed: &'a Deployed,
    arn: String,
    pub(crate) job: String,
}

/// How an execution has ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// With this output.
    Succeeded(Value),
    /// With an error and its cause.
    Failed(String, String),
}

impl End {
    #[track_caller]
    pub(crate) fn output(self) -> Value {
        match self {
            Self::Succeeded(output) => output,
            Self::Failed(error, cause) => panic!("it failed: {error}: {cause}"),
        }
    }

    #[track_caller]
    pub(crate) fn failure(self) -> (String, String) {
        match self {
            Self::Failed(error, cause) => (error, cause),
            Self::Succeeded(output) => panic!("it succeeded: {output}"),
        }
    }
}

impl Deployed {
    /// Starts a job.
    pub(crate) async fn start(&self, job: String, mut input: Value) -> Execution<'_> {
        // Without an id, the job would have the name of the execution.
        input["job"] = json!(job);
        self.start_scheduled(job, &input.to_string()).await
    }

    /// Starts an execution with the input of a schedule. Its name is that of the job.
    pub(crate) async fn start_scheduled(&self, job: String, input: &str) -> Execution<'_> {
        let request = self.machines.start_execution();
        let answer = request
            .state_machine_arn(self.output_of("StateMachineArn"))
            .name(&job)
            .input(input)
            .send()
            .await
            .unwrap();
        Execution {
            deployed: self,
            arn: answer.execution_arn,
            job,
        }
    }

    /// Starts a job over a prefix.
    pub(crate) async fn start_over(&self, prefix: &str, job: String) -> Execution<'_> {
        self.start(job, json!({"prefix": prefix})).await
    }

    /// Stops the execution of a job, for a reason.
    pub(crate) async fn stop(&self, job: &str, cause: &str) {
        let machine = self.output_of("StateMachineArn");
        let execution = machine.replace(":stateMachine:", ":execution:");
        let request = self.machines.stop_execution().cause(cause);
        let request = request.execution_arn(format!("{execution}:{job}"));
        request.send().await.unwrap();
    }

    /// The number of executions of a job.
    pub(crate) async fn executions(&self, job: &str) -> usize {
        let request = self.machines.list_executions();
        let request = request.state_machine_arn(self.output_of("StateMachineArn"));
        let mut pages = request.into_paginator().items().send();
        let mut count = 0;
        while let Some(execution) = pages.next().await {
            let request = self.machines.describe_execution();
            let arn = execution.unwrap().execution_arn;
            let answer = request.execution_arn(arn).send().await.unwrap();
            let input: Value = serde_json::from_str(answer.input().unwrap()).unwrap();
            count += usize::from(input["job"] == job || input["restart"]["job"] == job);
        }
        count
    }
}

impl Execution<'_> {
    /// Waits for its end.
    pub(crate) async fn end(&self) -> End {
        wait_for(&self.job, async || self.ended().await).await
    }

    /// Its end, if it has ended.
    async fn ended(&self) -> Option<End> {
        let request = self.deployed.machines.describe_execution();
        let answer = request.execution_arn(&self.arn).send().await.unwrap();
        match answer.status() {
            ExecutionStatus::Running => None,
            ExecutionStatus::Succeeded => {
                let output = serde_json::from_str(answer.output().unwrap()).unwrap();
                Some(End::Succeeded(output))
            }
            _ => Some(End::Failed(
                answer.error().unwrap_or_default().to_owned(),
                answer.cause().unwrap_or_default().to_owned(),
            )),
        }
    }
}
