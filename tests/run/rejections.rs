//! Events that fit no row are counted by reason, and too many of them end a run as rejected.

use rehose_testkit::output::{rejected, rows};
use rehose_testkit::stash::{FLOW, document, flow};
use rehose_tests::workspace::Workspace;
use serde_json::json;

use crate::REHOSE;
use crate::command::Finished;

/// Runs over one object with these messages.
fn run(messages: &[&str], options: &[&str]) -> (Workspace, Finished) {
    let workspace = Workspace::new();
    let events: Vec<_> = messages.iter().map(|message| (0, *message)).collect();
    workspace.put("one", document(&events).as_bytes());
    let finished = REHOSE.run(&workspace.stash(), &workspace.path("out"), options);
    (workspace, finished)
}

/// The default record and the next fields of AWS's list.
fn with_more(fields: &[&str]) -> String {
    format!("{FLOW} {}", fields.join(" "))
}

#[test]
fn more_rejected_events_than_allowed_are_an_outcome_of_their_own() {
    let good = [flow(1), flow(2), flow(3)];
    let messages = [&good[0], &good[1], &good[2], "no flow log"].map(|text| text as &str);
    for (allowed, status) in [("0", 4), ("24", 4), ("25", 0), ("100", 0)] {
        let (workspace, finished) = run(&messages, &["--max-rejected", allowed]);
        let finished = finished.with_status(status);
        assert_eq!(
            rows(&workspace.path("out"), "one").len(),
            1 + 3,
            "rows stay"
        );
        if status == 4 {
            assert!(finished.out.contains("rejected"), "{finished:#?}");
            let last = finished.last_line();
            assert!(
                last.contains("1 of 4 events") && last.contains("--max-rejected"),
                "{last}"
            );
        }
    }
}

#[test]
fn a_record_of_another_version_is_named_with_the_fields_to_use() {
    let version_5: Vec<_> = (0..15)
        .map(|i| if i == 3 || i == 14 { "1" } else { "x" })
        .collect();
    for (message, says) in [
        (
            with_more(&version_5),
            "all 2 events have 29 fields, and the record that was read has 14; version 5 has 29",
        ),
        (
            with_more(&["vpc-1", "subnet-1", "i-1", "19"]),
            "the first 18 documented fields, up to version 3, are as many",
        ),
        (["x"; 36].join(" "), "use --format tgw-flow-logs"),
    ] {
        let (_, finished) = run(&[&message, &message], &[]);
        let finished = finished.with_status(4);
        assert!(finished.err.contains(says), "{says}: {finished:#?}");
    }
    let (_, finished) = run(&[&with_more(&["vpc-1", "subnet-1", "i-1", "19"])], &[]);
    let (_, list) = finished.err.split_once("--fields '").unwrap();
    let (list, _) = list.split_once('\'').unwrap();
    let (workspace, again) = run(
        &[&with_more(&["vpc-1", "subnet-1", "i-1", "19"])],
        &["--fields", list],
    );
    again.with_status(0);
    assert_eq!(rows(&workspace.path("out"), "one").len(), 2);
}

#[test]
fn the_report_counts_rejections_by_kind_with_an_example() {
    let messages = ["a b", "c d", &flow(1).replace(" 443 ", " https "), &flow(2)];
    let (workspace, finished) = run(&messages, &["--json"]);
    let report = finished.with_status(4).json();
    assert_eq!(report["state"], "rejected");
    let kinds: Vec<_> = report["rejections"].as_array().unwrap().iter().collect();
    assert_eq!(kinds.len(), 2);
    assert_eq!(
        [&kinds[0]["reason"], &kinds[0]["detail"], &kinds[0]["count"]],
        [&json!("field-count"), &json!("2"), &json!(2)]
    );
    assert_eq!(kinds[0]["example"]["key"], "one");
    assert_eq!(kinds[1]["detail"], "srcport");
    let kept = rejected(&workspace.path("out"), "one");
    assert_eq!(kept[0]["log_group"], "flow-logs");
    assert_eq!(kept[0]["log_stream"], "eni-0-all");
    assert_eq!(kept[2]["detail"], "srcport");
}

#[test]
fn a_key_cannot_control_a_terminal() {
    let workspace = Workspace::new();
    workspace.put("a\x1b[2J\x07b", document(&[(0, "no flow log")]).as_bytes());
    workspace.put("c\x1b[2Jd", b"{");
    let finished = REHOSE.run(&workspace.stash(), &workspace.path("out"), &[]);
    let finished = finished.with_status(3);
    for text in [&finished.out, &finished.err] {
        assert!(!text.contains(['\x1b', '\x07']), "{text:?}");
    }
    for key in [r"a\u{1b}[2J\u{7}b", r"c\u{1b}[2Jd"] {
        assert!(finished.err.contains(key), "{finished:#?}");
    }
}
