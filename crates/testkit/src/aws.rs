//! Buckets of S3 and queues of SQS for the suites, on the server that a configuration names.

use aws_sdk_s3::Client as S3Client;
use aws_sdk_sqs::Client as SqsClient;
use rehose_store::Store;
use rehose_store::aws::{self, S3Store, SdkConfig, SqsQueue};
use rehose_store::queue::Queue;
use tokio::sync::Mutex;

use crate::{queue_suite, store_suite};

/// A store in a bucket of its own.
pub struct Bucket {
    client: S3Client,
    name: String,
    store: S3Store,
}

impl Bucket {
    /// A store of a whole bucket.
    pub async fn whole(config: &SdkConfig, name: &str) -> Self {
        Self::with_root(config, name, "").await
    }

    /// A store under a prefix of a bucket, with other objects beside it.
    pub async fn with_a_prefix(config: &SdkConfig, name: &str) -> Self {
        let place = Self::with_root(config, name, "a+b %2F/é/").await;
        // What lies beside the prefix is no part of the store.
        for key in ["a", "a+b %2F/é.x", "a+b %2F/é0", "z"] {
            let request = place.client.put_object().bucket(name).key(key);
            request.body(Vec::new().into()).send().await.unwrap();
        }
        place
    }

    async fn with_root(config: &SdkConfig, name: &str, root: &str) -> Self {
        let client = aws::s3(config);
        client.create_bucket().bucket(name).send().await.unwrap();
        Self {
            store: S3Store::new(client.clone(), name, root),
            name: name.to_owned(),
            client,
        }
    }
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

/// A queue with its receiving side.
pub struct TestQueue {
    client: SqsClient,
    /// The URL of the queue.
    pub url: String,
    queue: SqsQueue,
    receipts: Mutex<Vec<String>>,
}

impl TestQueue {
    pub async fn create(config: &SdkConfig, name: &str) -> Self {
        let client = aws::sqs(config);
        let request = client.create_queue().queue_name(name);
        let url = request.send().await.unwrap().queue_url.unwrap();
        Self {
            queue: SqsQueue::new(client.clone(), &url),
            client,
            url,
            receipts: Mutex::default(),
        }
    }
}

impl queue_suite::Place for TestQueue {
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
