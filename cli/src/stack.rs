//! The deployed stack: where its state machine and its output are, and the calls to it.

use std::fmt;

use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::ExecutionStatus;
use clap::Args;
use futures::{Stream, TryStreamExt, stream};
use jiff::Timestamp;
use rehose_reprocess::error::Error;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::Ledger;
use rehose_store::aws;
use rehose_store::location::{Location, Stores};
use serde_json::Value;
use tokio::sync::OnceCell;

/// The stack's name where none is given; `infra/` deploys it under this one.
const DEFAULT_STACK: &str = "rehose";

/// The outputs of the stack that are needed here.
const STATE_MACHINE: &str = "StateMachineArn";
const OUTPUT: &str = "OutputLocation";

/// What stands before the name in a state machine's ARN.
const MACHINE: &str = ":stateMachine:";

/// The error with which the state machine ends a job that is over but not complete.
const INCOMPLETE: &str = "Rehose.Incomplete";

/// The error with which it ends a job that was refused.
const INVALID_INPUT: &str = "Rehose.InvalidInput";

/// Executions described at once.
const DESCRIBED: usize = 8;

/// Which stack is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// The name of the deployed stack, whose outputs say where everything is
    #[arg(long, env = "REHOSE_STACK", default_value = DEFAULT_STACK, value_name = "NAME")]
    stack: String,
    /// The state machine, instead of the stack's
    #[arg(long, env = "REHOSE_STATE_MACHINE", value_name = "ARN")]
    state_machine: Option<String>,
    /// The output with the ledgers, instead of the stack's: s3://bucket/prefix, or a folder that
    /// `rehose run` wrote
    #[arg(long, env = "REHOSE_OUTPUT", value_name = "s3://BUCKET/PREFIX")]
    output: Option<Location>,
}

impl StackArgs {
    /// Whether there is no stack, but a folder that `rehose run` wrote.
    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.output, Some(Location::Folder(_)))
    }
}

impl fmt::Display for StackArgs {
    /// As they have to be repeated in the next command.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stack != DEFAULT_STACK {
            write!(f, " --stack {}", self.stack)?;
        }
        if let Some(machine) = &self.state_machine {
            write!(f, " --state-machine {machine}")?;
        }
        if let Some(output) = &self.output {
            write!(f, " --output {output}")?;
        }
        Ok(())
    }
}

/// Why the stack could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    #[error("no AWS region is known; set AWS_REGION, or AWS_PROFILE to a profile that has one")]
    NoRegion,
    #[error(
        "there is no stack {name} in {region}; deploy it (README, \"Deploy\"), name another with \
         --stack or REHOSE_STACK, or give --state-machine and --output"
    )]
    NoStack { name: String, region: String },
    #[error(
        "the stack {name} has no output {output}, so it is no rehose or not yet deployed; name \
         another with --stack, or give --state-machine and --output"
    )]
    NoOutput { name: String, output: &'static str },
    #[error("{arn:?} is no ARN of a state machine; the stack's output {STATE_MACHINE} is one")]
    NoMachine { arn: String },
    #[error(
        "the job {job} was started with another input: it has {bound}, this call has {wanted}; \
         take another --job"
    )]
    OtherInput {
        job: JobId,
        bound: String,
        wanted: String,
    },
    #[error("these credentials may not {action} on {resource}; allow it{instead}: {reason}")]
    Denied {
        action: &'static str,
        resource: String,
        /// What could be done instead.
        instead: &'static str,
        reason: String,
    },
    #[error("{action} on {resource} failed: {reason}; check credentials, region and network")]
    Failed {
        action: &'static str,
        resource: String,
        reason: String,
    },
}

impl StackError {
    fn of<E, R>(
        action: &'static str,
        resource: &str,
        instead: &'static str,
        error: &SdkError<E, R>,
    ) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: fmt::Debug,
    {
        let resource = resource.to_owned();
        let reason = aws::reason(error);
        match error.code() {
            Some("AccessDenied" | "AccessDeniedException") => Self::Denied {
                action,
                resource,
                instead,
                reason,
            },
            _ => Self::Failed {
                action,
                resource,
                reason,
            },
        }
    }
}

