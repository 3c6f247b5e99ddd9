//! Two buckets and a queue on the local AWS, new for each test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rehose_store::aws;
use serde_json::{Value, json};

/// Objects by key.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

/// The buckets and the queue of a job.
pub(crate) struct Resources {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    /// The bucket with the stash.
    pub(crate) source: String,
    /// The bucket for the output.
    pub(crate) output: String,
    /// The queue's URL.
    pub(crate) queue: String,
}

/// A received message.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    receipt: String,
}

impl Message {
    /// A message that no queue has delivered.
    pub(crate) fn new(id: &str, body: &Value) -> Self {
        Self {
            id: id.to_owned(),
            body: body.to_string(),
            receipt: String::new(),
        }
    }

    /// The body as JSON.
    pub(crate) fn task(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The URL of the local AWS.
pub(crate) fn endpoint() -> String {
    std::env::var("AWS_ENDPOINT_URL")
        .expect("AWS_ENDPOINT_URL is not set: scripts/test starts the local AWS and sets it")
}

impl Resources {
    pub(crate) async fn new() -> Self {
        // Without an endpoint, the requests would go to the real AWS.
        endpoint();
        let config = aws::config().await;
        let (s3, sqs) = (aws::s3(&config), aws::sqs(&config));
        let name = fresh_name();
        let [source, output] = ["source", "output"].map(|what| format!("{name}-{what}"));
        for bucket in [&source, &output] {
            s3.create_bucket().bucket(bucket).send().await.unwrap();
        }
        let queue = sqs.create_queue().queue_name(&name).send().await.unwrap();
        Self {
            s3,
            sqs,
            source,
            output,
            queue: queue.queue_url.unwrap(),
        }
    }

    pub(crate) async fn put(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) {
        let request = self.s3.put_object().bucket(bucket).key(key);
        request.body(body.into().into()).send().await.unwrap();
    }

    /// Puts objects into the bucket with the stash.
    pub(crate) async fn put_stash(&self, objects: &Objects) {
        for (key, body) in objects {
            self.put(&self.source, key, body.clone()).await;
        }
    }

    pub(crate) async fn get(&self, bucket: &str, key: &str) -> Vec<u8> {
        let request = self.s3.get_object().bucket(bucket).key(key);
        let answer = request.send().await.unwrap();
        #[allow(
            clippy::disallowed_methods,
            reason = "tests keep few and small objects"
        )]
        let body = answer.body.collect().await.unwrap();
        body.to_vec()
    }

    /// An object of the output as JSON.
    pub(crate) async fn output_json(&self, key: &str) -> Value {
        serde_json::from_slice(&self.get(&self.output, key).await).unwrap()
    }

    /// The keys of the output with this prefix.
    pub(crate) async fn output_keys(&self, prefix: &str) -> Vec<String> {
        let request = self
            .s3
            .list_objects_v2()
            .bucket(&self.output)
            .prefix(prefix);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.is_truncated(), Some(false), "more than a page");
        let keys = answer
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned());
        keys.collect()
    }

    /// The objects of the output with this prefix.
    pub(crate) async fn output(&self, prefix: &str) -> Objects {
        let mut objects = BTreeMap::new();
        for key in self.output_keys(prefix).await {
            let body = self.get(&self.output, &key).await;
            objects.insert(key, body);
        }
        objects
    }

    /// The number of multipart uploads that are neither completed nor aborted.
    pub(crate) async fn uploads(&self) -> usize {
        let request = self.s3.list_multipart_uploads().bucket(&self.output);
        request.send().await.unwrap().uploads().len()
    }

    /// Receives up to ten messages, or none if the queue is empty.
    pub(crate) async fn receive(&self) -> Vec<Message> {
        let request = self.sqs.receive_message().queue_url(&self.queue);
        let answer = request.max_number_of_messages(10).send().await.unwrap();
        let messages = answer.messages.unwrap_or_default().into_iter();
        messages
            .map(|message| Message {
                id: message.message_id.unwrap(),
                body: message.body.unwrap(),
                receipt: message.receipt_handle.unwrap(),
            })
            .collect()
    }

    /// Makes a received message visible again.
    pub(crate) async fn give_back(&self, message: &Message) {
        let request = self.sqs.change_message_visibility().visibility_timeout(0);
        let request = request.queue_url(&self.queue);
        request
            .receipt_handle(&message.receipt)
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn delete(&self, message: &Message) {
        let request = self.sqs.delete_message().queue_url(&self.queue);
        request
            .receipt_handle(&message.receipt)
            .send()
            .await
            .unwrap();
    }
}

/// Asserts that two outputs are equal. A failure prints the objects that differ.
#[track_caller]
pub(crate) fn assert_same(found: &Objects, expected: &Objects) {
    let all = found.keys().chain(expected.keys());
    let differ: BTreeMap<_, _> = all
        .filter(|key| found.get(*key) != expected.get(*key))
        .map(|key| {
            let text = |objects: &Objects| {
                let body = objects.get(key)?;
                Some(String::from_utf8_lossy(body).into_owned())
            };
            (key, [text(found), text(expected)])
        })
        .collect();
    assert!(differ.is_empty(), "found and expected: {differ:#?}");
}

/// The event of SQS for messages, each an id and a body
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>).
pub(crate) fn batch<'a>(messages: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let records = messages.into_iter().map(|(id, body)| {
        json!({
            "messageId": id,
            "receiptHandle": "handle",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1580515200000",
                "SenderId": "sender",
                "ApproximateFirstReceiveTimestamp": "1580515200001",
            },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:queue",
            "awsRegion": "us-east-1",
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

/// The ids of the messages that a response returns to the queue.
pub(crate) fn given_back(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    let ids = failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned());
    ids.collect()
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("functions-{}-{next}", now.as_nanos())
}
