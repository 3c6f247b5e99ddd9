//! Errors of the calls to the deployed stack.

use std::fmt;

use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use rehose_reprocess::job::JobId;
use rehose_store::aws;
use rehose_store::location::LocationError;

use super::ExecutionState;

/// An error of a call to the stack.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    #[error("{}", LocationError::NoRegion)]
    NoRegion,
    #[error(
        "there is no state machine {name} in {region}; deploy the stack (README, \"Deploy\"), name another with \
         --stack or REHOSE_STACK, or give --state-machine and --output"
    )]
    NoStack { name: String, region: String },
    #[error(
        "{machine} has no tag {tag}: it is not rehose's, or an older version deployed it; deploy the \
         stack again, name another with --stack, or give --output"
    )]
    NoOutput { machine: String, tag: &'static str },
    #[error("the tag {tag} of {machine} is not valid: {error}; deploy the stack again")]
    InvalidOutput {
        machine: String,
        tag: &'static str,
        error: LocationError,
    },
    #[error(
        "{arn:?} is not the ARN of a state machine; the stack's output StateMachineArn has the right one"
    )]
    NoStateMachine { arn: String },
    #[error(
        "the job {job} was started with different input: it has {existing}, this command has \
         {requested}; choose another --job"
    )]
    DifferentInput {
        job: JobId,
        existing: String,
        requested: String,
    },
    #[error(
        "the execution of the job {job} has {state}, and cannot continue: {reason}; another execution \
         continues the job: {command}"
    )]
    NotContinued {
        job: String,
        state: ExecutionState,
        reason: String,
        /// What the user can run instead.
        command: String,
    },
    #[error(
        "these credentials do not allow {action} on {resource}; allow it{alternative}: {reason}"
    )]
    Denied {
        action: &'static str,
        resource: String,
        /// Another way to reach the same, as the end of a sentence; it may be empty.
        alternative: &'static str,
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
    /// An error of an AWS call, which names the IAM action and the resource.
    pub(super) fn from_sdk<E, R>(
        action: &'static str,
        resource: &str,
        alternative: &'static str,
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
                alternative,
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
