//! `process` may get any message, any number of times.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::work::Processed;
use rehose_reprocess::work::message::{Created, Message};
use rehose_store::{
    Body, LocalStore, Page, Put, Store, StoreError, StoreErrorKind, StoreName, Upload,
};
use tokio::time::Instant;

use crate::world::{AMPLE, World, document};

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() {
    let world = World::with_objects(3);
    world.start().await;
    let messages = world.queue.take();
    let first = world.process(&messages[0]).await.unwrap();
    assert_eq!(first.done.len(), 3);
    let before = world.files();
    let again = world.process(&messages[0]).await.unwrap();
    assert_eq!(
        again,
        Processed {
            settled: 3,
            ..Processed::default()
        }
    );
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn the_first_outcome_of_a_task_stands() {
    let world = World::with_objects(1);
    world.start().await;
    let messages = world.queue.take();
    world.process(&messages[0]).await.unwrap();
    let before = world.files();
    std::fs::remove_file(world.stash().join("object-0000")).unwrap();
    world.process(&messages[0]).await.unwrap();
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn a_permanent_fault_is_an_outcome_and_leaves_no_output() {
    let world = World::with_objects(3);
    world.put("object-0001", r#"{"messageType":"#);
    world.start().await;
    std::fs::remove_file(world.stash().join("object-0002")).unwrap();
    world.process_all().await;
    let receipt = world.read("jobs/job/receipts/00000000-0000.json");
    assert!(receipt.contains(r#""key":"object-0001","outcome":"failed","reason":"cut-json""#));
    assert!(receipt.contains("at byte 15 of the decoded text"));
    assert!(receipt.contains(r#""key":"object-0002","outcome":"failed","reason":"gone""#));
    let outputs = world
        .files()
        .into_keys()
        .filter(|key| key.starts_with("csv/"));
    assert_eq!(outputs.collect::<Vec<_>>(), ["csv/object-0000.csv.gz"]);
}

#[tokio::test]
async fn a_fault_of_the_output_gives_the_message_back() {
    let world = World::with_objects(1);
    world.start().await;
    let message = world.queue.take().remove(0);
    for (key, kind) in [
        ("csv/object-0000.csv.gz", StoreErrorKind::Passing),
        ("csv/object-0000.csv.gz", StoreErrorKind::Denied),
        (
            "jobs/job/receipts/00000000-0000.json",
            StoreErrorKind::Passing,
        ),
    ] {
        let output = Arc::new(Refusing {
            inner: world.store(),
            key,
            kind,
        });
        let processor = world.processor_into(output);
        let error = processor
            .process(&message, Instant::now() + AMPLE)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error}");
        assert!(world.receipts().is_empty());
    }
    world.process(&message).await.unwrap();
    assert_eq!(world.receipts(), ["00000000-0000.json"]);
}

/// An output that refuses to write one object.
#[derive(Debug)]
struct Refusing {
    inner: Arc<LocalStore>,
    key: &'static str,
    kind: StoreErrorKind,
}

impl Refusing {
    fn let_pass(&self, key: &str) -> Result<(), StoreError> {
        if key != self.key {
            return Ok(());
        }
        Err(StoreError {
            operation: "write",
            url: self.url(key),
            kind: self.kind,
            reason: "refused".to_owned(),
            source: None,
        })
    }
}

#[async_trait]
impl Store for Refusing {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.inner.list(prefix, after, limit).await
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.inner.read(key).await
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        self.let_pass(key)?;
        self.inner.write(key).await
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        self.let_pass(key)?;
        self.inner.put_if_absent(key, body).await
    }

    async fn head(&self, key: &str) -> Result<Option<u64>, StoreError> {
        self.inner.head(key).await
    }

    fn url(&self, key: &str) -> String {
        self.inner.url(key)
    }
}

#[tokio::test]
async fn without_time_the_message_goes_back_and_nothing_is_left() {
    let world = World::with_objects(1);
    world.start().await;
    let before = world.files();
    let message = world.queue.take().remove(0);
    let processor = world.processor();
    let error = processor
        .process(&message, Instant::now())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::OutOfTime { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Passing);
    // The transcoder's thread sees that nobody listens any more.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.files(), before);
}

/// Documents whose rows are many blocks of an encoder.
fn large() -> String {
    (0..40_000_i64)
        .map(|i| document(i * i % 1_000_003))
        .collect()
}

/// What a large object comes to where it has so many cores: the files of its output.
async fn on_cores(cores: usize, object: &str) -> BTreeMap<String, Vec<u8>> {
    let world = World::with_objects(0);
    world.put("large", object);
    world.start().await;
    let message = world.queue.take().remove(0);
    let processor = world.processor().on_cores(cores);
    let deadline = Instant::now() + AMPLE;
    processor.process(&message, deadline).await.unwrap();
    world.files()
}

#[tokio::test]
async fn a_second_core_changes_nothing_of_the_output() {
    let csv = |files: &BTreeMap<String, Vec<u8>>| files["csv/large.csv.gz"].clone();
    let object = large();
    let one = on_cores(1, &object).await;
    let two = on_cores(2, &object).await;
    assert!(csv(&one) == csv(&two));
    let two = csv(&two);
    let rows = io::BufReader::new(MultiGzDecoder::new(&two[..])).lines();
    assert_eq!(rows.map(Result::unwrap).count(), 1 + 40_000);
}

#[tokio::test]
async fn a_fault_at_the_end_of_a_large_object_leaves_no_output() {
    let mut object = large();
    object.pop();
    for cores in [1, 2] {
        let files = on_cores(cores, &object).await;
        let receipt = &files["jobs/job/receipts/00000000-0000.json"];
        let receipt = std::str::from_utf8(receipt).unwrap();
        assert!(receipt.contains(r#""reason":"cut-json""#), "{receipt}");
        assert!(
            !files.keys().any(|key| key.starts_with("csv/")),
            "{files:?}"
        );
    }
}

#[tokio::test]
async fn a_large_object_is_given_back_where_its_output_fails() {
    let world = World::with_objects(0);
    world.put("large", &large());
    world.start().await;
    let message = world.queue.take().remove(0);
    for cores in [1, 2] {
        let output = Arc::new(Refusing {
            inner: world.store(),
            key: "csv/large.csv.gz",
            kind: StoreErrorKind::Passing,
        });
        let processor = world.processor_into(output).on_cores(cores);
        let deadline = Instant::now() + AMPLE;
        let error = processor.process(&message, deadline).await.unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error}");
        assert!(world.receipts().is_empty());
    }
}

/// A few bytes that are hours of work.
fn bomb() -> Vec<u8> {
    let gzip = |content: &[u8]| {
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        member.write_all(content).unwrap();
        member.finish().unwrap()
    };
    let gigabyte = gzip(&gzip(&[b' '; 1 << 20]).repeat(1 << 10));
    gzip(&gigabyte.repeat(1 << 12))
}

#[tokio::test]
async fn a_bomb_is_given_up_at_the_deadline_and_its_thread_ends() {
    let world = World::with_objects(0);
    std::fs::write(world.stash().join("bomb"), bomb()).unwrap();
    world.start().await;
    let before = world.files();
    let message = world.queue.take().remove(0);
    // One thread, so that what comes next needs it.
    let processor = world.processor_on(1);

    let deadline = Instant::now() + Duration::from_secs(2);
    let error = processor.process(&message, deadline).await.unwrap_err();
    let Error::OutOfTime { doing } = &error else {
        panic!("{error}");
    };
    assert!(doing.contains("bomb was being converted"), "{error}");
    assert_eq!(world.files(), before);

    // Dropped on its way, as by a command that is interrupted.
    let deadline = Instant::now() + AMPLE;
    let processing = processor.process(&message, deadline);
    let dropped = tokio::time::timeout(Duration::from_secs(1), processing).await;
    assert!(dropped.is_err());

    world.put("bomb", &large());
    let processing = processor.process(&message, deadline);
    let processed = tokio::time::timeout(AMPLE / 10, processing).await;
    let processed = processed.expect("the transcoder goes on").unwrap();
    assert_eq!(processed.done.len(), 1);
}

#[tokio::test]
async fn a_task_that_names_another_place_is_refused_untouched() {
    let world = World::with_objects(1);
    world.start().await;
    let task = world.queue.take_tasks().remove(0);
    let before = world.files();
    for (source, output) in [
        (StoreName::of_bucket("elsewhere"), task.output.clone()),
        (task.source.clone(), StoreName::of_bucket("elsewhere")),
    ] {
        let mut other = task.clone();
        (other.source, other.output) = (source, output);
        let error = world
            .process(&serde_json::to_string(&other).unwrap())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Outside { .. }), "{error}");
    }
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn a_key_that_leaves_the_folder_is_an_outcome_and_touches_nothing() {
    let world = World::with_objects(1);
    world.start().await;
    let mut task = world.queue.take_tasks().remove(0);
    std::fs::write(world.output().with_file_name("secret"), document(0)).unwrap();
    task.objects[0].key = "../secret".to_owned();
    world
        .process(&serde_json::to_string(&task).unwrap())
        .await
        .unwrap();
    let receipt = world.read("jobs/job/receipts/00000000-0000.json");
    assert!(receipt.contains(r#""reason":"invalid-key""#), "{receipt}");
    assert!(!world.files().into_keys().any(|key| key.starts_with("csv")));
}

#[tokio::test]
async fn a_late_message_of_another_shape_writes_nothing() {
    let world = World::with_objects(1);
    world.start().await;
    let late = world.queue.take().remove(0);
    std::fs::remove_dir_all(world.output()).unwrap();
    std::fs::create_dir(world.output()).unwrap();
    std::fs::write(
        world.output().join("rehose.json"),
        r#"{"options":{"format":"message"}}"#,
    )
    .unwrap();
    let error = world.process(&late).await.unwrap_err();
    assert!(matches!(error, Error::OtherBinding { .. }), "{error}");
    assert_eq!(world.files().len(), 1);
}

fn created(body: &str) -> Vec<Created> {
    match Message::parse(body).unwrap() {
        Message::Created(objects) => objects,
        Message::Task(task) => panic!("{task:?}"),
    }
}

fn notification(name: &str, key: &str) -> String {
    format!(
        r#"{{"Records":[{{"eventVersion":"2.5","eventSource":"aws:s3","eventName":"{name}",
            "s3":{{"bucket":{{"name":"stash"}},"object":{{"key":"{key}","size":3}}}}}}]}}"#
    )
}

#[test]
fn keys_of_notifications_are_form_decoded() {
    let cases = [
        ("red+flower.jpg", "red flower.jpg"),
        ("a%2Bb", "a+b"),
        ("100%25", "100%"),
        ("a%252Fb", "a%2Fb"),
        ("year%3D2020/x", "year=2020/x"),
        ("a%26b", "a&b"),
        ("z%C3%BCrich", "zürich"),
        ("a=b&c", "a=b&c"),
        ("a%", "a%"),
    ];
    for (encoded, key) in cases {
        let objects = created(&notification("ObjectCreated:Put", encoded));
        assert_eq!(objects.len(), 1, "{encoded}");
        assert_eq!(
            (objects[0].bucket.as_str(), objects[0].key.as_str()),
            ("stash", key)
        );
    }
}

#[test]
fn a_notification_may_come_wrapped_by_sns() {
    let inner = notification("ObjectCreated:Put", "a+b");
    let body = serde_json::json!({"Type": "Notification", "Message": inner}).to_string();
    assert_eq!(created(&body)[0].key, "a b");
}

#[test]
fn keys_of_eventbridge_are_as_they_are() {
    let body = r#"{"version":"0","source":"aws.s3","detail-type":"Object Created",
        "detail":{"bucket":{"name":"stash"},"object":{"key":"a+b%20c","size":5},"reason":"PutObject"}}"#;
    assert_eq!(created(body)[0].key, "a+b%20c");
}

#[test]
fn events_that_tell_of_no_new_object_are_understood() {
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"stash"}"#;
    let wrapped = serde_json::json!({"Type": "Notification", "Message": test}).to_string();
    let deleted = r#"{"source":"aws.s3","detail-type":"Object Deleted",
        "detail":{"bucket":{"name":"stash"},"object":{"key":"x"}}}"#;
    for body in [
        test,
        &wrapped,
        deleted,
        &notification("ObjectRemoved:Delete", "x"),
    ] {
        assert_eq!(created(body), [], "{body}");
    }
}

#[test]
fn anything_else_is_an_error_that_says_so() {
    let bodies = [
        "",
        "not JSON",
        "{}",
        "[]",
        "null",
        r#"{"task":{"slice":0}}"#,
        r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#,
        r#"{"Type":"Notification","Message":"hello"}"#,
        r#"{"Records":[{"eventName":"ObjectCreated:Put",
            "s3":{"bucket":{"name":"b"},"object":{"key":"%FF"}}}]}"#,
        r#"{"source":"aws.ec2","detail-type":"Object Created"}"#,
    ];
    for body in bodies {
        let error = Message::parse(body).unwrap_err();
        assert!(
            matches!(error, Error::UnknownMessage { .. }),
            "{body}: {error}"
        );
    }
}
