//! Stashes that people have besides envelopes of flow logs, from the command line to the rows.

use std::os::unix::fs::symlink;

use rehose_testkit::output::{files, rows};
use rehose_testkit::stash::{FLOW, document, flow, gzip};
use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::Finished;

fn run(objects: &[(&str, Vec<u8>)], options: &[&str]) -> (Workspace, Finished) {
    let workspace = Workspace::new();
    for (key, object) in objects {
        workspace.put(key, object);
    }
    let finished = REHOSE.run(&workspace.stash(), &workspace.path("out"), options);
    (workspace, finished)
}

#[test]
fn objects_of_every_dialect_in_one_stash_need_no_option() {
    let objects = [
        ("envelopes", gzip(document(&[(0, FLOW)]))),
        ("lines", gzip(format!("{FLOW}\n"))),
        (
            "native",
            gzip(format!(
                "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                 bytes start end action log-status\n{FLOW}\n"
            )),
        ),
        ("export", gzip(format!("1970-01-01T00:00:00.000Z {FLOW}\n"))),
        ("json", gzip(format!(r#"{{"message":"{FLOW}"}}"#))),
    ];
    let (workspace, finished) = run(&objects, &[]);
    finished.with_status(0);
    let expected = format!("1970-01-01T00:00:00.000Z,{}", FLOW.replace(' ', ","));
    for (key, _) in &objects {
        assert_eq!(
            &rows(&workspace.path("out"), key)[1..],
            std::slice::from_ref(&expected),
            "{key}"
        );
    }
}

#[test]
fn records_that_firehose_could_not_deliver_are_skipped_and_said_so() {
    let objects = [
        ("2020/good", document(&[(0, &flow(1))]).into_bytes()),
        (
            "processing-failed/2020/bad",
            document(&[(0, &flow(2))]).into_bytes(),
        ),
        (
            "order-processing-failed/2020/good",
            document(&[(0, &flow(3))]).into_bytes(),
        ),
        (
            "export/aws-logs-write-test",
            b"Permission Check Successful".to_vec(),
        ),
    ];
    let written = |options: &[&str]| {
        let (workspace, finished) = run(&objects, options);
        let keys: Vec<_> = files(&workspace.path("out"))
            .into_keys()
            .filter(|key| key.starts_with("csv/"))
            .collect();
        (keys, finished.with_status(0).err)
    };
    let (keys, said) = written(&[]);
    assert_eq!(
        keys,
        [
            "csv/2020/good.csv.gz",
            "csv/order-processing-failed/2020/good.csv.gz"
        ]
    );
    assert!(
        said.contains("left out 1 object that Firehose could not deliver"),
        "{said}"
    );
    assert!(
        said.contains("1 in processing-failed/") && said.contains("--errors too"),
        "{said}"
    );
    assert_eq!(written(&["--errors", "too"]).0.len(), 3);
    let (keys, said) = written(&["--errors", "only"]);
    assert_eq!(keys, ["csv/processing-failed/2020/bad.csv.gz"]);
    assert!(!said.contains("Firehose"), "{said}");
}

#[test]
fn a_log_group_is_read_alone() {
    let app = document(&[(
        0,
        "2 jobs of the queue were started and all but one of them failed",
    )]);
    let object = [document(&[(0, FLOW)]), app.replace("flow-logs", "app")].concat();
    let (workspace, finished) = run(
        &[("one", object.into_bytes())],
        &["--log-group", "flow*", "--json"],
    );
    let report = finished.with_status(0).json();
    assert_eq!(
        (&report["rows"]["written"], &report["rows"]["filtered"]),
        (&1.into(), &1.into())
    );
    assert_eq!(rows(&workspace.path("out"), "one").len(), 2);
}

#[test]
fn a_log_group_without_any_event_is_noted() {
    let object = document(&[(0, FLOW), (1, FLOW)]).into_bytes();
    for filter in [["--log-group", "flwo*"], ["--owner", "111111111111"]] {
        let (_, finished) = run(&[("one", object.clone())], &filter);
        let said = finished.with_status(0).err;
        assert!(
            said.contains("none of 2 events is of the log groups and the account"),
            "{said}"
        );
    }
}

#[test]
fn a_link_that_leads_nowhere_fails_alone() {
    let workspace = Workspace::new();
    workspace.put("one", document(&[(0, FLOW)]).as_bytes());
    symlink("nowhere", workspace.stash().join("two")).unwrap();
    let run = |output: &str, options: &[&str]| {
        REHOSE.run(&workspace.stash(), &workspace.path(output), options)
    };
    let finished = run("out", &[]).with_status(3);
    assert!(
        finished.err.contains("rehose: two: gone: "),
        "{finished:#?}"
    );
    assert_eq!(rows(&workspace.path("out"), "one").len(), 2);
    run("other", &["--exclude", "two"]).with_status(0);
}

#[test]
fn the_regex_of_the_help_matches_messages_that_end_in_a_line_break() {
    let help = crate::command::finish(&mut REHOSE.command(["run", "--help"])).out;
    let (_, regex) = help.split_once("--message-regex '").unwrap();
    let (regex, _) = regex.split_once('\'').unwrap();
    let object = document(&[
        (0, "INFO started\n"),
        (1, "WARN slow\r\n"),
        (2, "ERROR a\nb\n"),
    ]);
    let (workspace, finished) = run(&[("one", object.into_bytes())], &["--message-regex", regex]);
    finished.with_status(0);
    assert_eq!(
        rows(&workspace.path("out"), "one")[1..],
        [
            r"1970-01-01T00:00:00.000Z,INFO,started\n",
            r"1970-01-01T00:00:00.001Z,WARN,slow\r\n",
            r"1970-01-01T00:00:00.002Z,ERROR,a\nb\n",
        ]
    );
}
