//! The counters of a queue that was emptied while a job was running. `complete` has the opposite, a
//! queue that never becomes empty.

use aws_sdk_sqs::types::QueueAttributeName;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};

use crate::deployed::{IMPATIENT, fresh, impatient, wait_for};

#[tokio::test]
async fn messages_lost_by_an_emptied_queue_are_sent_again() {
    let stack = impatient().await;
    let _alone = IMPATIENT.lock().await;
    let queue = "HistoricQueueUrl";
    let prefix = format!("logs/{}/", fresh("emptied"));
    for i in 0..40 {
        let object = gzip(envelope(&[event(i, FLOW)]));
        stack.put(&format!("{prefix}{i:02}"), &object).await;
    }
    // The delay keeps the messages from the functions until the queue is purged.
    stack
        .set(queue, QueueAttributeName::DelaySeconds, "900")
        .await;
    let execution = stack.start_over(&prefix, fresh("emptied")).await;
    let progress = format!("jobs/{}/progress.json", execution.job);
    wait_for("check", async || stack.get_json(&progress).await).await;
    stack
        .set(queue, QueueAttributeName::DelaySeconds, "0")
        .await;
    let purge = stack.sqs.purge_queue().queue_url(stack.output_of(queue));
    purge.send().await.unwrap();
    assert_eq!(stack.counters(queue).await, [0, 0, 0]);
    assert!(stack.written(&format!("csv/{prefix}")).await.is_empty());

    let output = execution.end().await.output();
    assert_eq!(output["totals"]["objects"]["done"], 40);
    let alone = stack
        .written(&format!("jobs/{}/receipts/", execution.job))
        .await;
    assert_eq!(
        alone.len(),
        40,
        "what was sent again has a receipt for each object"
    );
}
