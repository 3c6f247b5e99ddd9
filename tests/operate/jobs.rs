//! Jobs on the stack, from the start to the report.

use serde_json::json;

use crate::REHOSE;
use crate::command::finish;
use crate::stack::{Settings, Stack, good};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_is_started_followed_and_listed() {
    let stack = Stack::deploy(Settings::default()).await;
    stack.put_good(10).await;

    let started = stack.rehose(&["start", "stash/"]).with_status(0);
    let job = started.out.trim_end();
    assert!(!job.contains(char::is_whitespace), "{started:?}");
    let next = format!("next: rehose status {job} --follow --stack {}", stack.name);
    assert_eq!(started.last_line(), next);

    let followed = stack.rehose(&["status", job, "--follow"]).with_status(0);
    assert!(followed.out.contains("succeeded"), "{followed:?}");
    let url = format!("report: {}/jobs/{job}/report.json", stack.output);
    assert_eq!(followed.out.lines().last(), Some(&*url));
    let status = stack.rehose(&["status", job]).with_status(0);
    assert_eq!(status.out, followed.out);

    let report = stack.rehose(&["report", job, "--json"]).with_status(0);
    let report = report.json();
    assert_eq!(report["objects"]["done"], 10);
    assert_eq!(report.get("retry"), None);
    assert_eq!(
        stack.rehose(&["report", job]).with_status(0).out,
        followed.out
    );

    // The same with options instead of CloudFormation.
    let by_flags = ["--state-machine", &stack.machine, "--output", &stack.output];
    let status = finish(
        REHOSE
            .command(["status", job, "--stack", "nowhere"])
            .args(by_flags),
    );
    assert_eq!(status.with_status(0).out, followed.out);

    let jobs = stack.rehose(&["jobs", "--json"]).with_status(0);
    let jobs = jobs.json();
    assert_eq!(jobs.as_array().unwrap().len(), 1);
    assert_eq!(jobs[0]["job"], job);
    assert_eq!(jobs[0]["input"], json!({"prefix": "stash/"}));
    let list = stack.rehose(&["jobs"]).with_status(0).out;
    assert!(list.contains(job), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn the_same_name_twice_is_one_job() {
    let stack = Stack::deploy(Settings::default()).await;
    stack.put_good(4).await;
    let start = ["start", "stash/", "--job", "mine"];
    assert_eq!(stack.rehose(&start).with_status(0).out, "mine\n");
    let again = stack.rehose(&start).with_status(0);
    assert_eq!(again.out, "mine\n");
    let followed = [&start[..], &["--follow"]].concat();
    let followed = stack.rehose(&followed).with_status(0);
    assert!(
        followed.err.contains("the job mine was started before"),
        "{followed:?}"
    );
    assert!(followed.out.contains("succeeded"), "{followed:?}");
    // The same after its end.
    stack.rehose(&start).with_status(0);

    let other = stack
        .rehose(&["start", "stash/0", "--job", "mine"])
        .with_status(2);
    for words in ["mine", "choose another --job"] {
        assert!(other.err.contains(words), "{other:?} lacks {words}");
    }
    assert_eq!(
        other.json_in_last_line(),
        [json!({"prefix": "stash/"}), json!({"prefix": "stash/0"})]
    );
    let other = [&start[..], &["--mode", "missing"]].concat();
    stack.rehose(&other).with_status(2);
    let jobs = stack.rehose(&["jobs", "--json"]).with_status(0);
    assert_eq!(jobs.json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn failed_objects_are_listed_and_retried() {
    let stack = Stack::deploy(Settings::default()).await;
    stack.put_good(10).await;
    for key in ["stash/002", "stash/009"] {
        stack.put(key, "{").await;
    }
    let start = ["start", "stash/", "--job", "first", "--follow"];
    let followed = stack.rehose(&start).with_status(3);
    assert!(
        followed.err.contains("rehose: stash/002: cut-json:"),
        "{followed:?}"
    );
    assert!(
        followed
            .last_line()
            .contains("`rehose retry first --stack "),
        "{followed:?}"
    );
    stack.rehose(&["status", "first"]).with_status(3);

    let failures = stack
        .rehose(&["report", "first", "--failures"])
        .with_status(0);
    let lines: Vec<Vec<&str>> = failures
        .out
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let keys_and_reasons: Vec<_> = lines
        .iter()
        .map(|line| (line[0], line[1], line.len()))
        .collect();
    let expected = ["stash/002", "stash/009"].map(|key| (key, "cut-json", 3));
    assert_eq!(keys_and_reasons, expected);

    for key in ["stash/002", "stash/009"] {
        stack.put(key, &good()).await;
    }
    let retried = ["retry", "first", "--job", "second", "--follow"];
    let retried = stack.rehose(&retried).with_status(0);
    assert!(retried.out.contains("retry of"), "{retried:?}");
    let report = stack.rehose(&["report", "second", "--json"]).with_status(0);
    let report = report.json();
    assert_eq!(report["retry"], "first");
    assert_eq!(
        report["objects"],
        json!({"listed": 2, "excluded": 0, "present": 0, "done": 2, "failed": 0, "lost": 0})
    );

    let nothing = stack.rehose(&["retry", "second"]).with_status(2);
    assert!(
        nothing.last_line().contains("there is nothing to retry"),
        "{nothing:?}"
    );
    let unknown = stack.rehose(&["retry", "nobody"]).with_status(2);
    assert!(
        unknown
            .last_line()
            .contains("the job nobody is not planned"),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_of_several_executions_is_one_job() {
    let stack = Stack::deploy(Settings {
        restart_after: 2,
        ..Settings::default()
    })
    .await;
    stack.put_good(10).await;
    let start = ["start", "stash/", "--job", "long", "--follow"];
    let followed = stack.rehose(&start).with_status(0);
    assert!(followed.out.contains("succeeded"), "{followed:?}");
    stack
        .wait_until("all its executions have ended", async || {
            stack.running().await == 0
        })
        .await;
    assert!(stack.executions(None).await > 1, "it has not gone on");
    let jobs = stack.rehose(&["jobs", "--json"]).with_status(0);
    let jobs = jobs.json();
    assert_eq!(jobs.as_array().unwrap().len(), 1, "{jobs}");
    assert_eq!(
        (&jobs[0]["job"], &jobs[0]["state"]),
        (&json!("long"), &json!("succeeded"))
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_that_is_refused_says_why() {
    let stack = Stack::deploy(Settings::default()).await;
    let start = ["start", "stash/nothing/", "--job", "none", "--follow"];
    let refused = stack.rehose(&start).with_status(2);
    let last = refused.last_line();
    for words in [
        "the job none was refused",
        "no object under",
        "check the prefix",
    ] {
        assert!(last.contains(words), "{last} lacks {words}");
    }
    let status = stack.rehose(&["status", "none"]).with_status(2);
    assert_eq!(status.last_line(), last);
    stack.rehose(&["report", "none"]).with_status(2);
}
