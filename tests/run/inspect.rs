//! `rehose inspect` prints commands that work when they are pasted.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rehose_testkit::stash::{FLOW, document, gzip, sample};
use rehose_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::REHOSE;
use crate::command::{Finished, finish};

fn inspect(source: &Path, options: &[&str]) -> Finished {
    let mut command = REHOSE.command(["inspect"]);
    finish(command.arg(source).args(options))
}

/// Inspects a stash, and runs the commands that are printed. Returns what was found.
fn inspect_and_paste(source: &Path) -> Value {
    let found = inspect(source, &["--json"]).with_status(0).json();
    let printed = inspect(source, &[]).with_status(0).out;
    let folder = Workspace::new();
    for command in found["commands"].as_array().unwrap() {
        let command = command.as_str().unwrap();
        assert!(printed.lines().any(|line| line == command), "{printed}");
        let (_, arguments) = command.split_once(' ').unwrap();
        let script = format!("{} {arguments}", REHOSE.binary().display());
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder.path(""));
        finish(&mut shell).with_status(0);
    }
    assert!(folder.path("out/rehose.json").exists());
    found
}

fn stash(objects: &[(&str, Vec<u8>)]) -> Workspace {
    let workspace = Workspace::new();
    for (key, object) in objects {
        workspace.put(key, object);
    }
    workspace
}

fn command(found: &Value, place: usize) -> &str {
    found["commands"][place].as_str().unwrap()
}

#[test]
fn the_sample_stash_needs_no_option() {
    let found = inspect_and_paste(&sample::folder());
    assert_eq!(found["sample"]["objects"], 47);
    assert_eq!(found["keys"]["first"], "2020/02/01/00");
    assert!(command(&found, 0).ends_with(" out"), "{found}");
}

#[test]
fn objects_whose_header_is_not_known_are_left_out() {
    let header = "version,account-id,interface-id,srcaddr,dstaddr,colour";
    let lines = format!("{header}\n{FLOW}\n");
    let objects = [
        ("2020/02/01/00/good", gzip(document(&[(0, FLOW)]))),
        ("2020/02/01/00/new", lines.into_bytes()),
    ];
    let found = inspect_and_paste(&stash(&objects).stash());
    assert_eq!(found["sample"]["failed"][0]["key"], "2020/02/01/00/new");
    let reason = found["sample"]["failed"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("colour"), "{reason}");
}

#[test]
fn objects_that_hold_no_record_are_left_out_as_a_job_would_fail_them() {
    let objects = [
        ("2020/02/01/00/good", gzip(document(&[(0, FLOW)]))),
        ("2020/02/01/00/json", b"{\"a\":1}".to_vec()),
        ("2020/02/01/00/text", b"hello".to_vec()),
        ("2020/02/01/00/nothing", Vec::new()),
    ];
    let found = inspect_and_paste(&stash(&objects).stash());
    let failed = found["sample"]["failed"].as_array().unwrap();
    let keys: Vec<_> = failed.iter().map(|failed| &failed["key"]).collect();
    assert_eq!(keys, ["2020/02/01/00/json", "2020/02/01/00/text"]);
    assert_eq!(
        found["sample"]["dialects"],
        json!({"cloudwatch": 1, "no text": 1})
    );
}

#[test]
fn messages_that_begin_like_a_header_are_messages() {
    for text in [
        "start worker 1\nstop worker 1\n",
        "INFO action done\nWARN version old\n",
        "start,end,user\n1,2,3\n",
    ] {
        let found = inspect_and_paste(&stash(&[("2020/02/01/00/x", text.into())]).stash());
        assert!(command(&found, 0).ends_with("--format message"), "{found}");
    }
}

#[test]
fn an_object_of_a_header_alone_and_one_that_is_gone() {
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
                  end action log-status vpc-id\n";
    let workspace = stash(&[
        (
            "2020/02/01/00/a",
            format!("{header}{FLOW} vpc-1\n").into_bytes(),
        ),
        ("2020/02/01/00/header", header.into()),
    ]);
    symlink("nowhere", workspace.stash().join("2020/02/01/00/link")).unwrap();
    let found = inspect_and_paste(&workspace.stash());
    let failed = found["sample"]["failed"].as_array().unwrap();
    let keys: Vec<_> = failed.iter().map(|failed| &failed["key"]).collect();
    assert_eq!(keys, ["2020/02/01/00/link"]);
}

