//! Jobs over objects that another job has processed or is processing.

use std::collections::BTreeMap;

use rehose_testkit::oracle::stash::ExpectedOutput;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use serde_json::json;

use crate::complete::every_form;
use crate::deployed::{fresh, stack};

#[tokio::test]
async fn mode_missing_writes_only_missing_outputs() {
    let stack = stack().await;
    let prefix = format!("logs/{}/", fresh("missing"));
    let object = |i| gzip(envelope(&[event(i, FLOW)]));
    for name in ["a", "b", "c"] {
        stack.put(&format!("{prefix}{name}"), &object(1)).await;
    }
    let first = stack.start_over(&prefix, fresh("missing-first")).await;
    first.end().await.output();
    let csv = format!("csv/{prefix}");
    let before = stack.written(&csv).await;
    assert_eq!(before.len(), 3);

    stack.delete(&format!("{csv}b.csv.gz")).await;
    stack.put(&format!("{prefix}d"), &object(2)).await;
    let input = json!({"prefix": prefix, "mode": "missing"});
    let second = stack.start(fresh("missing-second"), input).await;
    let output = second.end().await.output();
    assert_eq!(
        output["totals"]["objects"],
        json!({"listed": 4, "excluded": 0, "present": 2, "done": 2, "failed": 0, "lost": 0})
    );
    let after = stack.written(&csv).await;
    let written: BTreeMap<_, _> = after
        .iter()
        .map(|(key, time)| (key, before.get(key) == Some(time)))
        .collect();
    let key = |name: &str| format!("{csv}{name}.csv.gz");
    let (a, b, c, d) = (key("a"), key("b"), key("c"), key("d"));
    assert_eq!(
        written,
        BTreeMap::from([(&a, true), (&b, false), (&c, true), (&d, false)]),
        "as before, or not"
    );
}

#[tokio::test]
async fn concurrent_jobs_over_the_same_prefix_succeed() {
    let stack = stack().await;
    let prefix = format!("logs/{}/", fresh("twice"));
    let workspace = every_form(&prefix, 200);
    stack.upload(&workspace.stash()).await;
    let one = stack.start_over(&prefix, fresh("twice")).await;
    let other = stack.start_over(&prefix, fresh("twice")).await;
    let expected = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    for execution in [one, other] {
        execution.end().await.output();
        let downloaded = stack.download(&prefix, &execution.job).await;
        expected.check(&workspace.stash(), downloaded.path(), &execution.job);
    }
}
