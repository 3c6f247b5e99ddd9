//! The deployed stack: its CloudFormation outputs and the executions of its state machine.

mod error;
mod execution;

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::ExecutionStatus;
use futures::{Stream, TryStreamExt, stream};
use rehose_reprocess::job::JobId;
use rehose_store::aws;
use rehose_store::location::Location;
use serde_json::Value;
use tokio::sync::OnceCell;

pub(crate) use error::StackError;
pub(crate) use execution::{Execution, ExecutionState};

use crate::args::stack::StackArgs;

/// The stack's output with the ARN of the state machine.
const STATE_MACHINE: &str = "StateMachineArn";

/// The stack's output with the location of the rows and the ledgers.
const OUTPUT: &str = "OutputLocation";

/// The part of a state machine's ARN before the name.
const MACHINE: &str = ":stateMachine:";

/// The number of executions to describe at once.
const DESCRIBED: usize = 8;

type Result<T> = std::result::Result<T, StackError>;

/// A connection to the stack.
///
/// Each call needs only its own permissions: clients are created and CloudFormation is called at the
/// first use, and not at all if the options name the state machine and the output.
pub(crate) struct DeployedStack {
    args: StackArgs,
    clients: OnceCell<Clients>,
    outputs: OnceCell<Outputs>,
}

struct Clients {
    sfn: aws_sdk_sfn::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    region: String,
}

/// The names and values of the stack's outputs.
struct Outputs(Vec<(String, String)>);

/// The result of starting a job.
pub(crate) enum StartResult {
    Started,
    /// An earlier call has started it, with the same input.
    AlreadyStarted(Box<Execution>),
}

impl DeployedStack {
    pub(crate) fn new(args: &StackArgs) -> Self {
        Self {
            args: args.clone(),
            clients: OnceCell::new(),
            outputs: OnceCell::new(),
        }
    }

    /// The location of the rows and the ledgers.
    pub(crate) async fn output_location(&self) -> Result<Location> {
        if let Some(location) = &self.args.output {
            return Ok(location.clone());
        }
        let location = self.output(OUTPUT).await?;
        location.parse().map_err(|error| StackError::InvalidOutput {
            name: self.args.stack.clone(),
            output: OUTPUT,
            error,
        })
    }

