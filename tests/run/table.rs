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
fn keys_may_have_another_layout_and_another_time_zone() {
    assert_says(
        &[
            "--location",
            "s3://athena",
            "--layout",
            "year={yyyy}/month={MM}/day={dd}/hour={HH}",
            "--time-zone",
            "Asia/Tokyo",
            "--since",
            "2020/01/31/00",
        ],
        &[
            "PARTITIONED BY (`datehour` string)",
            r#"'projection.datehour.format' = "'year='yyyy'/month='MM'/day='dd'/hour='HH","#,
            "'projection.datehour.range' = 'year=2020/month=01/day=31/hour=00,NOW+9HOURS',",
            "'storage.location.template' = 's3://athena/csv/${datehour}/'",
        ],
    );
    assert_says(
        &[
            "rejected",
            "--location",
            "s3://athena",
            "--prefix",
            "AWSLogs/",
            "--layout",
            "{account}/vpcflowlogs/{region}/{yyyy}/{MM}/{dd}",
            "--partition",
            "account=111122223333,444455556666",
            "--partition",
            "account=777788889999",
            "--time-zone",
            "-08:00",
        ],
        &[
            "PARTITIONED BY (`account` string, `region` string, `datehour` string)",
            "'projection.account.type' = 'enum',",
            "'projection.account.values' = '111122223333,444455556666,777788889999',",
            "'projection.region.type' = 'injected',",
            "'projection.datehour.range' = '2015/06/01,NOW',",
            "'storage.location.template' = \
             's3://athena/rejected/AWSLogs/${account}/vpcflowlogs/${region}/${datehour}/'",
        ],
    );
}

#[test]
fn a_layout_that_athena_cannot_follow_is_refused_with_the_reason() {
    let refused = |options: &[&'static str], words: &[&str]| {
        assert_refused(&[&["--location", "s3://athena"], options].concat(), words);
    };
    refused(
        &["--layout", "!{timestamp:yyyy/MM/dd}"],
        &[
            "--layout",
            "!{timestamp:yyyy/MM/dd}",
            "Firehose",
            "write {yyyy}",
        ],
    );
    refused(
        &["--layout", "{MM}/{dd}"],
        &["--layout", "{MM} without {yyyy} before it"],
    );
    refused(
        &["--layout", "{region}/{yyyy}", "--fields", "region"],
        &["--layout", "{region}", "choose another name"],
    );
    refused(
        &["--partition", "account=1"],
        &["--layout", "{yyyy}/{MM}/{dd}/{HH} has no {account}"],
    );
    refused(
        &["--partition", "account"],
        &["--partition", "account=111122223333,444455556666"],
    );
    refused(
        &["--time-zone", "JST"],
        &["--time-zone", "JST", "Asia/Tokyo", "+09:00"],
    );
}

#[test]
fn a_prefix_with_an_expression_of_firehose_is_refused() {
    let prefix = "vpc/!{timestamp:yyyy}/";
    let words = [
        "!{timestamp:yyyy}",
        "Firehose",
        "give what is before it",
        "--layout",
    ];
    assert_refused(&["--location", "s3://athena", "--prefix", prefix], &words);
    assert_refused(&["--location", &format!("s3://athena/{prefix}")], &words);
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
fn a_table_of_parquet_has_its_own_folder_and_types() {
    assert_says(
        &[
            "--location",
            "s3://athena",
            "--to",
            "parquet",
            "--message-regex",
            "^(?<end>.*)$",
        ],
        &[
            "`timestamp` timestamp,",
            "`end` string",
            "ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'",
            "LOCATION 's3://athena/parquet/'",
            "'storage.location.template' = 's3://athena/parquet/${datehour}/'",
        ],
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
fn merged_rows_have_tables_and_a_view_of_all_rows() {
    let merged = [
        "merged",
        "--location",
        "s3://athena",
        "--since",
        "2020/01/31/05",
    ];
    assert_says(
        &merged,
        &[
            "CREATE EXTERNAL TABLE IF NOT EXISTS `merged` (",
            "`records` bigint",
            "PARTITIONED BY (`day` string, `hour` string)",
            "'projection.day.range' = '2020-01-31,NOW',",
        ],
    );
    assert_says(
        &["generations", "--location", "s3://athena", "--per", "day"],
        &[
            "PARTITIONED BY (`day` string)",
            "'storage.location.template' = 's3://athena/generations/${day}/'",
        ],
    );
    let all = ["all", "--location", "s3://athena", "--database", "logs"];
    let view = table(&[&all[..], &["--name", "everything"]].concat()).with_status(0);
    let first = view.out.lines().next().unwrap();
    assert_eq!(first, r#"CREATE OR REPLACE VIEW "logs"."everything" AS"#);
    assert!(
        view.out.ends_with("WHERE done.day IS NULL;\n"),
        "{}",
        view.out
    );
    assert_refused(
        &[&all[..], &["--layout", "{account}/{yyyy}/{MM}/{dd}/{HH}"]].concat(),
        &["--layout", "there is no view of all rows"],
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
    for (option, value) in [
        ("--location", "s3://x"),
        ("--prefix", "x"),
        ("--layout", "{yyyy}"),
        ("--partition", "x=y"),
        ("--time-zone", "UTC"),
        ("--since", "2020/01/31/00"),
        ("--per", "day"),
        ("--name", "x"),
        ("--database", "x"),
    ] {
        assert_refused(&["--json", option, value], &[option, "--json"]);
    }
    assert_refused(&["--json", "rejected"], &["--json"]);
    assert_refused(
        &["--json", "--fields", "nonsense"],
        &["--fields", "nonsense"],
    );
}
