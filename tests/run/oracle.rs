//! Compares every output with that of the oracle.

use std::collections::BTreeMap;
use std::fs;

use rehose_extract::Options;
use rehose_testkit::oracle::expect;
use rehose_testkit::oracle::stash::ExpectedOutput;
use rehose_testkit::output::{files, report};
use rehose_testkit::stash::{awkward, failures, sample};
use rehose_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::REHOSE;

const JOB: &str = "job";

#[test]
fn the_stash_of_the_repository_gives_the_output_of_the_oracle() {
    let workspace = Workspace::new();
    let (source, output) = (sample::folder(), workspace.path("out"));
    REHOSE.run(&source, &output, &["--job", JOB]).with_status(0);
    let expected = ExpectedOutput::of(&source, &workspace.path(""));
    assert_eq!(expected.failed, BTreeMap::new());
    assert!(expected.sum("rejected") > 0 && expected.sum("control") > 0);
    expected.check(&source, &output, JOB);
}

#[test]
fn a_stash_with_every_form_and_failure_gives_the_output_of_the_oracle() {
    let workspace = Workspace::sample_by(
        &REHOSE,
        &["--dialects", "--objects", "3", "--events", "400"],
    );
    for (key, object) in awkward() {
        workspace.put(&key, &object);
    }
    let good = workspace.path("good");
    REHOSE
        .run(
            &workspace.stash(),
            &good,
            &["--job", JOB, "--max-rejected", "100"],
        )
        .with_status(0);
    let expected = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    assert_eq!(expected.failed, BTreeMap::new());
    expected.check(&workspace.stash(), &good, JOB);

    let reasons: BTreeMap<String, String> = (failures().into_iter())
        .map(|(key, object, reason)| {
            workspace.put(&key, &object);
            (key, reason.to_owned())
        })
        .collect();
    let mixed = workspace.path("mixed");
    let finished = REHOSE
        .run(&workspace.stash(), &mixed, &["--job", JOB])
        .with_status(3);
    assert!(
        finished.last_line().contains("--mode missing"),
        "{finished:#?}"
    );
    let expected = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    assert_eq!(expected.failed, reasons);
    expected.check(&workspace.stash(), &mixed, JOB);
}

/// The tests of `rehose-extract` use the other oracle, which knows no reasons and not these limits.
#[test]
fn both_oracles_agree_on_every_form_and_failure() {
    const UNKNOWN_LIMITS: [&str; 2] = ["too-deep", "message-too-long"];
    let workspace = Workspace::new();
    for (key, object) in files(&sample::folder()).into_iter().chain(awkward()) {
        workspace.put(&key, &object);
    }
    for (key, object, _) in failures() {
        workspace.put(&key, &object);
    }
    let by_python = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    for (key, object) in files(&workspace.stash()) {
        let by_rust = expect(&Options::default(), &key, &object);
        let Some(expected) = by_python.done.get(&key) else {
            let reason = by_python.failed[&key].as_str();
            assert!(
                by_rust.is_none() || UNKNOWN_LIMITS.contains(&reason),
                "{key}"
            );
            continue;
        };
        let found = by_rust.unwrap_or_else(|| panic!("{key} is valid"));
        let rows: Vec<_> = found.csv.split_terminator('\n').collect();
        assert_eq!(json!(rows), expected["rows"], "{key}");
        let rejected = found.rejected_lines.lines();
        let rejected: Vec<Value> = rejected
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(json!(rejected), expected["rejected"], "{key}");
        let counts = [
            ("events", found.events),
            ("written", found.written),
            ("rejected", found.rejected),
            ("control", found.control),
        ];
        for (name, count) in counts {
            assert_eq!(json!(count), expected["counts"][name], "{name} of {key}");
        }
    }
}

#[test]
fn a_failure_says_which_object_which_reason_and_which_byte() {
    let workspace = Workspace::small();
    let mut object = fs::read(workspace.stash().join("one")).unwrap();
    object.extend_from_slice(b"garbage");
    workspace.put("two", &object);
    let finished = REHOSE
        .run(&workspace.stash(), &workspace.path("out"), &["--job", JOB])
        .with_status(3);
    let offset = format!("byte {} of the object", object.len() - "garbage".len());
    let line = finished
        .err
        .lines()
        .find(|line| line.contains("two: trailing-bytes"))
        .unwrap();
    assert!(line.contains(&offset), "{line}");
    let failures = &report(&workspace.path("out"), JOB)["failures"];
    assert!(
        failures[0]["detail"].as_str().unwrap().contains(&offset),
        "{failures}"
    );
}

#[test]
fn a_key_too_long_for_an_output_fails_only_its_object() {
    let workspace = Workspace::small();
    let object = fs::read(workspace.stash().join("one")).unwrap();
    let (fits, too_long) = ("n".repeat(255 - ".csv.gz".len()), "n".repeat(255));
    workspace.put(&fits, &object);
    workspace.put(&too_long, &object);
    REHOSE
        .run(&workspace.stash(), &workspace.path("out"), &["--job", JOB])
        .with_status(3);
    let report = report(&workspace.path("out"), JOB);
    assert_eq!(report["objects"]["done"], 2);
    assert_eq!(report["failures"][0]["key"], too_long);
    assert_eq!(report["failures"][0]["reason"], "invalid-key");
}
