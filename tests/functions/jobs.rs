//! Whole jobs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use rehose_testkit::output::files;
use rehose_testkit::stash::{awkward, sample};
use rehose_tests::command::built;
use rehose_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::aws::{Objects, assert_same};
use crate::job::Stack;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_writes_the_same_output_as_the_command() {
    let mut stack = Stack::with(&[("REHOSE_PAGE", "10"), ("REHOSE_PAGES", "2")]).await;
    stack.resources.put_stash(&sample::objects("")).await;

    assert_eq!(stack.plan("job").await, 3, "47 keys are 5 pages, 2 a call");
    let checked = stack.check("job").await;
    assert_eq!(checked["state"], "running", "nothing is processed yet");

    let checked = stack.finish("job", |_| false).await;
    assert_eq!(checked["state"], "succeeded");
    let output = &stack.resources.output;
    assert_eq!(
        checked["report"],
        format!("s3://{output}/rows/jobs/job/report.json")
    );
    let report = stack.report("job").await;
    assert_eq!(
        report["objects"],
        json!({"listed": 47, "excluded": 0, "present": 0, "done": 47, "failed": 0, "lost": 0})
    );
    assert_eq!(
        report["rows"],
        json!({"events": 3312, "written": 3267, "rejected": 14, "control": 31, "filtered": 0})
    );
    for sums in ["objects", "bytes", "rows"] {
        assert_eq!(checked["totals"][sums], report[sums]);
    }
    assert_eq!(receipts(&stack).await, planned(&stack).await);

    assert_as_the_command(&stack, &report, &sample::parent()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn unusual_keys_have_the_same_output_as_by_the_command() {
    let mut stack = Stack::with(&[("REHOSE_MAX_REJECTED", "100")]).await;
    let workspace = Workspace::new();
    for (key, object) in awkward() {
        workspace.put(&key, &object);
    }
    stack.resources.put_stash(&files(&workspace.path(""))).await;

    assert_eq!(stack.run("job").await["state"], "succeeded");
    let report = stack.report("job").await;
    assert_as_the_command(&stack, &report, &workspace.path("")).await;
}

/// Compares the output and the report of a job with those of the command over the same stash in a folder.
async fn assert_as_the_command(stack: &Stack, report: &Value, parent: &Path) {
    let here = tempfile::tempdir().unwrap();
    let report_here = rehose_run(parent, here.path());
    for sums in ["objects", "bytes", "rows", "options", "failures"] {
        assert_eq!(report[sums], report_here[sums]);
    }
    for (kind, count) in [("csv/", "written"), ("rejected/", "rejected")] {
        let expected: Objects = (files(here.path()).into_iter())
            .filter(|(key, _)| key.starts_with(kind))
            .map(|(key, body)| (format!("rows/{key}"), body))
            .collect();
        let found = stack.resources.output(&format!("rows/{kind}")).await;
        assert_eq!(found.is_empty(), report["rows"][count] == 0);
        assert_same(&found, &expected);
    }
}

/// The names of the receipts of a job.
async fn receipts(stack: &Stack) -> BTreeSet<String> {
    let keys = stack.resources.output_keys("rows/jobs/job/receipts/").await;
    let names = keys
        .iter()
        .map(|key| key.rsplit_once('/').unwrap().1.to_owned());
    names.collect()
}

/// The names of the receipts that the manifest requires.
async fn planned(stack: &Stack) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for key in stack.resources.output_keys("rows/jobs/job/manifest/").await {
        let slice = stack.resources.output_json(&key).await;
        for task in 0..slice["tasks"].as_array().unwrap().len() {
            names.insert(format!(
                "{:08}-{task:04}.json",
                slice["slice"].as_u64().unwrap()
            ));
        }
    }
    assert_eq!(names.len(), 5, "a task a page");
    names
}

/// Runs the command on the stash in this folder and returns the report.
fn rehose_run(parent: &Path, output: &Path) -> Value {
    let run = Command::new(built("rehose"))
        .arg("run")
        .args([parent, output])
        .args(["--prefix", "stash/", "--max-rejected", "100", "--json"])
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    serde_json::from_slice(&run.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn corrupt_objects_fail_with_their_reasons_and_leave_no_output() {
    let mut stack = Stack::new().await;
    let good = sample::object("dialects/encoding/gzip-members");
    let objects = [
        ("stash/cut", good[..good.len() - 5].to_vec()),
        ("stash/good", good.clone()),
        (
            "stash/malformed",
            br#"{"messageType":"DATA_MESSAGE","logEvents":[{]}"#.to_vec(),
        ),
        ("stash/trailing", [&good[..], b"garbage"].concat()),
    ];
    for (key, body) in objects {
        stack
            .resources
            .put(&stack.resources.source, key, body)
            .await;
    }

    let checked = stack.run("job").await;
    assert_eq!(checked["state"], "incomplete");
    let report = stack.report("job").await;
    assert_eq!(report["state"], "incomplete");
    assert_eq!(report["objects"]["done"], 1);
    let failures = [
        ("stash/cut", "truncated-gzip"),
        ("stash/malformed", "malformed-json"),
        ("stash/trailing", "trailing-bytes"),
    ];
    assert_eq!(keys_and_reasons(&report), failures);
    let trailing = &report["failures"][2]["detail"];
    let at = format!("byte {} of the object", good.len());
    assert!(trailing.as_str().unwrap().ends_with(&at), "{trailing}");
    let outputs = stack.resources.output_keys("rows/csv/").await;
    assert_eq!(outputs, ["rows/csv/stash/good.csv.gz"]);
    assert_eq!(stack.resources.output_keys("rows/rejected/").await, [""; 0]);
    assert_eq!(stack.resources.uploads().await, 0);
}

fn keys_and_reasons(report: &Value) -> Vec<(&str, &str)> {
    let failures = report["failures"].as_array().unwrap().iter();
    failures
        .map(|failure| {
            let [key, reason] = ["key", "reason"].map(|name| failure[name].as_str().unwrap());
            (key, reason)
        })
        .collect()
}

/// A job of four objects in one message, whose `check` resends without waiting.
async fn four_planned() -> Stack {
    let mut stack = Stack::with(&[("REHOSE_QUIET_SECONDS", "0")]).await;
    let objects = sample::objects("dialects/key/a");
    stack.resources.put_stash(&objects).await;
    stack.plan("job").await;
    stack
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn only_the_object_whose_messages_are_dropped_is_lost() {
    let mut stack = four_planned().await;

    // The message of all objects is dropped, then each message of one object.
    let lost = "stash/dialects/key/a+plus";
    let all: Vec<String> = sample::objects("dialects/key/a").into_keys().collect();
    assert_eq!(all.len(), 4);
    let at = all.iter().position(|key| key == lost).unwrap();
    let mut messages = Vec::new();
    let checked = stack
        .finish("job", |message| {
            let vanishes = messages.is_empty() || message.task()["task"]["object"] == at;
            messages.push(message.clone());
            vanishes
        })
        .await;

    assert_eq!(checked["state"], "incomplete");
    let mut sent = Vec::new();
    for message in &messages {
        sent.push(stack.planned_keys(message).await);
    }
    let mut expected = vec![all.clone()];
    expected.extend(all.iter().map(|key| vec![key.clone()]));
    expected.push(vec![lost.to_owned()]);
    // A standard queue has no order within a round.
    sent[1..5].sort();
    assert_eq!(sent, expected, "two rounds, one object a message");
    let report = stack.report("job").await;
    assert_eq!(keys_and_reasons(&report), [(lost, "lost")]);
    assert_eq!(
        report["objects"],
        json!({"listed": 4, "excluded": 0, "present": 0, "done": 3, "failed": 0, "lost": 1})
    );
    let outputs = stack.resources.output_keys("rows/csv/").await;
    let done = all.iter().filter(|key| *key != lost);
    assert_eq!(
        outputs,
        done.map(|key| format!("rows/csv/{key}.csv.gz"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_dropped_message_is_sent_again_and_the_job_succeeds() {
    let mut stack = four_planned().await;

    let mut is_first = true;
    let checked = stack.finish("job", |_| std::mem::take(&mut is_first)).await;
    assert_eq!(checked["state"], "succeeded");
    assert_eq!(stack.report("job").await["objects"]["done"], 4);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn duplicate_and_late_messages_change_nothing() {
    let mut stack = Stack::with(&[("REHOSE_PAGE", "3")]).await;
    let mut objects = sample::objects("dialects/key/");
    objects.insert("stash/corrupt".to_owned(), b"\x1f\x8b garbage".to_vec());
    stack.resources.put_stash(&objects).await;
    stack.plan("job").await;
    let messages = stack.resources.receive().await;
    assert_eq!(messages.len(), 5, "13 keys are 5 pages");

    assert_eq!(stack.process(messages.iter().rev()).await, [""; 0]);
    let processed = everything(&stack).await;
    let twice = messages.iter().chain(&messages);
    assert_eq!(stack.process(twice).await, [""; 0]);
    assert_same(&everything(&stack).await, &processed);

    let checked = stack.check("job").await;
    assert_eq!(checked["state"], "incomplete");
    let reported = everything(&stack).await;
    let new = reported.keys().filter(|key| !processed.contains_key(*key));
    assert_eq!(new.collect::<Vec<_>>(), ["rows/jobs/job/report.json"]);

    // A later change of the source does not change the report.
    for key in objects.keys() {
        stack
            .resources
            .put(&stack.resources.source, key, "garbage")
            .await;
    }
    assert_eq!(
        stack.process(messages[1..].iter().chain(&messages)).await,
        [""; 0]
    );
    assert_eq!(stack.check("job").await, checked);
    assert_same(&everything(&stack).await, &reported);
}

async fn everything(stack: &Stack) -> Objects {
    stack.resources.output("").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_repeated_start_continues_the_same_plan() {
    let mut stack = Stack::with(&[("REHOSE_PAGE", "3")]).await;
    stack
        .resources
        .put_stash(&sample::objects("dialects/key/"))
        .await;
    stack.plan("job").await;
    let planned = everything(&stack).await;

    // The plan does not include objects that arrived later.
    stack
        .resources
        .put(&stack.resources.source, "stash/a-late-one", "")
        .await;
    stack.plan("job").await;
    assert_same(&everything(&stack).await, &planned);
    let checked = stack.finish("job", |_| false).await;
    assert_eq!(checked["state"], "succeeded");
    assert_eq!(checked["totals"]["objects"]["listed"], 12);
}
