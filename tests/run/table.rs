//! `rehose table`: the statements and the JSON that it prints. `tests/athena` tests the tables.

use serde_json::{Value, json};

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

#[test]
fn json_is_the_definition_of_the_chosen_table() {
    let print = |args: &[&str]| {
        let location = ["--json", "--location", "s3://athena/vpc"];
        table(&[&location[..], args].concat()).with_status(0).json()
    };
    let options = ["--prefix", "AWSLogs/", "--since", "2020/01/31/00"];
    let rejected = print(&[&["rejected", "--name", "unfit"], &options[..]].concat());
    let column = |name: &str| json!({"name": name, "type": "string"});
    let columns = ["source", "reason", "timestamp", "message"].map(column);
    let expected = json!({
        "name": "unfit",
        "comment": rejected["comment"],
        "columns": columns,
        "partition": column("datehour"),
        "serde": "org.openx.data.jsonserde.JsonSerDe",
        "serde_parameters": {},
        "location": "s3://athena/vpc/rejected/",
        "parameters": {
            "projection.enabled": "true",
            "projection.datehour.type": "date",
            "projection.datehour.format": "yyyy/MM/dd/HH",
            "projection.datehour.range": "2020/01/31/00,NOW",
            "projection.datehour.interval": "1",
            "projection.datehour.interval.unit": "HOURS",
            "storage.location.template": "s3://athena/vpc/rejected/AWSLogs/${datehour}/",
        },
    });
    assert_eq!(rejected, expected);

    let rows = print(&["--fields", "srcaddr bytes"]);
    let names: Vec<&Value> = (rows["columns"].as_array().unwrap().iter())
        .map(|column| &column["name"])
        .collect();
    assert_eq!(names, ["timestamp", "srcaddr", "bytes"]);
    assert_eq!(rows["name"], "flow_logs");
    assert_eq!(rows["serde_parameters"]["field.delim"], ",");

    let receipts = print(&["receipts"]);
    assert_eq!(receipts["partition"], column("job"));
}

#[test]
fn json_is_refused_as_a_statement_is() {
    assert_refused(&["--json"], &["--location"]);
    assert_refused(&["--json", "--location", "out"], &["is a folder"]);
    assert_refused(
        &["--json", "--location", "s3://athena", "--database", "logs"],
        &["--database", "--json"],
    );
}

#[test]
fn invalid_arguments_are_refused() {
    assert_refused(&[], &["--location"]);
    assert_refused(
        &["--location", "out"],
        &["is a folder", "s3://bucket/prefix"],
    );
    let cases: [(&[&str], &[&str]); 7] = [
        (&["--since", "2020-01-31"], &["--since", "yyyy/MM/dd/HH"]),
        (&["--since", "2020/1/31/0"], &["--since", "yyyy/MM/dd/HH"]),
        (&["--name", "a-b"], &["--name", "underscores"]),
        (&["--database", "A"], &["--database", "lower-case"]),
        (&["--fields", "nope"], &["--fields", "nope", "srcaddr"]),
        (&["--message-regex", "("], &["--message-regex"]),
        (
            &["--format", "message", "--fields", "bytes"],
            &["--fields goes with", "leave it out"],
        ),
    ];
    for (options, words) in cases {
        assert_refused(&[&["--location", "s3://athena"], options].concat(), words);
    }
}
