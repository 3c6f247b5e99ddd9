//! `rehose report` reads only the ledger, so a folder is enough.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::REHOSE;
use crate::command::{Finished, finish};
use crate::stack::good;

/// A folder with the job `mine` over these objects, run by `rehose run`.
fn job(objects: &[(String, &str)], status: i32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let stash = folder.path().join("stash");
    for (key, body) in objects {
        let path = stash.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }
    REHOSE
        .run(&stash, &folder.path().join("out"), &["--job", "mine"])
        .with_status(status);
    folder
}

fn report(folder: &Path, args: &[&str]) -> Finished {
    let mut command = REHOSE.command(["report", "mine"]);
    finish(command.args(args).arg("--output").arg(folder.join("out")))
}

#[test]
fn only_reports_are_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["status", "mine"][..],
        &["retry", "mine"],
        &["stop", "mine"],
        &["jobs"],
        &["start", "prefix/"],
    ] {
        let mut command = REHOSE.command(args);
        let refused = finish(command.arg("--output").arg(folder.path())).with_status(2);
        let words = format!("`rehose report JOB --output {}`", folder.path().display());
        assert!(refused.last_line().contains(&words), "{refused:#?}");
    }
}

#[test]
fn all_failures_are_listed_also_those_beyond_the_first_thousand() {
    let objects: Vec<_> = (0..1_050)
        .map(|i| (format!("object-{i:04}"), "{"))
        .collect();
    let folder = job(&objects, 3);
    let stored = report(folder.path(), &["--json"]).with_status(0).json();
    assert_eq!(stored["failures"].as_array().unwrap().len(), 1_000);

    let finished = report(folder.path(), &["--failures"]).with_status(0);
    assert_eq!(finished.err, "");
    let keys: Vec<_> = finished
        .out
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    let expected: Vec<_> = objects.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, expected);

    let finished = report(folder.path(), &["--failures", "--json"]).with_status(0);
    let lines: Vec<Value> = (finished.out.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1_050);
    assert_eq!(lines[..1_000], stored["failures"].as_array().unwrap()[..]);
}

#[test]
fn a_failure_stays_one_line_whatever_its_key() {
    let key = "a\tb\\c\nd".to_owned();
    let folder = job(&[(key, "{"), ("good".to_owned(), &good())], 3);
    let finished = report(folder.path(), &["--failures"]).with_status(0);
    let fields: Vec<_> = finished.out.trim_end().split('\t').collect();
    assert_eq!(fields[..2], [r"a\tb\\c\nd", "cut-json"]);
    assert_eq!(fields.len(), 3);
}

#[test]
fn the_summary_is_that_of_the_run_and_says_what_to_do_next() {
    let folder = job(&[("bad".to_owned(), "{"), ("good".to_owned(), &good())], 3);
    let shown = report(folder.path(), &[]).with_status(0);
    assert!(shown.out.contains("incomplete"), "{shown:?}");
    assert!(shown.err.contains("rehose: bad: cut-json"), "{shown:?}");
    assert!(
        shown
            .last_line()
            .contains("`rehose run` with --mode missing"),
        "{shown:?}"
    );

    let folder = job(&[("good".to_owned(), &good())], 0);
    let shown = report(folder.path(), &[]).with_status(0);
    assert_eq!(shown.err, "");
    assert_eq!(
        report(folder.path(), &["--failures"]).with_status(0).out,
        ""
    );
}

#[test]
fn a_job_that_is_not_there_is_named() {
    let folder = job(&[("good".to_owned(), &good())], 0);
    let mut command = REHOSE.command(["report", "nobody", "--output"]);
    let refused = finish(command.arg(folder.path().join("out"))).with_status(2);
    let said = refused.last_line();
    assert!(
        said.contains("there is no job nobody; the folders under jobs/"),
        "{refused:?}"
    );
}
