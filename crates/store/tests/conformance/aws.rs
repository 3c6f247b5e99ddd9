//! The suites on S3 and SQS, as the local AWS serves them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use rehose_store::aws;
use rehose_store::aws::{S3Store, SqsQueue};
use rehose_store::queue::Queue;
use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::{queue_suite, store_suite};
use tokio::sync::Mutex;

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

struct Bucket {
    client: aws_sdk_s3::Client,
    name: String,
    store: S3Store,
}

impl store_suite::Place for Bucket {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn holds_any_key(&self) -> bool {
        true
    }

    async fn leftovers(&self) -> usize {
        let request = self.client.list_multipart_uploads().bucket(&self.name);
        request.send().await.unwrap().uploads().len()
    }
}

async fn bucket() -> Bucket {
    bucket_with_root("").await
}

async fn bucket_with_a_prefix() -> Bucket {
    let place = bucket_with_root("a+b %2F/é/").await;
    // What lies beside the prefix is no part of the store.
    for key in ["a", "a+b %2F/é.x", "a+b %2F/é0", "z"] {
        let body = Vec::new().into();
        let request = place.client.put_object().bucket(&place.name).key(key);
        request.body(body).send().await.unwrap();
    }
    place
}

async fn bucket_with_root(root: &str) -> Bucket {
    let client = aws::s3(&config().await);
    let name = fresh_name();
    client.create_bucket().bucket(&name).send().await.unwrap();
    let store = S3Store::new(client.clone(), &name, root);
    Bucket {
        client,
        name,
        store,
    }
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

struct SqsPlace {
    client: aws_sdk_sqs::Client,
    url: String,
    queue: SqsQueue,
    receipts: Mutex<Vec<String>>,
}

impl queue_suite::Place for SqsPlace {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    async fn receive(&self) -> String {
        let request = self.client.receive_message().queue_url(&self.url);
        let answer = request.wait_time_seconds(5).send().await.unwrap();
        let message = answer.messages().first().unwrap();
        let receipt = message.receipt_handle().unwrap().to_owned();
        self.receipts.lock().await.push(receipt);
        message.body().unwrap().to_owned()
    }

    async fn acknowledge_all(&self) {
        for receipt in self.receipts.lock().await.drain(..) {
            let request = self.client.delete_message().queue_url(&self.url);
            request.receipt_handle(receipt).send().await.unwrap();
        }
    }
}

async fn sqs() -> SqsPlace {
    let client = aws::sqs(&config().await);
    let request = client.create_queue().queue_name(fresh_name());
    let url = request.send().await.unwrap().queue_url.unwrap();
    SqsPlace {
        queue: SqsQueue::new(client.clone(), &url),
        client,
        url,
        receipts: Mutex::default(),
    }
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
