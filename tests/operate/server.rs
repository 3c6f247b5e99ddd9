//! The command with a server in place of AWS, whose answers a test chooses.

use std::process::Command;

use rehose_tests::server::serve;

use crate::REHOSE;
use crate::command::{Finished, finish};

pub(crate) const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:rehose";

/// Runs the command with a server in place of AWS, which gives this answer to every request.
pub(crate) fn answered(status: &str, body: &str, args: &[&str]) -> Finished {
    let (status, body) = (status.to_owned(), body.to_owned());
    answered_by(move |_| (status.clone(), body.clone()), args)
}

/// Runs the command with a server in place of AWS. It gets the name of an operation of Step Functions,
/// or the path and query of a request to S3, and returns the status and the body of the answer.
pub(crate) fn answered_by(
    answer: impl Fn(&str) -> (String, String) + Send + 'static,
    args: &[&str],
) -> Finished {
    let endpoint = serve(move |operation, _| answer(operation));
    finish(
        isolated(args)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "eu-central-1"),
    )
}

/// The command with credentials, but without any other AWS configuration of this machine.
pub(crate) fn isolated(args: &[&str]) -> Command {
    let mut command = REHOSE.command(args);
    for name in [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
    ] {
        command.env_remove(name);
    }
    for name in ["REHOSE_STACK", "REHOSE_STATE_MACHINE", "REHOSE_OUTPUT"] {
        command.env_remove(name);
    }
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

#[track_caller]
pub(crate) fn assert_says(finished: &Finished, words: &[&str]) {
    let last = finished.last_line();
    for word in words {
        assert!(last.contains(word), "{last} lacks {word}");
    }
}
