//! Jobs with failed and lost objects.

use rehose_testkit::oracle::stash::ExpectedOutput;
use rehose_testkit::stash::{FLOW, envelope, event, failures, gzip};
use serde_json::json;

use crate::complete::every_form;
use crate::deployed::{IMPATIENT, fresh, impatient, stack};

#[tokio::test]
async fn corrupt_objects_fail_with_their_reasons_and_no_others() {
    let stack = stack().await;
    let prefix = format!("logs/{}/", fresh("corrupt"));
    let workspace = every_form(&prefix, 0);
    let mut reasons = std::collections::BTreeMap::new();
    for (key, object, reason) in failures() {
        workspace.put(&format!("{prefix}{key}"), &object);
        reasons.insert(format!("{prefix}{key}"), reason.to_owned());
    }
    stack.upload(&workspace.stash()).await;

    let execution = stack.start_over(&prefix, fresh("corrupt")).await;
    let (error, cause) = execution.end().await.failure();
    assert_eq!(error, "Rehose.Incomplete");
    let report = format!("s3://{}/jobs/{}/report.json", stack.output, execution.job);
    assert!(cause.ends_with(&report), "{cause}");
    let expected = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    assert_eq!(expected.failed, reasons);
    let downloaded = stack.download(&prefix, &execution.job).await;
    expected.check(&workspace.stash(), downloaded.path(), &execution.job);
}

#[tokio::test]
async fn only_the_object_that_cannot_be_finished_is_lost() {
    let stack = impatient().await;
    let _alone = IMPATIENT.lock().await;
    let prefix = format!("logs/{}/", fresh("lost"));
    let key = |name: &str| format!("{prefix}{name}");
    let small = gzip(envelope(&[event(0, FLOW)]));
    for name in ["a", "b", "y", "z"] {
        stack.put(&key(name), &small).await;
    }
    // A few kilobytes that decompress to 40 GB, which takes longer than the function's timeout of ten
    // seconds.
    let member = gzip(envelope(&vec![event(0, FLOW); 160_000]));
    let endless = gzip(member.repeat(40_000_000_000 / (160_000 * 110)));
    stack.put(&key("endless"), &endless).await;

    let execution = stack.start_over(&prefix, fresh("lost")).await;
    let (error, _) = execution.end().await.failure();
    assert_eq!(error, "Rehose.Incomplete");
    let report = stack.report(&execution.job).await;
    assert_eq!(
        report["objects"],
        json!({"listed": 5, "excluded": 0, "present": 0, "done": 4, "failed": 0, "lost": 1})
    );
    assert_eq!(report["failures"][0]["key"], key("endless"));
    assert_eq!(report["failures"][0]["reason"], "lost");
    let written = stack.written(&format!("csv/{prefix}")).await;
    let done: Vec<_> = written.keys().map(String::as_str).collect();
    let csv = |name| format!("csv/{}.csv.gz", key(name));
    assert_eq!(done, ["a", "b", "y", "z"].map(csv));
}
