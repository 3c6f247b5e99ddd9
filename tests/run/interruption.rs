//! A run that is killed or interrupted can be continued.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use rehose_testkit::output::{Files, assert_same, files, timeless};
use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::{Finished, finish, signal, start, wait_until};

/// More than one page of objects, and some large ones: long enough to be killed in every phase.
fn long_job() -> Workspace {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "1200", "--events", "60"]);
    let large = workspace.path("stash/large");
    let options = ["--objects", "6", "--events", "4000", "--seed", "1"];
    REHOSE.sample(&large, &options);
    workspace
}

fn job(workspace: &Workspace, output: &Path) -> Command {
    let mut command = REHOSE.command(["run"]);
    command
        .arg(workspace.stash())
        .arg(output)
        .args(["--job", "job"]);
    command
}

/// Asserts that the files of an unfinished run are some of the files of a finished one. Ignores the
/// folder of unfinished files.
fn assert_part(part: &Files, whole: &Files) {
    for (path, content) in part.iter().filter(|(path, _)| !path.starts_with(".rehose")) {
        if path.ends_with('/') {
            continue;
        }
        let whole = whole
            .get(path)
            .unwrap_or_else(|| panic!("{path} should not be there"));
        assert!(content == whole, "{path} is not as it should be");
    }
}

fn count(folder: &Path) -> usize {
    folder.read_dir().map_or(0, Iterator::count)
}

fn has_receipt(output: &Path) -> bool {
    count(&output.join("jobs/job/receipts")) > 0
}

/// The number of files in a job's ledger: the definition, the plan and the receipts.
fn ledger_entries(output: &Path) -> usize {
    let job = output.join("jobs/job");
    count(&job) + count(&job.join("manifest")) + count(&job.join("receipts"))
}

/// Kills a run when its ledger has this many entries, and returns whether it was still running. A time
/// would not do: a busy machine would not have got as far.
fn is_killed_at(entries: usize, mut child: Child, output: &Path) -> bool {
    wait_until("entries in the ledger, or the end", || {
        ledger_entries(output) >= entries || child.try_wait().unwrap().is_some()
    });
    child.kill().unwrap();
    child.wait().unwrap().signal().is_some()
}

/// Whether every thread of a process is stopped. A signal stops them one after another.
fn stands_still(child: &Child) -> bool {
    let threads = Path::new("/proc").join(child.id().to_string()).join("task");
    threads.read_dir().unwrap().all(|thread| {
        #[allow(
            clippy::disallowed_methods,
            reason = "a file of the kernel, of one line"
        )]
        let stat = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
        stat.contains(") T ")
    })
}

fn ended(child: Child) -> Finished {
    child.wait_with_output().unwrap().into()
}

#[test]
fn killed_at_any_moment_it_continues_and_leaves_the_same_bytes() {
    let workspace = long_job();
    let whole = workspace.path("whole");
    finish(&mut job(&workspace, &whole)).with_status(0);
    let all = ledger_entries(&whole);
    let whole = timeless(&whole);

    const MOMENTS: usize = 8;
    let mut stages = BTreeSet::new();
    for moment in 0..MOMENTS {
        let output = workspace.path(format!("killed-{moment}"));
        let child = start(&mut job(&workspace, &output));
        if is_killed_at(1 + all * moment / MOMENTS, child, &output) {
            let left = timeless(&output);
            assert_part(&left, &whole);
            stages.insert(left.len());
        }
        finish(&mut job(&workspace, &output)).with_status(0);
        assert_same(
            &whole,
            &timeless(&output),
            &format!("killed at moment {moment}"),
        );
    }
    assert!(
        stages.len() > 2,
        "the kills came at too few stages: {stages:?}"
    );
}

