//! Invalid arguments are refused at once, with one line that says what to do. Nothing is written.

mod places;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rehose_testkit::output::{assert_same, files};
use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use rehose_tests::workspace::Workspace;
use serde_json::json;

use crate::REHOSE;
use crate::command::{Finished, finish, powerless};

/// Asserts that a command has failed with one line on standard error, which contains these words.
#[track_caller]
fn assert_refused(finished: Finished, status: i32, words: &[&str]) {
    let finished = finished.with_status(status);
    assert_eq!(finished.out, "");
    assert_eq!(
        finished.err.lines().count(),
        1,
        "more than a line: {finished:#?}"
    );
    assert!(finished.err.starts_with("rehose: "), "{finished:#?}");
    for word in words {
        assert!(finished.err.contains(word), "no {word:?} in {finished:#?}");
    }
}

/// Asserts that a run on a good stash is refused because of its options, and writes nothing.
#[track_caller]
fn refuses(options: &[&str], words: &[&str]) {
    let workspace = Workspace::small();
    let before = files(&workspace.path(""));
    assert_refused(
        REHOSE.run(&workspace.stash(), &workspace.path("out"), options),
        2,
        words,
    );
    assert_same(&before, &files(&workspace.path("")), "refused");
}

#[test]
fn unknown_fields_are_refused() {
    refuses(
        &["--fields", "srcaddr,sourceaddress"],
        &[
            "--fields",
            "\"sourceaddress\"",
            "the fields are version, account-id",
        ],
    );
    refuses(
        &["--fields", "bytes,srcaddr", "--fields", "srcaddr bytes"],
        &["--fields", "two layouts have 2 fields"],
    );
    refuses(
        &["--dialect", "lines", "--with", "log-group"],
        &["--with: the dialect lines has no log-group", "cloudwatch"],
    );
    refuses(
        &["--dialect", "export", "--log-group", "vpc*"],
        &["--log-group: the dialect export has no log groups"],
    );
    refuses(
        &["--max-rejected", "101"],
        &["--max-rejected", "101 is no percentage"],
    );
    refuses(&["--fields", ","], &["--fields", "no field is named"]);
    refuses(
        &[
            "--time-regex",
            "(?P<timestamp>[^ ]+)",
            "--time-format",
            "%H:%M:%S",
        ],
        &["--time-format: \"%H:%M:%S\" gives no time"],
    );
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    refuses(
        &["--fields", "srcaddr", "--format", "message"],
        &[
            "--fields goes with the formats vpc-flow-logs and tgw-flow-logs only",
            "leave it out",
        ],
    );
    refuses(
        &[
            "--message-regex",
            "(?P<all>.*)",
            "--format",
            "vpc-flow-logs",
        ],
        &["--message-regex goes with the format regex only"],
    );
    refuses(
        &["--format", "regex"],
        &["the format regex needs --message-regex"],
    );
    refuses(
        &["--to", "parquet", "--level", "9"],
        &["--level", "it is for CSV", "leave it out"],
    );
    refuses(
        &["--to", "parquet", "--line-breaks", "keep"],
        &["--line-breaks goes with files of CSV only"],
    );
}

#[test]
fn unusable_regexes_are_refused() {
    let no_group = "it has no named group (?P<column>...)";
    refuses(
        &["--message-regex", "abc"],
        &["--message-regex: ", no_group],
    );
    refuses(
        &["--message-regex", "(?P<a>"],
        &["--message-regex: ", "(?P<a>", "unclosed group"],
    );
    refuses(
        &["--message-regex", "(?P<timestamp>.*)"],
        &["--message-regex: ", "give the group another name"],
    );
    refuses(
        &["--event-regex", "(?P<timestamp>[0-9]+)"],
        &["--event-regex: ", "it has no group (?P<message>...)"],
    );
    refuses(
        &["--event-regex", "(?P<message>[a-z]+)"],
        &["--event-regex: ", "it has no group (?P<timestamp>...)"],
    );
    refuses(
        &["--event-regex", "[a"],
        &["--event-regex: ", "unclosed character class"],
    );
}

