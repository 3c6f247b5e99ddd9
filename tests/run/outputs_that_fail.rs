//! An output that cannot be written ends the run. A second run continues when it can be written.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rehose_testkit::output::{Files, assert_same, files, timeless};
use rehose_tests::workspace::Workspace;
use serde_json::Value;

use crate::REHOSE;
use crate::command::{finish, powerless};

/// Asserts that each receipt is complete, and that the objects that it lists as done have rows.
fn assert_consistent(left: &Files, whole: &Files) {
    for (path, content) in left {
        assert!(
            path.ends_with('/') || whole.get(path) == Some(content),
            "{path} is not whole"
        );
        if path.contains("/receipts/") && !path.ends_with('/') {
            let receipt: Value = serde_json::from_slice(content).unwrap();
            for object in receipt["objects"].as_array().unwrap() {
                assert_eq!(object["outcome"], "done");
                let rows = format!("csv/{}.csv.gz", object["key"].as_str().unwrap());
                assert!(left.contains_key(&rows), "{rows} is missing");
            }
        }
    }
}

/// Runs a job on a disk that is too small, then on the same disk after it was made larger. The disk
/// exists only in a mount namespace, so its content is copied after each run.
const ON_A_SMALL_DISK: &str = r#"
    rehose=$1 stash=$2 workspace=$3
    mount -t tmpfs -o size=300k none "$workspace/out" || exit 99
    "$rehose" run "$stash" "$workspace/out" --job job --concurrency 2 2> "$workspace/first.err"
    echo $?
    cp -a "$workspace/out" "$workspace/first"
    mount -o remount,size=64m none "$workspace/out" || exit 99
    "$rehose" run "$stash" "$workspace/out" --job job --concurrency 2 > /dev/null
    echo $?
    cp -a "$workspace/out" "$workspace/second"
"#;

#[test]
fn a_full_disk_ends_the_run_and_the_next_run_continues() {
    let namespace = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--mount"]);
        unshare
    };
    if !namespace()
        .arg("true")
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("skipped: this user may not make a mount namespace, so there is no small disk");
        return;
    }
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "80", "--events", "500"]);
    REHOSE
        .run(
            &workspace.stash(),
            &workspace.path("whole"),
            &["--job", "job"],
        )
        .with_status(0);
    let whole = timeless(&workspace.path("whole"));

    fs::create_dir(workspace.path("out")).unwrap();
    let finished = finish(
        (namespace()
            .args(["sh", "-c", ON_A_SMALL_DISK, "sh"])
            .arg(REHOSE.binary()))
        .arg(workspace.stash())
        .arg(workspace.path("")),
    );
    let finished = finished.with_status(0);
    assert_eq!(finished.out, "1\n0\n", "{finished:#?}");
    let errors = fs::read_to_string(workspace.path("first.err")).unwrap();
    let last = errors.lines().last().unwrap();
    assert!(
        last.contains("out/csv/") || last.contains("out/jobs/job/"),
        "{errors}"
    );
    assert!(
        last.contains("No space left") && last.contains("--job job"),
        "{errors}"
    );

    let left = timeless(&workspace.path("first"));
    assert!(
        left.keys().any(|path| path.starts_with("csv/")),
        "it was full at once: {left:#?}"
    );
    assert_consistent(&left, &whole);
    assert_same(
        &whole,
        &timeless(&workspace.path("second")),
        "after there was room",
    );
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "1", "--events", "50"]);
    let output = workspace.path("out");
    let (stash, out) = (workspace.stash(), output.to_str().unwrap());
    let stash = stash.to_str().unwrap();
    for arguments in [
        &["run", stash, out, "--job", "job"][..],
        &["run", stash, out, "--json"],
        &["report", "job", "--output", out, "--json"],
        &["table", "--location", "s3://bucket"],
        &["inspect", stash],
        &["completions", "bash"],
        &["cat", out],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = REHOSE.command(arguments).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("No space left"), "{arguments:?}: {said}");
    }
}

/// Runs a job while a folder of the output is read-only, and again while it is writable.
#[track_caller]
fn fails_while_closed(folder: &str) {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "4", "--events", "50"]);
    let whole = workspace.path("whole");
    REHOSE
        .run(&workspace.stash(), &whole, &["--job", "job"])
        .with_status(0);
    let (output, closed) = (workspace.path("out"), workspace.path("out").join(folder));
    fs::create_dir_all(&closed).unwrap();
    let allow = |folder: &Path, mode| fs::set_permissions(folder, Permissions::from_mode(mode));

    allow(&closed, 0o555).unwrap();
    let mut command = REHOSE.command(["run"]);
    command
        .arg(workspace.stash())
        .arg(&output)
        .args(["--job", "job"]);
    let finished = finish(&mut powerless(&command));
    allow(&closed, 0o755).unwrap();
    let finished = finished.with_status(1);
    let named = format!("out/{folder}");
    assert!(
        finished.last_line().contains(named.trim_end_matches('/')),
        "{finished:#?}"
    );
    assert!(
        finished.last_line().contains("Permission denied"),
        "{finished:#?}"
    );
    assert!(
        finished.last_line().contains("--job job to continue"),
        "{finished:#?}"
    );
    assert_consistent(&files_of_jobs(&output), &files_of_jobs(&whole));

    REHOSE
        .run(&workspace.stash(), &output, &["--job", "job"])
        .with_status(0);
    assert_same(&timeless(&whole), &timeless(&output), "after it was opened");
}

fn files_of_jobs(output: &Path) -> Files {
    timeless(output)
        .into_iter()
        .filter(|(path, _)| !path.ends_with('/'))
        .collect()
}

#[test]
fn an_output_that_may_not_be_written_ends_the_run() {
    fails_while_closed("");
}

#[test]
fn a_folder_of_rows_that_may_not_be_written_ends_the_run() {
    fails_while_closed("csv/2020");
}

#[test]
fn a_ledger_that_may_not_be_written_ends_the_run() {
    fails_while_closed("jobs/job/receipts");
}

#[test]
fn an_object_that_may_not_be_read_fails_alone() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "2", "--events", "50"]);
    let closed = workspace.stash().join("closed");
    fs::write(&closed, "").unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    let mut command = REHOSE.command(["run"]);
    command
        .arg(workspace.stash())
        .arg(workspace.path("out"))
        .arg("--json");
    let finished = finish(&mut powerless(&command)).with_status(3);
    let report = finished.json();
    assert_eq!(report["objects"]["done"], 2);
    assert_eq!(report["failures"][0]["key"], "closed");
    assert_eq!(report["failures"][0]["reason"], "denied");
    assert!(!files(&workspace.path("out")).contains_key("csv/closed.csv.gz"));
}
