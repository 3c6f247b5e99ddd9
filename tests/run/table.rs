//! `rehose table`: the statements and the JSON that it prints. `tests/athena` tests the tables.

use serde_json::Value;

use crate::REHOSE;
use crate::command::{Finished, finish};

fn table(args: &[&str]) -> Finished {
    finish(REHOSE.command(["table"]).args(args))
}

/// Asserts that a statement contains these lines.
#[track_caller]
fn assert_says(args: &[&str], lines: &[&str]) {
    let finished = table(args).with_status(0);
    for line in lines {
        assert!(
            finished
                .out
                .lines()
                .any(|finished| finished.trim() == *line),
            "no {line:?} in {}",
            finished.out
        );
    }
    assert!(finished.out.ends_with("\n);\n"), "{}", finished.out);
    assert_eq!(finished.out.matches(';').count(), 1, "{}", finished.out);
    assert_eq!(finished.err, "");
}

#[track_caller]
fn assert_refused(args: &[&str], words: &[&str]) {
    let finished = table(args).with_status(2);
    assert_eq!(finished.out, "");
    assert_eq!(finished.err.lines().count(), 1, "{finished:#?}");
    for word in words {
        assert!(finished.err.contains(word), "no {word:?} in {finished:#?}");
    }
}

#[test]
fn an_output_is_enough() {
    for location in ["s3://athena/vpc", "s3://athena/vpc/"] {
        assert_says(
            &["--location", location],
            &[
                "CREATE EXTERNAL TABLE IF NOT EXISTS `flow_logs` (",
                "`timestamp` timestamp,",
                "`log_status` string",
                "LOCATION 's3://athena/vpc/csv/'",
                "'storage.location.template' = 's3://athena/vpc/csv/${datehour}/'",
            ],
        );
    }
    assert_says(
        &["--location", "s3://athena"],
        &["LOCATION 's3://athena/csv/'"],
    );
}

#[test]
fn names_prefix_and_first_hour_can_be_set() {
    assert_says(
        &[
            "--location",
            "s3://athena",
            "--prefix",
            "AWSLogs/",
            "--since",
            "2020/01/31/00",
            "--name",
            "flows",
            "--database",
            "logs",
        ],
        &[
            "CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`flows` (",
            "'projection.datehour.range' = '2020/01/31/00,NOW',",
            "'storage.location.template' = 's3://athena/csv/AWSLogs/${datehour}/'",
        ],
    );
}

#[test]
fn the_columns_are_those_of_the_format() {
    let location = ["--location", "s3://athena"];
    let with = |options: &[&'static str]| [&location[..], options].concat();
    assert_says(
        &with(&["--fields", "${end} ${tcp-flags}"]),
        &["`end` bigint,", "`tcp_flags` int"],
    );
    assert_says(&with(&["--format", "message"]), &["`message` string"]);
    assert_says(
        &with(&["--message-regex", "^(?P<Level>[A-Z]+) (?<text>.*)$"]),
        &["`timestamp` string,", "`level` string,", "`text` string"],
    );
}

#[test]
fn rejected_events_and_receipts_have_tables_too() {
    assert_says(
        &["rejected", "--location", "s3://athena"],
        &["`reason` string,", "LOCATION 's3://athena/rejected/'"],
    );
    assert_says(
        &["receipts", "--location", "s3://athena"],
        &[
            "PARTITIONED BY (`job` string)",
            "'storage.location.template' = 's3://athena/jobs/${job}/receipts/'",
        ],
    );
}

/// infra reads this file in its own tests.
#[test]
fn json_is_the_file_that_the_stack_takes_as_tables() {
    let regex = r"^(?P<level>[A-Z]+) (?P<request.id>\S+) (?P<text>.*)$";
    let printed = table(&["--json", "--message-regex", regex])
        .with_status(0)
        .json();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../infra/test/tables.regex.json"
    );
    let expected: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(printed, expected);
}

#[test]
fn json_takes_nothing_that_the_stack_fills_in() {
    for option in ["--location", "--prefix", "--name", "--database"] {
        assert_refused(&["--json", option, "x"], &[option, "--json"]);
    }
    assert_refused(&["--json", "rejected"], &["--json"]);
    assert_refused(
        &["--json", "--fields", "nonsense"],
        &["--fields", "nonsense"],
    );
}