type Result<T> = std::result::Result<T, StackError>;

/// A connection to the stack. What is not needed is not asked for: a command that reads the ledger
/// alone, and is told where it is, takes no permission but to read it.
pub(crate) struct Stack {
    args: StackArgs,
    clients: OnceCell<Clients>,
    outputs: OnceCell<Outputs>,
}

struct Clients {
    sfn: aws_sdk_sfn::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    region: String,
}

struct Outputs(Vec<(String, String)>);

/// What came of starting a job.
pub(crate) enum Begun {
    Started,
    /// It had been started before, with the same input.
    WasThere(Box<Execution>),
}

impl Stack {
    pub(crate) fn new(args: &StackArgs) -> Self {
        Self {
            args: args.clone(),
            clients: OnceCell::new(),
            outputs: OnceCell::new(),
        }
    }

    /// The ledger of a job.
    pub(crate) async fn ledger(
        &self,
        job: &JobId,
    ) -> std::result::Result<Ledger, crate::operate::OperateError> {
        let location = match &self.args.output {
            Some(output) => output.clone(),
            None => self.output(OUTPUT).await?.parse().map_err(Error::from)?,
        };
        let stores = Stores::of(&[&location]).await;
        Ok(Ledger::new(
            stores.output(&location).map_err(Error::from)?,
            job.clone(),
        ))
    }

