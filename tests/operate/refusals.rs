//! Errors name their cause and say what to do.

use crate::command::finish;
use crate::server::{MACHINE, answered, assert_says, isolated};

#[test]
fn a_missing_region_is_an_error_that_says_how_to_set_it() {
    let finished = finish(&mut isolated(&["jobs"])).with_status(1);
    assert_says(&finished, &["no AWS region", "AWS_REGION", "AWS_PROFILE"]);
}

#[test]
fn an_expression_of_firehose_in_a_prefix_is_refused() {
    let words = ["!{timestamp:yyyy}", "Firehose", "give what is before it"];
    for prefix in ["vpc/!{timestamp:yyyy}/", "s3://stash/!{timestamp:yyyy}/"] {
        let finished = finish(&mut isolated(&["start", prefix])).with_status(2);
        assert_says(&finished, &words);
    }
    let output = ["jobs", "--output", "s3://tables/!{timestamp:yyyy}/"];
    assert_says(&finish(&mut isolated(&output)).with_status(2), &words);
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
