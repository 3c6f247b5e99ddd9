//! The deployed stack: its state machine, which has the stack's name, and the machine's executions.

mod error;
mod execution;

use std::future::ready;
use std::pin::pin;

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::ExecutionStatus;
use futures::{Stream, TryStreamExt, stream};
use jiff::Timestamp;
use rehose_reprocess::job::JobId;
use rehose_store::aws::{self, SdkConfig};
use rehose_store::location::Location;
use serde_json::Value;
use tokio::sync::OnceCell;

pub(crate) use error::StackError;
use execution::timestamp;
pub(crate) use execution::{Execution, ExecutionState};

use crate::args::stack::StackArgs;

/// The tag of the state machine with the location of the rows and the ledgers.
const OUTPUT_TAG: &str = "rehose:output";

/// The part of a state machine's ARN before the name.
const MACHINE: &str = ":stateMachine:";

/// The number of executions to describe at once.
const DESCRIBED: usize = 8;

type Result<T> = std::result::Result<T, StackError>;

/// A connection to the stack.
///
/// Each call needs only its own permissions: what the options do not name is looked up at its first use,
/// and then remembered.
pub(crate) struct DeployedStack {
    args: StackArgs,
    config: OnceCell<SdkConfig>,
    client: OnceCell<Client>,
    state_machine: OnceCell<String>,
    output: OnceCell<Location>,
}

struct Client {
    sfn: aws_sdk_sfn::Client,
    region: String,
}

/// The result of starting a job.
pub(crate) enum StartResult {
    Started,
    /// An earlier call has started it, with the same input.
    AlreadyStarted(Box<Execution>),
    /// An earlier execution was stopped or timed out, and continues since this time.
    Redriven(Timestamp),
}

impl DeployedStack {
    pub(crate) fn new(args: &StackArgs) -> Self {
        Self {
            args: args.clone(),
            config: OnceCell::new(),
            client: OnceCell::new(),
            state_machine: OnceCell::new(),
            output: OnceCell::new(),
        }
    }

    /// The location of the rows and the ledgers.
    pub(crate) async fn output_location(&self) -> Result<&Location> {
        let find = async || match &self.args.output {
            Some(location) => Ok(location.clone()),
            None => self.find_output().await,
        };
        self.output.get_or_try_init(find).await
    }

    /// Finds the output by the tag of the state machine.
    async fn find_output(&self) -> Result<Location> {
        let machine = self.state_machine().await?;
        let request = self.client().await?.sfn.list_tags_for_resource();
        let answer = request.resource_arn(&machine).send().await;
        let answer = answer.map_err(|error| {
            let alternative = ", or give --output";
            StackError::from_sdk("states:ListTagsForResource", &machine, alternative, &error)
        })?;
        let tag = answer
            .tags()
            .iter()
            .find(|tag| tag.key() == Some(OUTPUT_TAG));
        let location = (tag.and_then(|tag| tag.value())).ok_or_else(|| StackError::NoOutput {
            machine: machine.clone(),
            tag: OUTPUT_TAG,
        })?;
        location.parse().map_err(|error| StackError::InvalidOutput {
            machine,
            tag: OUTPUT_TAG,
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
        let request = self.client().await?.sfn.start_execution();
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
                        self.continue_execution(existing).await
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

    /// Continues an execution that ended before its job did.
    ///
    /// A redrive repeats the state in which an execution ended. One that was stopped or timed out goes
    /// on from there. One that failed would fail again at once: it ended in a state of the type `Fail`
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>).
    async fn continue_execution(&self, existing: Execution) -> Result<StartResult> {
        let not_continued = |reason: String| StackError::NotContinued {
            job: existing.job().to_owned(),
            state: existing.state(),
            reason,
            command: existing.command_to_continue(),
        };
        match existing.state() {
            ExecutionState::Failed => Err(not_continued("a failed execution is final".to_owned())),
            ExecutionState::Stopped | ExecutionState::TimedOut => {
                let request = self.client().await?.sfn.redrive_execution();
                let answer = request.execution_arn(&existing.arn).send().await;
                let answer = answer.map_err(|error| not_continued(aws::reason(&error)))?;
                Ok(StartResult::Redriven(timestamp(answer.redrive_date())))
            }
            _ => Ok(StartResult::AlreadyStarted(Box::new(existing))),
        }
    }

    /// The execution with the name of a job. If that does not run, a running one with another name that continues the
    /// job. Step Functions keeps executions for 90 days.
    pub(crate) async fn execution_of(&self, job: &JobId) -> Result<Option<Execution>> {
        let named = self.execution(job.as_str()).await?;
        if named.as_ref().is_some_and(Execution::is_running) {
            return Ok(named);
        }
        let running = self.running(job).await?;
        let mut others = pin!(running.try_filter(|execution| ready(!execution.is_restart())));
        Ok(others.try_next().await?.or(named))
    }

    /// The running executions of a job, with those in which an execution goes on.
    pub(crate) async fn running(
        &self,
        job: &JobId,
    ) -> Result<impl Stream<Item = Result<Execution>> + '_> {
        let running = self.executions(Some(ExecutionStatus::Running)).await?;
        let job = job.clone();
        // One that has just ended may still be listed.
        Ok(running.try_filter(move |execution| {
            ready(execution.is_running() && execution.job() == job.as_str())
        }))
    }

    /// The execution with this name.
    async fn execution(&self, name: &str) -> Result<Option<Execution>> {
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
        let request = self.client().await?.sfn.list_executions();
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
        let request = self.client().await?.sfn.stop_execution();
        let answer = request.execution_arn(&execution.arn).send().await;
        answer.map(drop).map_err(|error| {
            StackError::from_sdk("states:StopExecution", &execution.arn, "", &error)
        })
    }

    async fn describe(&self, arn: &str) -> Result<Option<Execution>> {
        let request = self.client().await?.sfn.describe_execution();
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
        let found = self
            .state_machine
            .get_or_try_init(async || match &self.args.state_machine {
                Some(arn) if arn.contains(MACHINE) => Ok(arn.clone()),
                Some(arn) => Err(StackError::NoStateMachine { arn: arn.clone() }),
                None => self.find_state_machine().await,
            });
        Ok(found.await?.clone())
    }

    /// Finds the state machine with the stack's name.
    async fn find_state_machine(&self) -> Result<String> {
        let name = &self.args.stack;
        let Client { sfn, region } = self.client().await?;
        let mut machines = sfn.list_state_machines().into_paginator().items().send();
        while let Some(machine) = machines.next().await {
            let machine = machine.map_err(|error| {
                let resource = format!("the state machines in {region}");
                let alternative = ", or give --state-machine and --output, which do not need it";
                StackError::from_sdk("states:ListStateMachines", &resource, alternative, &error)
            })?;
            if machine.name() == name {
                return Ok(machine.state_machine_arn);
            }
        }
        Err(StackError::NoStack {
            name: name.clone(),
            region: region.clone(),
        })
    }

    /// The configuration of clients.
    pub(crate) async fn config(&self) -> &SdkConfig {
        self.config.get_or_init(aws::config).await
    }

    async fn client(&self) -> Result<&Client> {
        let connect = async || {
            let config = self.config().await;
            let region = config.region().ok_or(StackError::NoRegion)?;
            Ok(Client {
                sfn: aws_sdk_sfn::Client::new(config),
                region: region.to_string(),
            })
        };
        self.client.get_or_try_init(connect).await
    }
}