#[test]
fn an_output_is_no_stash() {
    let workspace = Workspace::small();
    let output = workspace.path("out");
    REHOSE.run(&workspace.stash(), &output, &[]).with_status(0);
    let refused = inspect(&output, &[]).with_status(1);
    assert!(
        refused.last_line().contains("is an output of rehose"),
        "{refused:#?}"
    );
}

#[test]
fn records_log_groups_and_failures_become_options() {
    let more = format!("{FLOW} vpc-1 subnet-1 i-1 19 IPv4 10.0.0.4 10.0.0.5");
    let app = document(&[(0, "a word"), (1, "and another")]).replace("flow-logs", "it's/app");
    let objects = [
        (
            "logs/2020/02/01/00/two",
            gzip(document(&[(0, FLOW), (1, &more)])),
        ),
        ("logs/2020/02/02/05/app", gzip(app)),
        (
            "logs/2020/02/02/05/table",
            b"PAR1\x15\x04\x15\x10PAR1".to_vec(),
        ),
        ("processing-failed/x", b"{}".to_vec()),
    ];
    let found = inspect_and_paste(&stash(&objects).stash());
    let run = command(&found, 0);
    assert_eq!(run.matches("--fields").count(), 2, "{run}");
    assert!(run.contains("--log-group 'flow-logs'"), "{run}");
    assert!(
        run.contains("--exclude 'logs/2020/02/02/05/table'"),
        "{run}"
    );
    assert!(command(&found, 1).contains("--prefix 'logs/'"), "{found}");
    assert_eq!(found["keys"]["last"], "2020/02/02/05");
    assert_eq!(found["sample"]["error_records"]["processing-failed"], 1);
    let failed = &found["sample"]["failed"][0];
    assert!(
        failed["reason"].as_str().unwrap().contains("Parquet"),
        "{failed}"
    );
}

#[test]
fn other_messages_and_other_layouts_are_told() {
    let line = "hello there\n";
    let found = inspect_and_paste(&stash(&[("year=2020/month=02/day=01/x", line.into())]).stash());
    assert!(command(&found, 0).ends_with("--format message"), "{found}");
    assert!(
        command(&found, 1).contains("--layout 'year={yyyy}/month={MM}/day={dd}'"),
        "{found}"
    );

    let native = format!(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
         end action log-status\n{FLOW}\n"
    );
    let key = "AWSLogs/123456789012/vpcflowlogs/eu-central-1/2020/02/01/x.log.gz";
    let found = inspect_and_paste(&stash(&[(key, gzip(native))]).stash());
    assert!(command(&found, 0).ends_with(" out"), "{found}");
    assert!(
        command(&found, 1).contains("{account}/vpcflowlogs/{aws_region}/{yyyy}"),
        "{found}"
    );
}

#[test]
fn many_rejections_are_accepted_and_said() {
    let object = document(&[(0, FLOW), (1, "a b"), (2, "c d")]);
    let found = inspect_and_paste(&stash(&[("x", object.into())]).stash());
    assert!(command(&found, 0).contains("--max-rejected 72"), "{found}");
    let notes = found["notes"].to_string();
    assert!(
        notes.contains("67 percent") && notes.contains("no time"),
        "{notes}"
    );
}

#[test]
fn a_sample_is_a_part_of_the_stash() {
    let objects: Vec<(String, Vec<u8>)> = (0..50)
        .map(|i| (format!("2020/02/01/00/{i}"), gzip(document(&[(i, FLOW)]))))
        .collect();
    let workspace = Workspace::new();
    for (key, object) in &objects {
        workspace.put(key, object);
    }
    let found = inspect(&workspace.stash(), &["--json", "--objects", "7"])
        .with_status(0)
        .json();
    assert_eq!(
        (&found["sample"]["objects"], &found["sample"]["read"]),
        (&50.into(), &7.into())
    );
}

#[test]
fn a_stash_that_is_missing_or_empty_is_an_error() {
    let workspace = Workspace::new();
    let missing = inspect(&workspace.path("missing"), &[]).with_status(1);
    assert!(
        missing.last_line().contains("does not exist"),
        "{missing:#?}"
    );
    std::fs::create_dir_all(workspace.stash()).unwrap();
    let empty = inspect(&workspace.stash(), &[]).with_status(1);
    assert!(
        empty.last_line().contains("no object has a key"),
        "{empty:#?}"
    );
}
