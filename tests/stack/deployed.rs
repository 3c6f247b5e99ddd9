//! The stacks that `scripts/test stack` deploys.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use futures::{StreamExt, stream};
use rehose_store::aws;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::sleep;

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The number of concurrent requests.
const REQUESTS: usize = 8;

/// A deployed stack, and the buckets around it.
pub(crate) struct Deployed {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) machines: aws_sdk_sfn::Client,
    pub(crate) name: &'static str,
    /// The bucket with the stash.
    pub(crate) source: String,
    /// The bucket of the output.
    pub(crate) output: String,
    outputs: BTreeMap<String, String>,
}

/// The stack of most tests, with small pages and time for an object that needs a whole invocation.
pub(crate) async fn stack() -> Deployed {
    Deployed::named("rehose").await
}

/// A stack whose `check` soon resends missing objects, and soon gives up.
pub(crate) async fn impatient() -> Deployed {
    Deployed::named("rehose-impatient").await
}

/// A stack with realtime events that writes Parquet and merges, and whose `check` gives up at once.
pub(crate) async fn live() -> Deployed {
    Deployed::named("rehose-live").await
}

impl Deployed {
    async fn named(name: &'static str) -> Self {
        // Without an endpoint, the requests would go to the real AWS.
        assert!(
            std::env::var_os("AWS_ENDPOINT_URL").is_some(),
            "AWS_ENDPOINT_URL is not set: scripts/test stack deploys to the local AWS and sets it"
        );
        let outputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/local/outputs.json");
        let outputs: Value = serde_json::from_slice(&fs::read(outputs).unwrap()).unwrap();
        let outputs: BTreeMap<String, String> =
            serde_json::from_value(outputs[name].clone()).unwrap();
        let output = outputs["OutputLocation"].trim_start_matches("s3://");
        let config = aws::config().await;
        Self {
            s3: aws::s3(&config),
            sqs: aws::sqs(&config),
            machines: aws_sdk_sfn::Client::new(&config),
            name,
            source: format!("{name}-stash"),
            output: output.trim_end_matches('/').to_owned(),
            outputs,
        }
    }

    /// An output of the stack.
    pub(crate) fn output_of(&self, name: &str) -> &str {
        (self.outputs.get(name)).unwrap_or_else(|| panic!("the stack has no output {name}"))
    }

    /// Puts an object into the stash.
    pub(crate) async fn put(&self, key: &str, body: &[u8]) {
        let request = self.s3.put_object().bucket(&self.source).key(key);
        request.body(body.to_vec().into()).send().await.unwrap();
    }

    /// Puts all files of a folder into the stash.
    pub(crate) async fn upload(&self, folder: &Path) {
        let files = rehose_testkit::output::files(folder);
        stream::iter(&files)
            .for_each_concurrent(REQUESTS, async |(key, body)| self.put(key, body).await)
            .await;
    }

    /// The keys of the output with this prefix, and when each was written.
    pub(crate) async fn written(&self, prefix: &str) -> BTreeMap<String, i128> {
        let request = self
            .s3
            .list_objects_v2()
            .bucket(&self.output)
            .prefix(prefix);
        let mut pages = request.into_paginator().send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            found.extend(page.unwrap().contents().iter().map(|object| {
                let written = object.last_modified().unwrap().as_nanos();
                (object.key().unwrap().to_owned(), written)
            }));
        }
        found
    }

    /// An object of the output, if it exists.
    pub(crate) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let request = self.s3.get_object().bucket(&self.output).key(key);
        match request.send().await {
            Ok(answer) => Some(answer.body.collect().await.unwrap().to_vec()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => None,
            Err(error) => panic!("{key}: {error:?}"),
        }
    }

    /// An object of the output as JSON, if it exists.
    pub(crate) async fn get_json(&self, key: &str) -> Option<Value> {
        let body = self.get(key).await?;
        Some(serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn delete(&self, key: &str) {
        let request = self.s3.delete_object().bucket(&self.output).key(key);
        request.send().await.unwrap();
    }

    /// A job's report.
    pub(crate) async fn report(&self, job: &str) -> Value {
        let report = self.get_json(&format!("jobs/{job}/report.json")).await;
        report.unwrap_or_else(|| panic!("{job} has no report"))
    }

    /// Downloads the rows, rejected events and ledger of a job over a prefix.
    pub(crate) async fn download(&self, prefix: &str, job: &str) -> TempDir {
        let places = [
            format!("csv/{prefix}"),
            format!("parquet/{prefix}"),
            format!("rejected/{prefix}"),
            format!("jobs/{job}/"),
        ];
        self.download_all(&places.each_ref().map(String::as_str))
            .await
    }

    /// Downloads what is at these places.
    pub(crate) async fn download_all(&self, places: &[&str]) -> TempDir {
        let folder = TempDir::new().unwrap();
        let mut keys = Vec::new();
        for place in places {
            keys.extend(self.written(place).await.into_keys());
        }
        stream::iter(&keys)
            .for_each_concurrent(REQUESTS, async |key| {
                let path = folder.path().join(key);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, self.get(key).await.unwrap()).unwrap();
            })
            .await;
        folder
    }

    /// Sends a message to the queue that an output of the stack names.
    pub(crate) async fn send(&self, queue: &str, body: impl Into<String>) {
        let request = self.sqs.send_message().queue_url(self.output_of(queue));
        request.message_body(body).send().await.unwrap();
    }

    /// A queue's messages: visible, in flight, delayed.
    pub(crate) async fn counters(&self, queue: &str) -> [u64; 3] {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self
            .sqs
            .get_queue_attributes()
            .queue_url(self.output_of(queue));
        let answer = request
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .unwrap();
        let attributes: &HashMap<_, _> = answer.attributes().unwrap();
        names.map(|name| attributes[&name].parse().unwrap())
    }

    /// Sets an attribute of a queue.
    pub(crate) async fn set(&self, queue: &str, name: QueueAttributeName, value: &str) {
        let request = self
            .sqs
            .set_queue_attributes()
            .queue_url(self.output_of(queue));
        request.attributes(name, value).send().await.unwrap();
    }
}

/// Runs a script of the tests, which prints JSON.
pub(crate) fn script(name: &str, arguments: &[&str]) -> Value {
    serde_json::from_str(&python(name, arguments)).unwrap()
}

/// Runs a script of the tests with the Python of the local AWS, and returns what it prints.
pub(crate) fn python(name: &str, arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = Command::new(root.join("../.tools/local/venv/bin/python"));
    let finished = python.arg(root.join(name)).args(arguments).output();
    let finished = finished.unwrap();
    assert!(finished.status.success(), "{finished:?}");
    String::from_utf8(finished.stdout).unwrap()
}

/// Waits until `look` returns something.
pub(crate) async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// A unique name.
pub(crate) fn fresh(what: &str) -> String {
    format!("{what}-{:08x}", fastrand::u32(..))
}

/// Locks for tests that need the stacks [`impatient`] and [`live`] for themselves.
pub(crate) static IMPATIENT: Mutex<()> = Mutex::const_new(());
pub(crate) static LIVE: Mutex<()> = Mutex::const_new(());
