//! `rehose start` of a job whose execution has ended before the job.

use std::process::Command;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::command::{Finished, finish};
use crate::server::{MACHINE, answered_by, assert_says};

const REDRIVEN: (&str, &str) = ("200 OK", r#"{"redriveDate": 0}"#);

const NOT_REDRIVABLE: (&str, &str) = (
    "400 Bad Request",
    r#"{"__type": "ExecutionNotRedrivable", "message": "it is too old"}"#,
);

/// The execution of the job, over a prefix, as Step Functions describes it.
fn execution(status: &str, prefix: &str) -> Value {
    json!({
        "executionArn": "arn:aws:states:eu-central-1:123456789012:execution:rehose:mine",
        "stateMachineArn": MACHINE, "name": "mine", "status": status, "startDate": 0,
        "input": json!({"prefix": prefix}).to_string(),
    })
}

/// Starts a job that exists, over a prefix. Step Functions describes its execution in these ways, one
/// after another, and answers a redrive like this. The output is empty.
fn start_again(
    executions: Vec<Value>,
    redrive: (&'static str, &'static str),
    prefix: &str,
    options: &[&str],
) -> Finished {
    let last = executions.last().unwrap().clone();
    let described = Mutex::new(executions.into_iter());
    let answer = move |operation: &str| {
        let (status, body) = match operation {
            "ListTagsForResource" => {
                let tag = json!({"key": "rehose:output", "value": "s3://tables/vpc/"});
                ("200 OK", json!({"tags": [tag]}).to_string())
            }
            "StartExecution" => {
                let error = json!({"__type": "ExecutionAlreadyExists", "message": "it exists"});
                ("400 Bad Request", error.to_string())
            }
            "DescribeExecution" => {
                let next = described.lock().unwrap().next();
                ("200 OK", next.as_ref().unwrap_or(&last).to_string())
            }
            "ListExecutions" => ("200 OK", json!({"executions": []}).to_string()),
            "RedriveExecution" => (redrive.0, redrive.1.to_owned()),
            list if list.contains("list-type=2") => {
                let empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
                ("200 OK", empty.to_owned())
            }
            _ => {
                let error = "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
                ("404 Not Found", error.to_owned())
            }
        };
        (status.to_owned(), body)
    };
    let start = ["start", prefix, "--job", "mine", "--state-machine", MACHINE];
    answered_by(answer, &[&start[..], options].concat())
}

#[test]
fn a_job_whose_execution_was_stopped_or_timed_out_continues() {
    for status in ["ABORTED", "TIMED_OUT"] {
        let executions = vec![execution(status, "2020/")];
        let continued = start_again(executions, REDRIVEN, "2020/", &[]).with_status(0);
        assert!(
            continued.err.contains("the job mine continues"),
            "{continued:?}"
        );
    }
}

#[test]
fn a_job_that_continues_is_followed_although_its_execution_is_shown_as_it_ended_before() {
    let mut failed = execution("FAILED", "2020/");
    failed["cause"] = json!("the stash is gone");
    failed["redriveDate"] = json!(0);
    let stopped = execution("ABORTED", "2020/");
    let executions = vec![stopped.clone(), stopped, failed];
    let followed = start_again(executions, REDRIVEN, "2020/", &["--follow"]).with_status(1);
    assert_says(&followed, &["the job mine failed: the stash is gone"]);
}

#[test]
fn a_job_whose_execution_cannot_continue_names_the_command_that_continues_it() {
    for (status, reason) in [("TIMED_OUT", "it is too old"), ("FAILED", "final")] {
        let executions = vec![execution(status, "2020/")];
        let refused = start_again(executions, NOT_REDRIVABLE, "2020/", &[]).with_status(1);
        let input = r#"'{"job":"mine","prefix":"2020/"}'"#;
        let command = format!(
            "aws stepfunctions start-execution --state-machine-arn {MACHINE} --input {input}"
        );
        assert_says(&refused, &["mine", reason, &command]);
    }
}

#[test]
fn the_command_that_continues_a_job_is_quoted_for_a_shell() {
    let prefix = "it's \"$HOME\"/";
    let executions = vec![execution("FAILED", prefix)];
    let refused = start_again(executions, NOT_REDRIVABLE, prefix, &[]).with_status(1);
    let (_, command) = refused.last_line().split_once("aws ").unwrap();
    let script = format!("last() {{ shift $(($# - 1)); printf %s \"$1\"; }}; last {command}");
    let shown = finish(Command::new("sh").args(["-c", &script])).with_status(0);
    assert_eq!(shown.json(), json!({"job": "mine", "prefix": prefix}));
}