    /// Starts an execution with the name of the job.
    ///
    /// Names are unique. AWS answers a second call with the same input as if it had just started the
    /// execution, while that runs. Afterwards, or with other input, AWS answers that it exists
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
    pub(crate) async fn start(&self, job: &JobId, input: &Value) -> Result<StartResult> {
        let machine = self.state_machine().await?;
        let request = self.clients().await?.sfn.start_execution();
        let answer = request
            .state_machine_arn(&machine)
            .name(job.as_str())
            .input(input.to_string())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(StartResult::Started),
            Err(error) if error.code() == Some("ExecutionAlreadyExists") => {
                match self.execution(job.as_str()).await? {
                    Some(existing) if existing.input == *input => {
                        Ok(StartResult::AlreadyStarted(Box::new(existing)))
                    }
                    existing => Err(StackError::DifferentInput {
                        job: job.clone(),
                        existing: existing
                            .map_or_else(String::new, |existing| existing.input.to_string()),
                        requested: input.to_string(),
                    }),
                }
            }
            Err(error) => Err(StackError::from_sdk(
                "states:StartExecution",
                &machine,
                "",
                &error,
            )),
        }
    }

    /// The execution with this name, if it exists. Step Functions keeps executions for 90 days.
    pub(crate) async fn execution(&self, name: &str) -> Result<Option<Execution>> {
        let machine = self.state_machine().await?;
        let (before, after) = machine.split_once(MACHINE).unwrap_or((&machine, ""));
        // A version or an alias may follow the name.
        let machine = after.split(':').next().unwrap_or(after);
        self.describe(&format!("{before}:execution:{machine}:{name}"))
            .await
    }

    /// All executions, or those with a status, the latest first.
    pub(crate) async fn executions(
        &self,
        status: Option<ExecutionStatus>,
    ) -> Result<impl Stream<Item = Result<Execution>> + '_> {
        let machine = self.state_machine().await?;
        let request = self.clients().await?.sfn.list_executions();
        let request = request
            .state_machine_arn(&machine)
            .set_status_filter(status);
        let items = request.into_paginator().items().send();
        Ok(
            stream::unfold(items, async |mut items| Some((items.next().await?, items)))
                .map_err(move |error| {
                    StackError::from_sdk("states:ListExecutions", &machine, "", &error)
                })
                .map_ok(async |item| self.describe(item.execution_arn()).await)
                .try_buffered(DESCRIBED)
                .try_filter_map(async |execution| Ok(execution)),
        )
    }

    /// Stops an execution.
    pub(crate) async fn stop(&self, execution: &Execution) -> Result<()> {
        let request = self.clients().await?.sfn.stop_execution();
        let answer = request.execution_arn(&execution.arn).send().await;
        answer.map(drop).map_err(|error| {
            StackError::from_sdk("states:StopExecution", &execution.arn, "", &error)
        })
    }

    async fn describe(&self, arn: &str) -> Result<Option<Execution>> {
        let request = self.clients().await?.sfn.describe_execution();
        match request.execution_arn(arn).send().await {
            Ok(answer) => Ok(Some(answer.into())),
            Err(error) if error.code() == Some("ExecutionDoesNotExist") => Ok(None),
            Err(error) => Err(StackError::from_sdk(
                "states:DescribeExecution",
                arn,
                "",
                &error,
            )),
        }
    }

    /// The ARN of the state machine.
    async fn state_machine(&self) -> Result<String> {
        match &self.args.state_machine {
            Some(arn) if arn.contains(MACHINE) => Ok(arn.clone()),
            Some(arn) => Err(StackError::NoStateMachine {
                arn: arn.clone(),
                output: STATE_MACHINE,
            }),
            None => self.output(STATE_MACHINE).await,
        }
    }

    async fn output(&self, name: &'static str) -> Result<String> {
        let Outputs(outputs) = self.outputs.get_or_try_init(|| self.load_outputs()).await?;
        let found = outputs.iter().find(|(output, _)| output == name);
        let (_, value) = found.ok_or_else(|| StackError::NoOutput {
            name: self.args.stack.clone(),
            output: name,
        })?;
        Ok(value.clone())
    }

    async fn load_outputs(&self) -> Result<Outputs> {
        let name = &self.args.stack;
        let clients = self.clients().await?;
        let request = clients.cloudformation.describe_stacks().stack_name(name);
        let answer = request.send().await.map_err(|error| {
            // CloudFormation has no error code of its own for a missing stack.
            let message = error.message().unwrap_or_default();
            if error.code() == Some("ValidationError") && message.contains("does not exist") {
                return StackError::NoStack {
                    name: name.clone(),
                    region: clients.region.clone(),
                };
            }
            let alternative = ", or give --state-machine and --output, which do not need it";
            let stack = format!("the stack {name}");
            StackError::from_sdk("cloudformation:DescribeStacks", &stack, alternative, &error)
        })?;
        let outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
        Ok(Outputs(
            outputs
                .filter_map(|output| {
                    Some((
                        output.output_key()?.to_owned(),
                        output.output_value()?.to_owned(),
                    ))
                })
                .collect(),
        ))
    }

    async fn clients(&self) -> Result<&Clients> {
        let connect = async || {
            let config = aws::config().await;
            let region = config.region().ok_or(StackError::NoRegion)?;
            Ok(Clients {
                sfn: aws_sdk_sfn::Client::new(&config),
                cloudformation: aws_sdk_cloudformation::Client::new(&config),
                region: region.to_string(),
            })
        };
        self.clients.get_or_try_init(connect).await
    }
}
