//! Errors name their cause and say what to do. In place of AWS, a local server gives one answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::json;

use crate::REHOSE;
use crate::command::{Finished, finish};

const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:rehose";

/// Runs the command with a server in place of AWS, which gives this answer to every request.
fn answered(status: &str, body: &str, args: &[&str]) -> Finished {
    let (status, body) = (status.to_owned(), body.to_owned());
    answered_by(move |_| (status.clone(), body.clone()), args)
}

/// Runs the command with a server in place of AWS. It gets the name of an operation of Step Functions,
/// or of none, and returns the status and the body of the answer.
fn answered_by(
    answer: impl Fn(&str) -> (String, String) + Send + 'static,
    args: &[&str],
) -> Finished {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // The thread ends with the process of the test.
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = BufReader::new(connection.unwrap());
            let mut length = 0;
            let mut operation = String::new();
            let mut line = String::new();
            while connection.read_line(&mut line).unwrap_or(0) > 2 {
                let header = line.to_ascii_lowercase();
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if header.starts_with("x-amz-target:") {
                    operation = line.trim_end().rsplit('.').next().unwrap().to_owned();
                }
                line.clear();
            }
            let mut request = vec![0; length];
            let _ = connection.read_exact(&mut request);
            let (status, body) = answer(&operation);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let _ = connection.get_mut().write_all(answer.as_bytes());
        }
    });
    finish(
        isolated(args)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "eu-central-1"),
    )
}

