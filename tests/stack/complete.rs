//! A job over more objects than a page, a call and an execution take.

use rehose_testkit::oracle::stash::ExpectedOutput;
use rehose_testkit::stash::{FLOW, awkward, envelope, event, gzip};
use rehose_tests::workspace::Workspace;

use crate::deployed::{fresh, roles_are_enforced, stack};

/// Copies that make the listing 13 pages long, at the 200 keys that the stack has on one.
const COPIES: usize = 2_500;

/// Every form and every awkward key there is, in a folder as in the bucket: keys begin with the
/// prefix. Copies have rows of their own, so that a swap of two shows.
pub(crate) fn every_form(prefix: &str, copies: usize) -> Workspace {
    let workspace = Workspace::new();
    let sample = Workspace::sample(&["--dialects", "--objects", "3", "--events", "400"]);
    let forms = rehose_testkit::output::files(&sample.stash());
    let copies = (0..copies).map(|i| {
        let events = [event(i as i64, FLOW), event(i as i64, "does not fit")];
        (format!("copies/{i:05}"), gzip(envelope(&events)))
    });
    // The local AWS takes a line break in a key for the end of it where it matches a policy.
    let awkward =
        (awkward().into_iter()).filter(|(key, _)| !(roles_are_enforced() && key.contains('\n')));
    for (key, object) in forms.into_iter().chain(awkward).chain(copies) {
        workspace.put(&format!("{prefix}{key}"), &object);
    }
    workspace
}

#[tokio::test]
async fn every_form_and_key_becomes_what_the_oracle_says_over_pages_calls_and_executions() {
    let stack = stack().await;
    let prefix = format!("logs/{}/", fresh("complete"));
    let workspace = every_form(&prefix, COPIES);
    stack.upload(&workspace.stash()).await;

    // Its counters will not fall to zero before the job is over: nobody takes this message, and it
    // stays in flight after each attempt.
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
    // The stack lets an execution call start and check 5 times, and start plan 2 pages in a call.
    let calls = slices.div_ceil(2) + 1;
    let executions = stack.executions(job).await;
    assert!(executions >= calls.div_ceil(5), "{executions} executions");
    assert!(executions > 1, "the job is longer than one execution");
}
