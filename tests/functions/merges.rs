//! Merges, which `start` plans as the stack is deployed.

use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use serde_json::json;

use crate::aws::Resources;
use crate::job::Stack;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_merge_has_the_deployed_settings_where_its_event_has_none() {
    let resources = Resources::new().await;
    let queue = resources.queue.clone();
    let settings = [
        ("REHOSE_MERGE_QUEUE_URL", queue.as_str()),
        ("REHOSE_MERGE", r#"{"gap":5,"per":"day","lateness":0}"#),
    ];
    let mut stack = Stack::at(resources, &settings).await;
    let object = gzip(envelope(&[event(0, FLOW)]));
    let key = "stash/2020/02/01/00/object";
    (stack.resources)
        .put(&stack.resources.source, key, object)
        .await;

    let merge = json!({"gap": 7, "from": "2020-02-01T00:00:00"});
    let input = json!({"prefix": "stash/", "job": "merge", "merge": merge});
    let started = stack.start.invoke(&input).await.unwrap();
    assert_eq!(started["planned"], true);
    let checked = stack.finish("merge", |_| false).await;
    assert_eq!(checked["state"], "succeeded");

    let job = stack
        .resources
        .output_json("rows/jobs/merge/job.json")
        .await;
    let merge = &job["merge"];
    assert_eq!(
        [&merge["gap"], &merge["per"], &merge["lateness"]],
        [&json!(7), &json!("day"), &json!(0)]
    );
    let files = stack.resources.output_keys("rows/merged/").await;
    assert_eq!(files, ["rows/merged/day=2020-02-01/0001-0000.parquet"]);

    let typo = json!({"prefix": "stash/", "job": "typo", "merge": {"gaps": 7}});
    let refusal = stack.start.invoke(&typo).await.unwrap_err();
    assert_eq!(refusal.kind, "InvalidInput");
    assert!(refusal.message.contains("gaps"), "{}", refusal.message);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_stack_that_does_not_merge_says_so() {
    let mut stack = Stack::new().await;
    let input = json!({"prefix": "stash/", "job": "merge", "merge": {}});
    let refusal = stack.start.invoke(&input).await.unwrap_err();
    assert_eq!(refusal.kind, "InvalidInput");
    let hint = "deploy it with merge=true";
    assert!(refusal.message.contains(hint), "{}", refusal.message);
    assert!(stack.resources.output_keys("").await.is_empty());
}