/// The command with credentials, but without any other AWS configuration of this machine.
fn isolated(args: &[&str]) -> Command {
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
fn assert_says(finished: &Finished, words: &[&str]) {
    let last = finished.last_line();
    for word in words {
        assert!(last.contains(word), "{last} lacks {word}");
    }
}

#[test]
fn a_missing_region_is_an_error_that_says_how_to_set_it() {
    let finished = finish(&mut isolated(&["jobs"])).with_status(1);
    assert_says(&finished, &["no AWS region", "AWS_REGION", "AWS_PROFILE"]);
}

#[test]
fn a_missing_stack_is_named_with_the_options_to_name_another() {
    let machines = r#"{"stateMachines": []}"#;
    let finished = answered("200 OK", machines, &["jobs", "--stack", "logs"]).with_status(1);
    assert_says(
        &finished,
        &[
            "no state machine logs in eu-central-1",
            "deploy the stack",
            "--stack",
            "--state-machine and --output",
        ],
    );
}

#[test]
fn a_state_machine_that_does_not_name_its_output_is_refused() {
    let args = ["report", "job", "--state-machine", MACHINE];
    let finished = answered("200 OK", r#"{"tags": []}"#, &args).with_status(1);
    assert_says(&finished, &[MACHINE, "no tag rehose:output", "--output"]);
    let tags = r#"{"tags": [{"key": "rehose:output", "value": "s3://"}]}"#;
    let finished = answered("200 OK", tags, &args).with_status(1);
    assert_says(&finished, &[MACHINE, "the tag rehose:output", "not valid"]);
}

#[test]
fn a_missing_permission_is_named_with_an_alternative() {
    let error = r#"{"__type": "AccessDeniedException", "message": "User: u is not authorized"}"#;
    let finished = answered("400 Bad Request", error, &["start", "2020/"]).with_status(1);
    assert_says(
        &finished,
        &[
            "do not allow states:ListStateMachines",
            "eu-central-1",
            "--state-machine and --output",
        ],
    );
    for (args, action) in [
        (vec!["jobs"], "states:ListExecutions"),
        (vec!["stop", "job"], "states:DescribeExecution"),
        (vec!["start", "2020/"], "states:StartExecution"),
    ] {
        let args = [&args[..], &["--state-machine", MACHINE]].concat();
        let finished = answered("400 Bad Request", error, &args).with_status(1);
        assert_says(
            &finished,
            &[
                action,
                "arn:aws:states:eu-central-1:123456789012:",
                "allow it",
            ],
        );
    }
}

#[test]
fn an_unreadable_ledger_is_named_with_the_permissions_to_read_it() {
    let error = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let args = ["report", "job", "--output", "s3://bucket/rows"];
    let finished = answered("403 Forbidden", error, &args).with_status(1);
    assert_says(
        &finished,
        &[
            "s3://bucket/rows/jobs/job/",
            "s3:GetObject",
            "s3:ListBucket",
        ],
    );
}

#[test]
fn an_arn_of_no_state_machine_is_refused() {
    let refused =
        finish(isolated(&["jobs", "--state-machine", "rehose"]).env("AWS_REGION", "eu-central-1"));
    assert_says(
        &refused.with_status(2),
        &["\"rehose\" is not the ARN", "StateMachineArn"],
    );
}

#[test]
fn an_invalid_job_name_is_refused_at_once() {
    for command in ["status", "report", "retry", "stop"] {
        let refused = finish(&mut isolated(&[command, "../job"])).with_status(2);
        assert!(
            refused.err.contains("\"../job\" is no job id"),
            "{refused:?}"
        );
    }
}

const REDRIVEN: (&str, &str) = ("200 OK", r#"{"redriveDate": 0}"#);

/// The answer for a bucket without lifecycle rules.
const NO_RULES: (&str, &str) = (
    "404 Not Found",
    "<Error><Code>NoSuchLifecycleConfiguration</Code><Message>none</Message></Error>",
);

/// Starts a job whose execution ended with this status. A redrive, and the question for the lifecycle
/// rules of the output, are answered like this.
fn start_again(
    status: &'static str,
    redrive: (&'static str, &'static str),
    rules: (&'static str, &'static str),
) -> Finished {
    let answer = move |operation: &str| {
        let (status, body) = match operation {
            "ListTagsForResource" => {
                let tag = json!({"key": "rehose:output", "value": "s3://tables/vpc/"});
                ("200 OK", json!({"tags": [tag]}).to_string())
            }
            "" => (rules.0, rules.1.to_owned()),
            "StartExecution" => (
                "400 Bad Request",
                r#"{"__type": "ExecutionAlreadyExists", "message": "it exists"}"#.to_owned(),
            ),
            "DescribeExecution" => {
                let execution = json!({
                    "executionArn": "arn:aws:states:eu-central-1:123456789012:execution:rehose:mine",
                    "stateMachineArn": MACHINE, "name": "mine", "status": status, "startDate": 0,
                    "input": r#"{"prefix":"2020/"}"#,
                });
                ("200 OK", execution.to_string())
            }
            "RedriveExecution" => (redrive.0, redrive.1.to_owned()),
            operation => panic!("{operation}"),
        };
        (status.to_owned(), body)
    };
    let args = [
        "start",
        "2020/",
        "--job",
        "mine",
        "--state-machine",
        MACHINE,
    ];
    answered_by(answer, &args)
}

#[test]
fn a_job_whose_execution_was_stopped_or_timed_out_continues() {
    for status in ["ABORTED", "TIMED_OUT"] {
        let continued = start_again(status, REDRIVEN, NO_RULES).with_status(0);
        assert!(
            continued.err.contains("the job mine continues"),
            "{continued:?}"
        );
    }
}

#[test]
fn a_job_whose_execution_cannot_continue_names_the_command_that_continues_it() {
    let refused = r#"{"__type": "ExecutionNotRedrivable", "message": "it is too old"}"#;
    for (status, reason) in [("TIMED_OUT", "it is too old"), ("FAILED", "final")] {
        let refused = start_again(status, ("400 Bad Request", refused), NO_RULES).with_status(1);
        let input = r#"'{"job":"mine","prefix":"2020/"}'"#;
        let command = format!(
            "aws stepfunctions start-execution --state-machine-arn {MACHINE} --input {input}"
        );
        assert_says(&refused, &["mine", reason, &command]);
    }
}

#[test]
fn an_output_bucket_that_keeps_incomplete_uploads_is_warned_about() {
    let rule = |status: &str, filter: &str, action: &str| -> (&'static str, &'static str) {
        let rules = format!(
            "<LifecycleConfiguration><Rule><Status>{status}</Status>{filter}{action}</Rule>\
             </LifecycleConfiguration>"
        );
        ("200 OK", rules.leak())
    };
    let prefix = |prefix: &str| format!("<Filter><Prefix>{prefix}</Prefix></Filter>");
    let abort = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>\
                 </AbortIncompleteMultipartUpload>";
    let expire = "<Expiration><Days>1</Days></Expiration>";
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    for (rules, says) in [
        (NO_RULES, "warning: no lifecycle rule of tables"),
        (
            rule("Enabled", &prefix("other/"), abort),
            "warning: no lifecycle rule",
        ),
        (
            rule("Disabled", &prefix(""), abort),
            "warning: no lifecycle rule",
        ),
        (
            rule("Enabled", &prefix(""), expire),
            "warning: no lifecycle rule",
        ),
        (("403 Forbidden", denied), "note: cannot see"),
        (rule("Enabled", &prefix("vpc"), abort), ""),
        (rule("Enabled", "<Prefix></Prefix>", abort), ""),
    ] {
        let started = start_again("ABORTED", REDRIVEN, rules).with_status(0);
        assert_eq!(
            started.err.contains("lifecycle"),
            !says.is_empty(),
            "{rules:?} {started:?}"
        );
        assert!(started.err.contains(says), "{rules:?} {started:?}");
    }
}
