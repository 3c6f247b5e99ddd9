//! A job that needs several pages, calls and executions.

use rehose_testkit::oracle::stash::ExpectedOutput;
use rehose_testkit::stash::{FLOW, awkward, envelope, event, gzip};
use rehose_tests::workspace::Workspace;

use crate::deployed::{fresh, stack};

/// Enough copies for a listing of 13 pages, at the stack's 200 keys per page.
const COPIES: usize = 2_500;

/// Objects of every form and with every awkward key, under a prefix. Each copy has different rows, to
/// detect swapped objects.
pub(crate) fn every_form(prefix: &str, copies: usize) -> Workspace {
    let workspace = Workspace::new();
    let sample = Workspace::sample(&["--dialects", "--objects", "3", "--events", "400"]);
    let forms = rehose_testkit::output::files(&sample.stash());
    let copies = (0..copies).map(|i| {
        let events = [event(i as i64, FLOW), event(i as i64, "does not fit")];
        (format!("copies/{i:05}"), gzip(envelope(&events)))
    });
    // The wildcard of a policy matches no line break on the local AWS. `functions/jobs.rs` has that key.
    let awkward = (awkward().into_iter()).filter(|(key, _)| !key.contains('\n'));
    for (key, object) in forms.into_iter().chain(awkward).chain(copies) {
        workspace.put(&format!("{prefix}{key}"), &object);
    }
    workspace
}

#[tokio::test]
async fn every_form_and_key_matches_the_oracle_across_pages_calls_and_executions() {
    let stack = stack().await;
    let prefix = format!("logs/{}/", fresh("complete"));
    let workspace = every_form(&prefix, COPIES);
    stack.upload(&workspace.stash()).await;

    // No function can process this message, so the counters never fall to zero during the job.
    stack
        .send("HistoricQueueUrl", "nobody knows this message")
        .await;
    let execution = stack.start_over(&prefix, fresh("complete")).await;
    let output = execution.end().await.output();
    let [visible, in_flight, _] = stack.counters("HistoricQueueUrl").await;
    assert!(
        visible + in_flight > 0,
        "the foreign message is still in the queue"
    );

    let job = &execution.job;
    let expected = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    let downloaded = stack.download(&prefix, job).await;
    expected.check(&workspace.stash(), downloaded.path(), job);
    let report = stack.report(job).await;
    assert_eq!(output["job"], **job);
    assert_eq!(output["state"], "succeeded");
    assert_eq!(output["totals"]["objects"], report["objects"]);
    assert_eq!(output["totals"]["rows"], report["rows"]);

    let objects = expected.done.len();
    let slices = stack.written(&format!("jobs/{job}/manifest/")).await.len();
    assert_eq!(slices, objects.div_ceil(200), "a slice for each page");
    // In this stack, an execution makes 5 calls, and a call of `start` plans 2 pages.
    let calls = slices.div_ceil(2) + 1;
    let executions = stack.executions(job).await;
    assert!(executions >= calls.div_ceil(5), "{executions} executions");
    assert!(executions > 1, "the job is longer than one execution");
}
