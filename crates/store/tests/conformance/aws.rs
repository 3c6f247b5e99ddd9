//! The suites on S3 and SQS, as the local AWS serves them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rehose_store::aws::{self, S3Store, SdkConfig, SqsQueue};
use rehose_store::queue::Queue;
use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::aws::{Bucket, TestQueue};

/// The configuration for the local AWS, and never for the real one.
async fn config() -> SdkConfig {
    assert!(
        std::env::var_os("AWS_ENDPOINT_URL").is_some(),
        "AWS_ENDPOINT_URL is not set: scripts/test starts the local AWS and sets it"
    );
    aws::config().await
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("conformance-{}-{next}", now.as_nanos())
}

async fn bucket() -> Bucket {
    Bucket::whole(&config().await, &fresh_name()).await
}

async fn bucket_with_a_prefix() -> Bucket {
    Bucket::with_a_prefix(&config().await, &fresh_name()).await
}

mod stores {
    rehose_testkit::suites!(
        #[ignore = "needs the local AWS that scripts/test starts"]
        store super::bucket
    );
}

mod stores_with_a_prefix {
    rehose_testkit::suites!(
        #[ignore = "needs the local AWS that scripts/test starts"]
        store super::bucket_with_a_prefix
    );
}

#[tokio::test]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_missing_bucket_is_not_found() {
    let store = S3Store::new(aws::s3(&config().await), &fresh_name(), "p");
    let error = store.list("", None, 10).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound);
    assert!(error.reason.starts_with("NoSuchBucket: "), "{error}");
    assert!(error.url.ends_with("/p/"), "{error}");
}

async fn sqs() -> TestQueue {
    TestQueue::create(&config().await, &fresh_name()).await
}

mod queues {
    rehose_testkit::suites!(
        #[ignore = "needs the local AWS that scripts/test starts"]
        queue super::sqs
    );
}

#[tokio::test]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_missing_queue_is_an_error_that_names_it() {
    let client = aws::sqs(&config().await);
    let url = sqs().await.url.replace("conformance", "missing");
    let error = SqsQueue::new(client, &url).counters().await.unwrap_err();
    assert_eq!(error.queue, url);
    assert!(
        error.reason.contains("NonExistentQueue") || error.reason.contains("QueueDoesNotExist"),
        "{error}"
    );
}
