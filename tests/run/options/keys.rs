//! Which objects are read.

use std::fs::File;
use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn a_prefix_selects_the_keys_with_it() {
    let workspace = keys(&["2020/01/a", "2020/02/b", "2020/021", "2021/02/c"]);
    let finished = REHOSE.run(
        &workspace.stash(),
        &workspace.path("out"),
        &["--prefix", "2020/02", "--json"],
    );
    let report = finished.with_status(0).json();
    assert_eq!(written(&workspace), ["2020/02/b", "2020/021"]);
    assert_eq!(report["objects"]["listed"], 2);
    assert!(
        report["source"]
            .as_str()
            .unwrap()
            .ends_with("stash/2020/02"),
        "{report}"
    );
}

#[test]
fn the_mode_missing_selects_objects_without_output() {
    let workspace = keys(&["a", "b", "c"]);
    let output = workspace.path("out");
    REHOSE
        .run(&workspace.stash(), &output, &["--prefix", "b"])
        .with_status(0);
    let there = fs::metadata(output.join("csv/b.csv.gz"))
        .unwrap()
        .modified()
        .unwrap();
    let finished = REHOSE
        .run(
            &workspace.stash(),
            &output,
            &["--mode", "missing", "--json"],
        )
        .with_status(0);
    let objects = &finished.json()["objects"];
    assert_eq!(objects["listed"], 3);
    assert_eq!(objects["present"], 1);
    assert_eq!(objects["done"], 2);
    assert_eq!(written(&workspace), ["a", "b", "c"]);
    let now = fs::metadata(output.join("csv/b.csv.gz"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(there, now, "what was there has been written again");
}

#[test]
fn the_mode_missing_completes_a_job_after_its_objects_are_fixed() {
    let workspace = keys(&["a", "b"]);
    let output = workspace.path("out");
    let good = fs::read(workspace.stash().join("a")).unwrap();
    workspace.put("a", &good[..20]);
    let finished = REHOSE
        .run(&workspace.stash(), &output, &["--job", "first"])
        .with_status(3);
    assert!(
        finished.last_line().contains("--mode missing"),
        "{finished:#?}"
    );
    workspace.put("a", &good);
    REHOSE
        .run(
            &workspace.stash(),
            &output,
            &["--job", "second", "--mode", "missing"],
        )
        .with_status(0);
    let objects = &report(&output, "second")["objects"];
    assert_eq!(
        (&objects["present"], &objects["done"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(written(&workspace), ["a", "b"]);
}

#[test]
fn the_mode_missing_replaces_rows_of_an_object_that_has_changed_since() {
    let workspace = keys(&["a", "b"]);
    let output = workspace.path("out");
    let run = |job: &str, mode: &str| {
        REHOSE.run(
            &workspace.stash(),
            &output,
            &["--job", job, "--mode", mode, "--json"],
        )
    };
    run("first", "all").with_status(0);
    let before = rows(&output, "a");
    let message = FLOW.replace("ACCEPT", "REJECT");
    let changed = gzip(envelope(&[event(1, &message)]));
    // Its upload is not whole, and fails; the rows of before stay.
    workspace.put("a", &changed[..20]);
    run("second", "all").with_status(3);
    assert_eq!(rows(&output, "a"), before);
    workspace.put("a", &changed);
    let report = run("third", "missing").with_status(0).json();
    assert_eq!(
        (&report["objects"]["present"], &report["objects"]["done"]),
        (&json!(1), &json!(1))
    );
    assert!(rows(&output, "a")[1].contains("REJECT"));
}

#[test]
fn the_mode_missing_sees_a_copy_that_keeps_its_time() {
    let workspace = keys(&["a"]);
    let output = workspace.path("out");
    let copy = workspace.path("copy");
    let message = FLOW.replace("ACCEPT", "REJECT");
    fs::write(&copy, gzip(envelope(&[event(1, &message)]))).unwrap();
    let before = SystemTime::now() - Duration::from_secs(3600);
    File::options()
        .write(true)
        .open(&copy)
        .unwrap()
        .set_modified(before)
        .unwrap();
    REHOSE.run(&workspace.stash(), &output, &[]).with_status(0);
    fs::rename(&copy, workspace.stash().join("a")).unwrap();
    REHOSE
        .run(&workspace.stash(), &output, &["--mode", "missing"])
        .with_status(0);
    assert!(rows(&output, "a")[1].contains("REJECT"));
}

#[test]
fn excluded_keys_are_counted_and_skipped() {
    let workspace = keys(&["a/keep", "a/drop.tmp", "b/c/drop.tmp", "drop/this"]);
    let options = ["--exclude", "*.tmp", "--exclude", "drop/*", "--json"];
    let finished = REHOSE
        .run(&workspace.stash(), &workspace.path("out"), &options)
        .with_status(0);
    assert_eq!(written(&workspace), ["a/keep"]);
    assert_eq!(finished.json()["objects"]["excluded"], 3);
}

#[test]
fn folders_of_undelivered_records_are_skipped() {
    let workspace = keys(&[
        "2020/a",
        "processing-failed-not-a-folder",
        "errors/http-endpoint/b",
    ]);
    let undelivered = [
        "processing-failed/2020/a",
        "errors/processing-failed/2020/b",
        "format-conversion-failed/c",
        "splunk-failed/d",
    ];
    for key in undelivered {
        workspace.put(key, b"not an envelope");
    }
    let finished = REHOSE
        .run(&workspace.stash(), &workspace.path("out"), &["--json"])
        .with_status(0);
    assert_eq!(finished.json()["objects"]["excluded"], undelivered.len());
    assert_eq!(written(&workspace).len(), 3);
}