#[test]
fn values_out_of_range_are_refused() {
    refuses(&["--level", "0"], &["'0' for '--level", "1..=12", "--help"]);
    refuses(&["--level", "13"], &["'13' for '--level", "1..=12"]);
    refuses(&["--concurrency", "0"], &["--concurrency", "1..=1000"]);
    refuses(&["--mode", "some"], &["'some' for '--mode", "all, missing"]);
    refuses(
        &["--format", "csv"],
        &["--format", "vpc-flow-logs, tgw-flow-logs, alb, "],
    );
    refuses(
        &["--exclude", "[a"],
        &["exclude", "unclosed character class"],
    );
    refuses(
        &["--prefix", "2021/"],
        &["there is no object", "stash/2021/", "check the prefix"],
    );
    refuses(&["--prefix", "../stash/"], &["there is no object"]);
}

#[test]
fn an_output_of_another_kind_of_files_is_refused_with_both() {
    let workspace = Workspace::small();
    let output = workspace.path("out");
    REHOSE.run(&workspace.stash(), &output, &[]).with_status(0);
    assert_refused(
        REHOSE.run(&workspace.stash(), &output, &["--to", "parquet"]),
        2,
        &["it has {\"to\":\"csv\"}, this job has {\"to\":\"parquet\"}"],
    );
}

#[test]
fn invalid_job_names_are_refused() {
    for job in ["", "a b", "a/b", "..", "zürich", &"j".repeat(65)] {
        refuses(&["--job", job], &["--job", "up to 64 letters, digits"]);
    }
}

#[test]
fn unknown_and_missing_arguments_are_refused() {
    refuses(
        &["--levle", "3"],
        &["'--levle'", "'--level'", "Usage: rehose run"],
    );
    assert_refused(
        finish(&mut REHOSE.command(["runn"])),
        2,
        &["'runn'", "'run'"],
    );
    assert_refused(
        finish(&mut REHOSE.command(["run"])),
        2,
        &["<SOURCE> <OUTPUT>", "Usage:"],
    );
    assert_refused(
        finish(&mut REHOSE.command(["run", "s3://", "out"])),
        2,
        &["names no bucket"],
    );
    let url = finish(&mut REHOSE.command(["run", "https://stash/", "out"]));
    assert_refused(url, 2, &["neither a folder nor s3://bucket/prefix"]);
}

#[test]
fn an_output_of_another_shape_is_refused_with_the_difference() {
    let workspace = Workspace::small();
    let output = workspace.path("out");
    REHOSE
        .run(&workspace.stash(), &output, &["--fields", "srcaddr bytes"])
        .with_status(4);
    let before = files(&output);
    let refused = REHOSE.run(
        &workspace.stash(),
        &output,
        &["--fields", "srcaddr packets"],
    );
    assert_eq!(
        refused.json_in_last_line(),
        [
            json!({"fields": ["srcaddr", "bytes"]}),
            json!({"fields": ["srcaddr", "packets"]}),
        ]
    );
    assert_refused(refused, 2, &["another output"]);
    let refused = REHOSE.run(&workspace.stash(), &output, &["--format", "message"]);
    let [existing, requested] = &refused.json_in_last_line()[..] else {
        panic!("{refused:#?}");
    };
    assert_eq!(existing["format"], "vpc-flow-logs");
    assert_eq!(requested, &json!({"format": "message"}));
    assert_refused(refused, 2, &["another output"]);
    assert_same(&before, &files(&output), "refused");
}

#[test]
fn a_job_started_with_other_options_is_refused_with_the_difference() {
    let workspace = Workspace::small();
    workspace.put("2020/two", &gzip(envelope(&[event(0, FLOW)])));
    let output = workspace.path("out");
    REHOSE
        .run(&workspace.stash(), &output, &["--job", "job"])
        .with_status(0);
    let before = files(&output);
    let finished = REHOSE.run(
        &workspace.stash(),
        &output,
        &["--job", "job", "--prefix", "2020/"],
    );
    assert_eq!(
        finished.json_in_last_line(),
        [json!({"prefix": ""}), json!({"prefix": "2020/"})]
    );
    assert_refused(finished, 2, &["the job job exists"]);
    assert_same(&before, &files(&output), "refused");
}
