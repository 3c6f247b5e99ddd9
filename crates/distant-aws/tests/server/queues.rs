//! The suite of queues, through the adapter for SQS.

use rehose_store::aws::{self, SqsQueue};
use rehose_store::queue::Queue;
use rehose_testkit::aws::TestQueue;

use crate::fresh;

async fn queue() -> TestQueue {
    TestQueue::create(&fresh().await, "queue").await
}

mod suite {
    rehose_testkit::suites!(queue super::queue);
}

#[tokio::test]
async fn a_missing_queue_is_an_error_that_names_it() {
    let config = fresh().await;
    let queue = TestQueue::create(&config, "queue").await;
    let url = queue.url.replace("queue", "missing");
    let error = SqsQueue::new(aws::sqs(&config), &url).counters().await;
    let error = error.unwrap_err();
    assert_eq!(error.queue, url);
    assert!(error.reason.contains("QueueDoesNotExist"), "{error}");
}