#[test]
fn killed_again_and_again_it_ends_with_the_same_bytes() {
    let workspace = long_job();
    let whole = workspace.path("whole");
    finish(&mut job(&workspace, &whole)).with_status(0);

    let output = workspace.path("killed");
    let mut kills = 0;
    // Each run gets further than the one before.
    while is_killed_at(
        7 * (kills + 1),
        start(&mut job(&workspace, &output)),
        &output,
    ) {
        kills += 1;
    }
    assert!(kills > 0, "it was never killed");
    finish(&mut job(&workspace, &output)).with_status(0);
    assert_same(
        &timeless(&whole),
        &timeless(&output),
        &format!("killed {kills} times"),
    );
}

#[test]
fn interrupted_it_names_the_job_to_continue() {
    let workspace = long_job();
    let (whole, output) = (workspace.path("whole"), workspace.path("out"));
    finish(&mut job(&workspace, &whole)).with_status(0);

    let child = start(&mut job(&workspace, &output));
    wait_until("a receipt", || has_receipt(&output));
    signal(&child, "INT");
    let interrupted = ended(child).with_status(1);
    assert!(
        interrupted.last_line().contains("--job job"),
        "{interrupted:#?}"
    );
    assert!(
        !output.join("jobs/job/report.json").exists(),
        "it ended before it was interrupted"
    );
    assert_part(&timeless(&output), &timeless(&whole));

    finish(&mut job(&workspace, &output)).with_status(0);
    assert_same(
        &timeless(&whole),
        &timeless(&output),
        "after an interruption",
    );
}

#[test]
fn a_job_that_has_ended_says_so() {
    let workspace = Workspace::small();
    let output = workspace.path("out");
    let run = || REHOSE.run(&workspace.stash(), &output, &["--job", "job"]);
    assert_eq!(run().with_status(0).err, "");
    let again = run().with_status(0);
    assert!(
        again.err.contains("the job job had ended before"),
        "{again:#?}"
    );
}

#[test]
fn interrupted_without_a_name_it_continues_with_the_printed_name() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "400", "--events", "60"]);
    let output = workspace.path("out");
    let child = start(REHOSE.command(["run"]).arg(workspace.stash()).arg(&output));
    wait_until("an output", || output.join("csv").exists());
    signal(&child, "INT");
    let finished = ended(child).with_status(1);
    let (_, job) = finished.last_line().split_once("--job ").unwrap();
    let job = job.split(' ').next().unwrap();
    REHOSE
        .run(&workspace.stash(), &output, &["--job", job])
        .with_status(0);
    let jobs: Vec<_> = output.join("jobs").read_dir().unwrap().collect();
    assert_eq!(jobs.len(), 1, "it is one job: {jobs:?}");
}

#[test]
fn a_second_run_on_the_same_output_is_refused_and_does_no_harm() {
    let workspace = long_job();
    let output = workspace.path("out");
    let first = start(&mut job(&workspace, &output));
    wait_until("a receipt", || has_receipt(&output));
    signal(&first, "STOP");
    wait_until("every thread to stand still", || stands_still(&first));
    let before = files(&output);
    let second = REHOSE.run(&workspace.stash(), &output, &["--job", "other"]);
    let after = files(&output);
    signal(&first, "CONT");
    let second = second.with_status(1);
    assert!(
        second.last_line().contains("another rehose is at work"),
        "{second:#?}"
    );
    assert_eq!(second.err.lines().count(), 1, "{second:#?}");
    assert_same(&before, &after, "the second run");
    ended(first).with_status(0);
    assert!(!output.join("jobs/other").exists());
}

#[test]
fn without_a_terminal_progress_is_plain_lines() {
    let workspace = long_job();
    let output = workspace.path("out");
    let child = start(&mut job(&workspace, &output));
    wait_until("a receipt", || has_receipt(&output));
    signal(&child, "STOP");
    // A line is due after five seconds. Time also passes while the process is stopped.
    sleep(Duration::from_millis(5_100));
    signal(&child, "CONT");
    let finished = ended(child).with_status(0);
    let line = finished.err.lines().next().unwrap();
    assert!(
        line.contains("/1,206 objects  ") && line.contains("rows/s"),
        "{finished:#?}"
    );
    assert!(!finished.err.contains(['\r', '\x1b']), "{finished:#?}");
}
