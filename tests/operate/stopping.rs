//! Stopping a job, and stopping to follow it.

use std::io::{BufRead, BufReader};

use serde_json::json;

use crate::REHOSE;
use crate::command::{signal, start};
use crate::stack::{Settings, Stack};

/// A stack whose jobs never end, and soon go on in other executions.
async fn stack_of_long_jobs() -> Stack {
    let stack = Stack::deploy(Settings {
        delivers: false,
        restart_after: 3,
    })
    .await;
    stack.put_good(4).await;
    stack
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn stopping_a_job_stops_the_executions_that_go_on_for_it() {
    let stack = stack_of_long_jobs().await;
    stack
        .rehose(&["start", "stash/", "--job", "mine"])
        .with_status(0);
    stack
        .rehose(&["start", "stash/", "--job", "other"])
        .with_status(0);
    let is_nested = async || stack.running().await >= 4;
    stack
        .wait_until("both jobs go on in other executions", is_nested)
        .await;
    stack
        .wait_until("all is planned", async || {
            let status = stack.rehose(&["status", "mine"]).with_status(0);
            status.out.contains("running") && status.out.contains("│ objects ┆ planned ")
        })
        .await;
    let running = stack.rehose(&["report", "mine"]).with_status(1);
    assert!(
        running.last_line().contains("has no report yet"),
        "{running:?}"
    );
    let running = stack.rehose(&["retry", "mine"]).with_status(2);
    assert!(
        running.last_line().contains("wait for its end"),
        "{running:?}"
    );

    let stopped = stack.rehose(&["stop", "mine"]).with_status(0);
    assert!(
        stopped
            .err
            .contains("Messages in the queue are still processed"),
        "{stopped:?}"
    );
    let next = format!(
        "next: rehose start 'stash/' --mode missing --stack {} processes the remaining objects",
        stack.name
    );
    assert_eq!(stopped.last_line(), next);
    let status = stack.rehose(&["status", "mine"]).with_status(1);
    assert!(status.out.contains("stopped"), "{status:?}");
    let followed = stack.rehose(&["status", "mine", "--follow"]).with_status(1);
    assert!(
        followed
            .last_line()
            .contains("is stopped and has no report"),
        "{followed:?}"
    );

    // The other job still runs.
    let status = stack.rehose(&["status", "other"]).with_status(0);
    assert!(status.out.contains("running"), "{status:?}");
    stack.rehose(&["stop", "other"]).with_status(0);
    stack
        .wait_until("nothing runs", async || stack.running().await == 0)
        .await;
    let again = stack.rehose(&["stop", "other"]).with_status(0);
    assert_eq!(
        again.last_line(),
        "the job other has already ended: stopped"
    );
    let unknown = stack.rehose(&["stop", "nobody"]).with_status(2);
    assert!(
        unknown.last_line().contains("there is no job nobody"),
        "{unknown:?}"
    );
}

/// The command that `rehose start` prints for a job whose execution failed starts one with another name.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_that_continues_in_an_execution_of_another_name_is_shown_and_stopped() {
    let stack = stack_of_long_jobs().await;
    stack
        .rehose(&["start", "stash/", "--job", "mine"])
        .with_status(0);
    stack.rehose(&["stop", "mine"]).with_status(0);
    for job in ["mine", "unnamed"] {
        let input = json!({"job": job, "prefix": "stash/"});
        stack.execute(&input).await;
        stack
            .wait_until("it goes on in another execution", async || {
                stack.running().await >= 2
            })
            .await;
        let status = stack.rehose(&["status", job]).with_status(0);
        assert!(status.out.contains("running"), "{status:?}");
        let stopped = stack.rehose(&["stop", job]).with_status(0);
        assert!(
            stopped.err.contains(&format!("the job {job} is stopped")),
            "{stopped:?}"
        );
        stack
            .wait_until("nothing runs", async || stack.running().await == 0)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn interrupting_follow_does_not_stop_the_job() {
    let stack = Stack::deploy(Settings {
        delivers: false,
        ..Settings::default()
    })
    .await;
    stack.put_good(4).await;
    let args = ["start", "stash/", "--job", "mine", "--follow"];
    let mut follower = start(REHOSE.command(args).args(["--stack", &stack.name]));
    let mut lines = BufReader::new(follower.stderr.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert_eq!(next(), "the job mine has started");
    let progress = next();
    assert!(progress.starts_with("0/4 objects"), "{progress}");

    signal(&follower, "INT");
    let last = lines.map(Result::unwrap).last().unwrap();
    assert!(
        last.contains("the job continues; follow it with: rehose status mine --follow"),
        "{last}"
    );
    assert_eq!(follower.wait().unwrap().code(), Some(1));
    let status = stack.rehose(&["status", "mine"]).with_status(0);
    assert!(status.out.contains("running"), "{status:?}");
    stack.rehose(&["stop", "mine"]).with_status(0);
}
