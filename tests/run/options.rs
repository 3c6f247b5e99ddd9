//! The effects of the options, from the command line to the rows.

mod keys;

use std::fs;

use rehose_testkit::output::{files, rejected, report, rows};
use rehose_testkit::stash::{FLOW, envelope, event, gzip, sample};
use rehose_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::REHOSE;
use crate::command::finish;

const HEADER: &str = "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,\
                      protocol,packets,bytes,start,end,action,log-status";

/// A stash with one object under each key.
fn keys(keys: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    for key in keys {
        workspace.put(key, &gzip(envelope(&[event(0, FLOW)])));
    }
    workspace
}

/// A stash of one object with these messages.
fn messages(messages: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    let events: Vec<String> = (messages.iter().enumerate())
        .map(|(i, message)| event(1_580_515_200_000 + i as i64, message))
        .collect();
    workspace.put("one", &gzip(envelope(&events)));
    workspace
}

/// The keys that have rows in the output.
fn written(workspace: &Workspace) -> Vec<String> {
    files(&workspace.path("out"))
        .into_keys()
        .filter_map(|path| {
            path.strip_prefix("csv/")?
                .strip_suffix(".csv.gz")
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn the_default_format_has_the_header_and_the_rows_that_are_documented() {
    let workspace = messages(&[FLOW, "2 1 eni-1 - - - - - - - 0 59 - NODATA"]);
    REHOSE
        .run(&workspace.stash(), &workspace.path("out"), &[])
        .with_status(0);
    let expected = [
        HEADER,
        "2020-02-01T00:00:00.000Z,2,123456789012,eni-0,10.0.0.4,10.0.0.5,443,49152,6,1,40,0,59,\
         ACCEPT,OK",
        "2020-02-01T00:00:00.001Z,2,1,eni-1,-,-,-,-,-,-,-,0,59,-,NODATA",
    ];
    assert_eq!(rows(&workspace.path("out"), "one"), expected);
}

#[test]
fn fields_may_be_given_in_the_notation_of_aws() {
    let notations = [
        "srcaddr,bytes",
        "srcaddr bytes",
        "${srcaddr} ${bytes}",
        " ${srcaddr}, bytes",
    ];
    for notation in notations {
        let workspace = messages(&["10.0.0.4 40", " -  - ", "10.0.0.4 40 more"]);
        let output = workspace.path("out");
        REHOSE
            .run(
                &workspace.stash(),
                &output,
                &["--fields", notation, "--max-rejected", "50"],
            )
            .with_status(0);
        let expected = [
            "timestamp,srcaddr,bytes",
            "2020-02-01T00:00:00.000Z,10.0.0.4,40",
            "2020-02-01T00:00:00.001Z,-,-",
        ];
        assert_eq!(rows(&output, "one"), expected, "{notation}");
        assert_eq!(rejected(&output, "one")[0]["message"], "10.0.0.4 40 more");
    }
}

#[test]
fn the_format_message_quotes_as_csv_requires() {
    let workspace = messages(&["plain", "", r#"a \"quoted\", word"#, r"two\nlines", "東京"]);
    REHOSE
        .run(
            &workspace.stash(),
            &workspace.path("out"),
            &["--format", "message"],
        )
        .with_status(0);
    let text = rows(&workspace.path("out"), "one").join("\n");
    let expected = "timestamp,message\n\
                    2020-02-01T00:00:00.000Z,plain\n\
                    2020-02-01T00:00:00.001Z,\n\
                    2020-02-01T00:00:00.002Z,\"a \"\"quoted\"\", word\"\n\
                    2020-02-01T00:00:00.003Z,two\\nlines\n\
                    2020-02-01T00:00:00.004Z,東京";
    assert_eq!(text, expected);
}

#[test]
fn a_message_regex_makes_columns_of_its_groups_and_rejects_the_rest() {
    let workspace = messages(&["WARN low, disk", "no level here", "ERROR full"]);
    let output = workspace.path("out");
    let regex = "^(?P<level>[A-Z]+) (?P<text>.*)$";
    REHOSE
        .run(&workspace.stash(), &output, &["--message-regex", regex])
        .with_status(4);
    let expected = [
        "timestamp,level,text",
        "2020-02-01T00:00:00.000Z,WARN,\"low, disk\"",
        "2020-02-01T00:00:00.002Z,ERROR,full",
    ];
    assert_eq!(rows(&output, "one"), expected);
    let rejected = rejected(&output, "one");
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0]["source"], "one");
    assert_eq!(rejected[0]["timestamp"], 1_580_515_200_001_u64);
    assert_eq!(rejected[0]["message"], "no level here");
}

#[test]
fn an_event_regex_reads_input_without_envelopes() {
    let workspace = Workspace::new();
    let lines = format!("1580515200000|{FLOW}\n# no event\n1580515200001|too few\n");
    workspace.put("one", &gzip(lines));
    let output = workspace.path("out");
    let regex = r"(?P<timestamp>[0-9]{13})\|(?P<message>[^\n]*)";
    let finished = REHOSE
        .run(
            &workspace.stash(),
            &output,
            &["--event-regex", regex, "--json"],
        )
        .with_status(4);
    assert_eq!(
        finished.json()["rows"],
        json!({"events": 2, "written": 1, "rejected": 1, "control": 0, "filtered": 0})
    );
    assert!(rows(&output, "one")[1].starts_with("2020-02-01T00:00:00.000Z,2,123456789012,"));
    assert_eq!(rejected(&output, "one")[0]["message"], "too few");
}

#[test]
fn both_dialects_give_the_same_rows_of_the_same_envelopes() {
    let workspace = messages(&[FLOW, r"esc\u0061ped", FLOW]);
    let regex = r#""timestamp":(?P<timestamp>[0-9]+),"message":"(?P<message>(?:[^"\\]|\\.)*)""#;
    REHOSE
        .run(&workspace.stash(), &workspace.path("envelopes"), &[])
        .with_status(4);
    REHOSE
        .run(
            &workspace.stash(),
            &workspace.path("regex"),
            &["--event-regex", regex],
        )
        .with_status(4);
    let [envelopes, regex] = ["envelopes", "regex"].map(|output| {
        let mut files = files(&workspace.path(output));
        files.retain(|path, _| path.starts_with("csv/"));
        files
    });
    assert_eq!(envelopes, regex);
    let messages = |output| {
        let rejected = rejected(&workspace.path(output), "one");
        let messages = rejected.iter().map(|event| event["message"].clone());
        messages.collect::<Vec<_>>()
    };
    assert_eq!(messages("envelopes"), messages("regex"));
}

#[test]
fn an_output_has_files_of_one_kind() {
    let workspace = Workspace::small();
    let run = |options: &[&str]| REHOSE.run(&workspace.stash(), &workspace.path("out"), options);
    run(&["--to", "parquet"]).with_status(0);
    let written = files(&workspace.path("out"));
    let rows: Vec<&String> = written
        .keys()
        .filter(|key| key.ends_with(".parquet"))
        .collect();
    assert!(!rows.is_empty() && rows.iter().all(|key| key.starts_with("parquet/")));
    assert!(!written.keys().any(|key| key.starts_with("csv/")));
    let report = run(&["--to", "parquet", "--mode", "missing", "--json"])
        .with_status(0)
        .json();
    assert_eq!(report["objects"]["present"], rows.len());
    let refused = run(&["--to", "csv"]).with_status(2);
    assert!(refused.err.contains(r#"{"to":"parquet"}"#), "{refused:#?}");
}

#[test]
fn the_level_changes_the_size_and_not_the_rows() {
    let workspace = Workspace::new();
    let stash = sample::folder().join("2020");
    let size_and_rows = |name: &str, level: &[&str]| {
        let output = workspace.path(name);
        let finished = REHOSE
            .run(&stash, &output, &[&["--json"], level].concat())
            .with_status(0);
        let key = files(&stash).into_keys().next().unwrap();
        (
            finished.json()["bytes"]["out"].as_u64().unwrap(),
            rows(&output, &key),
        )
    };
    let (small, default, fast) = (
        size_and_rows("small", &["--level", "12"]),
        size_and_rows("default", &[]),
        size_and_rows("fast", &["--level", "1"]),
    );
    let sizes = [small.0, default.0, fast.0];
    assert!(sizes.is_sorted_by(|less, more| less < more), "{sizes:?}");
    assert_eq!(small.1, default.1);
    assert_eq!(fast.1, default.1);
}

#[test]
fn json_prints_the_report_as_it_stands_in_the_ledger() {
    let workspace = keys(&["a"]);
    workspace.put("b", b"no envelope");
    let output = workspace.path("out");
    let finished = REHOSE
        .run(&workspace.stash(), &output, &["--job", "job", "--json"])
        .with_status(3);
    let printed: Value = finished.json();
    assert_eq!(printed, report(&output, "job"));
    assert_eq!(printed["state"], "incomplete");
}

#[test]
fn the_summary_ends_with_the_path_of_the_report() {
    let workspace = keys(&["a"]);
    let finished = REHOSE
        .run(
            &workspace.stash(),
            &workspace.path("out"),
            &["--job", "job"],
        )
        .with_status(0);
    let path = finished
        .out
        .lines()
        .last()
        .unwrap()
        .strip_prefix("report: ")
        .unwrap();
    let report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(report["job"], "job");
    for words in [
        ["job", "succeeded"],
        ["done", "1"],
        ["written as rows", "1"],
    ] {
        let is_row = |line: &str| words.iter().all(|word| line.contains(word));
        assert!(
            finished.out.lines().any(is_row),
            "no {words:?} in {}",
            finished.out
        );
    }
}

#[test]
fn a_run_without_a_name_makes_names_that_sort_by_time() {
    let workspace = keys(&["a"]);
    let job = || {
        let finished = REHOSE
            .run(&workspace.stash(), &workspace.path("out"), &["--json"])
            .with_status(0);
        finished.json()["job"].as_str().unwrap().to_owned()
    };
    let (first, second) = (job(), job());
    assert_ne!(first, second);
    let time = |job: &str| job.split_once('-').unwrap().0.to_owned();
    assert!(
        time(&first) <= time(&second),
        "{first} comes after {second}"
    );
}

#[test]
fn every_help_text_has_usage_exit_statuses_and_examples() {
    let all = finish(&mut REHOSE.command(["--help"])).with_status(0);
    for command in ["run", "cat", "table", "sample"] {
        assert!(all.out.contains(command), "{}", all.out);
        let help = finish(&mut REHOSE.command([command, "--help"]))
            .with_status(0)
            .out;
        for words in [
            "Usage: rehose ",
            "Exit status:",
            "Examples:",
            &format!("  rehose {command} "),
        ] {
            assert!(help.contains(words), "no {words:?} in {help}");
        }
    }
}

#[test]
fn the_examples_of_the_help_are_valid() {
    let help = finish(&mut REHOSE.command(["run", "--help"])).out;
    let example = help
        .lines()
        .find(|line| line.contains("--message-regex '"))
        .unwrap();
    let regex = example.split('\'').nth(1).unwrap();
    let workspace = messages(&["INFO it works"]);
    REHOSE
        .run(
            &workspace.stash(),
            &workspace.path("out"),
            &["--message-regex", regex],
        )
        .with_status(0);
    assert_eq!(rows(&workspace.path("out"), "one").len(), 2);
}
