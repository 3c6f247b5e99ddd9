//! Every output against a second implementation that shares nothing with the first.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{run, said};
use crate::output::{files, lines, report};
use crate::stash::{Place, awkward, data, failures};

const JOB: &str = "job";

/// What the oracle makes of a stash.
struct Expected {
    done: BTreeMap<String, Value>,
    failed: BTreeMap<String, String>,
}

impl Expected {
    fn of(source: &Path, place: &Place) -> Self {
        let answer = place.path("expected.json");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle.py");
        said(Command::new("python3").arg(script).arg(source).arg(&answer)).with_status(0);
        let mut answer: Value = serde_json::from_slice(&fs::read(answer).unwrap()).unwrap();
        Self {
            done: serde_json::from_value(answer["done"].take()).unwrap(),
            failed: serde_json::from_value(answer["failed"].take()).unwrap(),
        }
    }

    fn sum(&self, count: &str) -> u64 {
        self.done
            .values()
            .map(|object| object["counts"][count].as_u64().unwrap())
            .sum()
    }

    /// Makes sure that an output holds exactly this, and that the report says so.
    #[track_caller]
    fn check(&self, source: &Path, output: &Path) {
        let mut files = files(output);
        for (key, expected) in &self.done {
            let csv = files.remove(&format!("csv/{key}.csv.gz"));
            let rows = lines(&csv.unwrap_or_else(|| panic!("{key} has no rows")));
            assert_eq!(json!(rows), expected["rows"], "the rows of {key}");
            let rejected = files.remove(&format!("rejected/{key}.jsonl.gz"));
            let expected = expected["rejected"].as_array().unwrap();
            // Where nothing is rejected there is no file, not an empty one.
            let expected = (!expected.is_empty())
                .then(|| expected.iter().map(rejected_line).collect::<Vec<_>>());
            let rejected = rejected.map(|rejected| lines(&rejected));
            assert_eq!(rejected, expected, "the rejected events of {key}");
        }
        let ledger = |path: &String| {
            let job = format!("jobs/{JOB}/");
            path == "rehose.json" || path.starts_with(&job) && path.ends_with(".json")
        };
        let rest: Vec<_> = files.keys().filter(|path| !ledger(path)).collect();
        assert!(rest.is_empty(), "nothing else is there but {rest:?}");

        let report = report(output, JOB);
        let failed: BTreeMap<_, _> = (report["failures"].as_array().unwrap().iter())
            .map(|failure| (text(&failure["key"]), text(&failure["reason"])))
            .collect();
        assert_eq!(failed, self.failed);
        let (done, failed) = (self.done.len(), self.failed.len());
        let state = if failed == 0 {
            "succeeded"
        } else {
            "incomplete"
        };
        assert_eq!(report["state"], state);
        assert_eq!(
            report["objects"],
            json!({
                "listed": done + failed, "excluded": 0, "present": 0,
                "done": done, "failed": failed, "lost": 0,
            })
        );
        assert_eq!(
            report["rows"],
            json!({
                "events": self.sum("events"), "written": self.sum("written"),
                "rejected": self.sum("rejected"), "control": self.sum("control"),
            })
        );
        let [events, accounted] = [&["events"][..], &["written", "rejected", "control"]]
            .map(|counts| counts.iter().map(|count| self.sum(count)).sum::<u64>());
        assert_eq!(events, accounted, "every event is accounted for");
        let size = |path: String| fs::metadata(path).unwrap().len();
        let read = |key| size(format!("{}/{key}", source.display()));
        let written = |key| size(format!("{}/csv/{key}.csv.gz", output.display()));
        assert_eq!(
            report["bytes"],
            json!({
                "in": self.done.keys().map(read).sum::<u64>(),
                "out": self.done.keys().map(written).sum::<u64>(),
            })
        );
    }
}

/// A rejected event as its line of JSON, with the keys in the order in which they are documented.
fn rejected_line(event: &Value) -> String {
    let fields = ["source", "reason", "timestamp", "message"]
        .map(|name| format!("{:?}:{}", name, event[name]));
    format!("{{{}}}", fields.join(","))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn the_stash_of_the_repository_becomes_what_the_oracle_says() {
    let place = Place::new();
    let (source, output) = (data(), place.path("out"));
    run(&source, &output, &["--job", JOB]).with_status(0);
    let expected = Expected::of(&source, &place);
    assert_eq!(expected.failed, BTreeMap::new());
    assert!(expected.sum("rejected") > 0 && expected.sum("control") > 0);
    expected.check(&source, &output);
}

#[test]
fn a_stash_with_every_form_and_every_failure_becomes_what_the_oracle_says() {
    let place = Place::sample(&["--dialects", "--objects", "3", "--events", "400"]);
    for (key, object) in awkward() {
        place.put(&key, &object);
    }
    let good = place.path("good");
    run(&place.stash(), &good, &["--job", JOB]).with_status(0);
    let expected = Expected::of(&place.stash(), &place);
    assert_eq!(expected.failed, BTreeMap::new());
    expected.check(&place.stash(), &good);

    let reasons: BTreeMap<String, String> = (failures().into_iter())
        .map(|(key, object, reason)| {
            place.put(&key, &object);
            (key, reason.to_owned())
        })
        .collect();
    let mixed = place.path("mixed");
    let said = run(&place.stash(), &mixed, &["--job", JOB]).with_status(3);
    assert!(said.last_line().contains("--mode missing"), "{said:#?}");
    let expected = Expected::of(&place.stash(), &place);
    assert_eq!(expected.failed, reasons);
    expected.check(&place.stash(), &mixed);
}

#[test]
fn a_failure_says_which_object_which_reason_and_which_byte() {
    let place = Place::small();
    let mut object = fs::read(place.stash().join("one")).unwrap();
    object.extend_from_slice(b"garbage");
    place.put("two", &object);
    let said = run(&place.stash(), &place.path("out"), &["--job", JOB]).with_status(3);
    let place_of_garbage = format!("byte {} of the object", object.len() - "garbage".len());
    let line = said
        .err
        .lines()
        .find(|line| line.contains("two: trailing-bytes"))
        .unwrap();
    assert!(line.contains(&place_of_garbage), "{line}");
    let failures = &report(&place.path("out"), JOB)["failures"];
    assert!(
        text(&failures[0]["detail"]).contains(&place_of_garbage),
        "{failures}"
    );
}

#[test]
fn a_name_that_no_output_can_have_fails_only_its_object() {
    let place = Place::small();
    let object = fs::read(place.stash().join("one")).unwrap();
    let (fits, too_long) = ("n".repeat(255 - ".csv.gz".len()), "n".repeat(255));
    place.put(&fits, &object);
    place.put(&too_long, &object);
    run(&place.stash(), &place.path("out"), &["--job", JOB]).with_status(3);
    let report = report(&place.path("out"), JOB);
    assert_eq!(report["objects"]["done"], 2);
    assert_eq!(report["failures"][0]["key"], too_long);
    assert_eq!(report["failures"][0]["reason"], "invalid-key");
}