    /// Starts an execution with the name of the job. A name stands for one execution; with the same
    /// input while it runs AWS answers as if it had just been started, otherwise that it exists
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
    pub(crate) async fn start(&self, job: &JobId, input: &Value) -> Result<Begun> {
        let machine = self.machine().await?;
        let request = self.clients().await?.sfn.start_execution();
        let answer = request
            .state_machine_arn(&machine)
            .name(job.as_str())
            .input(input.to_string())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Begun::Started),
            Err(error) if error.code() == Some("ExecutionAlreadyExists") => {
                let there = self.execution(job.as_str()).await?;
                match there {
                    Some(there) if there.input == *input => Ok(Begun::WasThere(Box::new(there))),
                    there => Err(StackError::OtherInput {
                        job: job.clone(),
                        bound: there.map_or_else(String::new, |there| there.input.to_string()),
                        wanted: input.to_string(),
                    }),
                }
            }
            Err(error) => Err(StackError::of(
                "states:StartExecution",
                &machine,
                "",
                &error,
            )),
        }
    }

    /// The execution with this name, if there is one: they are kept for 90 days.
    pub(crate) async fn execution(&self, name: &str) -> Result<Option<Execution>> {
        let machine = self.machine().await?;
        let (before, after) = machine.split_once(MACHINE).unwrap_or((&machine, ""));
        // A version or an alias may follow the machine's name.
        let machine = after.split(':').next().unwrap_or(after);
        self.describe(&format!("{before}:execution:{machine}:{name}"))
            .await
    }

    /// All executions, or those with a status, the latest first.
    pub(crate) async fn executions(
        &self,
        status: Option<ExecutionStatus>,
    ) -> Result<impl Stream<Item = Result<Execution>> + '_> {
        let machine = self.machine().await?;
        let request = self.clients().await?.sfn.list_executions();
        let request = request
            .state_machine_arn(&machine)
            .set_status_filter(status);
        let items = request.into_paginator().items().send();
        Ok(
            stream::unfold(items, async |mut items| Some((items.next().await?, items)))
                .map_err(move |error| StackError::of("states:ListExecutions", &machine, "", &error))
                .map_ok(async |item| self.describe(item.execution_arn()).await)
                .try_buffered(DESCRIBED)
                .try_filter_map(async |execution| Ok(execution)),
        )
    }

    /// Stops an execution.
    pub(crate) async fn stop(&self, execution: &Execution) -> Result<()> {
        let request = self.clients().await?.sfn.stop_execution();
        let answer = request.execution_arn(&execution.arn).send().await;
        answer
            .map(drop)
            .map_err(|error| StackError::of("states:StopExecution", &execution.arn, "", &error))
    }

    async fn describe(&self, arn: &str) -> Result<Option<Execution>> {
        let request = self.clients().await?.sfn.describe_execution();
        match request.execution_arn(arn).send().await {
            Ok(answer) => Ok(Some(Execution::of(answer))),
            Err(error) if error.code() == Some("ExecutionDoesNotExist") => Ok(None),
            Err(error) => Err(StackError::of("states:DescribeExecution", arn, "", &error)),
        }
    }

    async fn machine(&self) -> Result<String> {
        match &self.args.state_machine {
            Some(machine) if machine.contains(MACHINE) => Ok(machine.clone()),
            Some(machine) => Err(StackError::NoMachine {
                arn: machine.clone(),
            }),
            None => self.output(STATE_MACHINE).await,
        }
    }

    async fn output(&self, name: &'static str) -> Result<String> {
        let Outputs(outputs) = self.outputs.get_or_try_init(|| self.outputs()).await?;
        let found = outputs.iter().find(|(output, _)| output == name);
        let (_, value) = found.ok_or_else(|| StackError::NoOutput {
            name: self.args.stack.clone(),
            output: name,
        })?;
        Ok(value.clone())
    }

    async fn outputs(&self) -> Result<Outputs> {
        let name = &self.args.stack;
        let clients = self.clients().await?;
        let request = clients.cloudformation.describe_stacks().stack_name(name);
        let answer = request.send().await.map_err(|error| {
            // There is no code of its own for it.
            let message = error.message().unwrap_or_default();
            if error.code() == Some("ValidationError") && message.contains("does not exist") {
                return StackError::NoStack {
                    name: name.clone(),
                    region: clients.region.clone(),
                };
            }
            let instead = ", or give --state-machine and --output, for which it is not needed";
            let stack = format!("the stack {name}");
            StackError::of("cloudformation:DescribeStacks", &stack, instead, &error)
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

/// An execution of the state machine.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) name: String,
    arn: String,
    status: ExecutionStatus,
    pub(crate) input: Value,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    error: Option<String>,
    pub(crate) cause: Option<String>,
}

impl Execution {
    fn of(answer: DescribeExecutionOutput) -> Self {
        let input = answer.input.as_deref().unwrap_or_default();
        Self {
            name: answer.name.unwrap_or_default(),
            arn: answer.execution_arn,
            status: answer.status,
            // The state machine refuses any other.
            input: serde_json::from_str(input).unwrap_or_default(),
            started: timestamp(&answer.start_date),
            ended: answer.stop_date.as_ref().map(timestamp),
            error: answer.error,
            cause: answer.cause,
        }
    }

    /// The job that it is for, by the rules of the state machine.
    pub(crate) fn job(&self) -> &str {
        let given = [&self.input["restart"]["job"], &self.input["job"]];
        let given = given.iter().find_map(|job| job.as_str());
        given.unwrap_or(&self.name)
    }

    /// Whether it goes on for another execution, which waits for it.
    pub(crate) fn is_restart(&self) -> bool {
        self.input.get("restart").is_some()
    }

    /// How it stands.
    pub(crate) fn state(&self) -> State {
        match (&self.status, self.error.as_deref()) {
            (ExecutionStatus::Succeeded, _) => State::Succeeded,
            (ExecutionStatus::Failed, Some(INCOMPLETE)) => State::Incomplete,
            (ExecutionStatus::Failed, Some(INVALID_INPUT)) => State::Refused,
            (ExecutionStatus::Failed, _) => State::Failed,
            (ExecutionStatus::Aborted, _) => State::Stopped,
            (ExecutionStatus::TimedOut, _) => State::TimedOut,
            _ => State::Running,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state() == State::Running
    }
}

/// How an execution stands, with what the state machine says of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Succeeded,
    Incomplete,
    /// What was asked for cannot be done.
    Refused,
    Failed,
    Stopped,
    TimedOut,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Incomplete => "incomplete",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::TimedOut => "timed out",
        })
    }
}

fn timestamp(time: &DateTime) -> Timestamp {
    Timestamp::from_second(time.secs()).unwrap_or_default()
}
