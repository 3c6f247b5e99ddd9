//! The right output for a whole stash, with the reasons of failures, by `tests/oracle.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::output::{files, json_lines, lines, report};

/// The right output for a stash.
pub struct ExpectedOutput {
    /// The rows, rejected events and counts of each object.
    pub done: BTreeMap<String, Value>,
    /// The reason for each object that must fail.
    pub failed: BTreeMap<String, String>,
}

impl ExpectedOutput {
    /// Runs the oracle over a stash. Its answer is written into another folder.
    pub fn of(source: &Path, folder: &Path) -> Self {
        let answer = folder.join("expected.json");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle.py");
        let mut command = Command::new("python3");
        let status = command.arg(script).arg(source).arg(&answer).status();
        assert!(status.unwrap().success(), "{command:?}");
        let mut answer: Value = serde_json::from_slice(&fs::read(answer).unwrap()).unwrap();
        Self {
            done: serde_json::from_value(answer["done"].take()).unwrap(),
            failed: serde_json::from_value(answer["failed"].take()).unwrap(),
        }
    }

    /// The sum of a count over all objects that are done.
    pub fn sum(&self, count: &str) -> u64 {
        self.done
            .values()
            .map(|object| object["counts"][count].as_u64().unwrap())
            .sum()
    }

    /// Asserts that an output has exactly the expected files, and that the report of the job agrees.
    #[track_caller]
    pub fn check(&self, source: &Path, output: &Path, job: &str) {
        let mut files = files(output);
        for (key, expected) in &self.done {
            let csv = files.remove(&format!("csv/{key}.csv.gz"));
            let rows = lines(&csv.unwrap_or_else(|| panic!("{key} has no rows")));
            assert_eq!(json!(rows), expected["rows"], "the rows of {key}");
            let rejected = files.remove(&format!("rejected/{key}.jsonl.gz"));
            let expected = expected["rejected"].as_array().unwrap();
            // Without rejected events there is no file.
            let expected = (!expected.is_empty()).then_some(expected);
            let rejected = rejected.map(|rejected| json_lines(&rejected));
            assert_eq!(rejected.as_ref(), expected, "the rejected events of {key}");
        }
        let ledger = |path: &String| {
            let job = format!("jobs/{job}/");
            path == "rehose.json" || path.starts_with(&job) && path.ends_with(".json")
        };
        let rest: Vec<_> = files.keys().filter(|path| !ledger(path)).collect();
        assert!(rest.is_empty(), "unexpected files: {rest:?}");

        let report = report(output, job);
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
                "filtered": self.sum("filtered"),
            })
        );
        let [events, accounted] = [
            &["events"][..],
            &["written", "rejected", "control", "filtered"],
        ]
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

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
