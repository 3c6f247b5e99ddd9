//! `process` with duplicate, unknown and unprocessable messages.

use std::sync::Arc;
use std::time::Duration;

use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::ledger::receipt::{Outcome, Receipt};
use rehose_reprocess::work::Processed;
use rehose_reprocess::work::message::{Created, Message};
use rehose_store::StoreErrorKind;
use rehose_testkit::fault_store::{Failure, FaultStore, Operation};
use rehose_testkit::output::{Files, lines};
use rehose_testkit::stash::gzip;

use crate::fixture::{AMPLE, Fixture, document};

#[tokio::test]
async fn a_duplicate_message_changes_nothing() {
    let fixture = Fixture::with_objects(3);
    fixture.start().await;
    let messages = fixture.queue.take();
    let first = fixture.process(&messages[0]).await.unwrap();
    assert_eq!(first.done.len(), 3);
    let before = fixture.files();
    let again = fixture.process(&messages[0]).await.unwrap();
    assert_eq!(
        again,
        Processed {
            settled: 3,
            ..Processed::default()
        }
    );
    assert_eq!(fixture.files(), before);
}

#[tokio::test]
async fn a_second_delivery_does_not_replace_the_receipt() {
    let fixture = Fixture::with_objects(1);
    fixture.start().await;
    let messages = fixture.queue.take();
    fixture.process(&messages[0]).await.unwrap();
    let before = fixture.files();
    std::fs::remove_file(fixture.stash().join("object-0000")).unwrap();
    fixture.process(&messages[0]).await.unwrap();
    assert_eq!(fixture.files(), before);
}

#[tokio::test]
async fn permanent_failures_are_recorded_and_leave_no_output() {
    let fixture = Fixture::with_objects(3);
    fixture.put("object-0001", r#"{"messageType":"#);
    fixture.start().await;
    std::fs::remove_file(fixture.stash().join("object-0002")).unwrap();
    fixture.process_all().await;
    let receipt = fixture.receipt("00000000-0000");
    let failures: Vec<_> = (receipt.objects.iter())
        .filter_map(|object| match &object.outcome {
            Outcome::Failed(failure) => Some((object.key.as_str(), failure)),
            Outcome::Done(_) => None,
        })
        .collect();
    let [(cut, cut_json), (missing, gone)] = &failures[..] else {
        panic!("{receipt:?}");
    };
    assert_eq!([*cut, *missing], ["object-0001", "object-0002"]);
    assert_eq!([&*cut_json.reason, &*gone.reason], ["cut-json", "gone"]);
    assert!(cut_json.detail.contains("at byte 15 of the decoded text"));
    let outputs = fixture
        .files()
        .into_keys()
        .filter(|key| key.starts_with("csv/"));
    assert_eq!(outputs.collect::<Vec<_>>(), ["csv/object-0000.csv.gz"]);
}

#[tokio::test]
async fn an_error_of_the_output_leaves_no_receipt() {
    let fixture = Fixture::with_objects(1);
    fixture.start().await;
    let message = fixture.queue.take().remove(0);
    for (key, kind) in [
        ("csv/object-0000.csv.gz", StoreErrorKind::Transient),
        ("csv/object-0000.csv.gz", StoreErrorKind::Denied),
        (
            "jobs/job/receipts/00000000-0000.json",
            StoreErrorKind::Transient,
        ),
    ] {
        let output = Arc::new(FaultStore::refusing(fixture.store(), key, kind));
        let processor = fixture.processor_into(output);
        let error = processor
            .process(&message, Deadline::after(AMPLE))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error}");
        assert!(fixture.receipts().is_empty());
    }
    fixture.process(&message).await.unwrap();
    assert_eq!(fixture.receipts(), ["00000000-0000.json"]);
}

#[tokio::test]
async fn an_expired_deadline_aborts_the_uploads() {
    let fixture = Fixture::with_objects(0);
    fixture.put("large", &large());
    fixture.start().await;
    let before = fixture.files();
    let message = fixture.queue.take().remove(0);
    // Rows are already being uploaded when the read stalls.
    let source = FaultStore::new(fixture.stash_store(), |operation, _| {
        (operation == Operation::Read).then_some(Failure::StalledAfter(4 << 20))
    });
    let processor = fixture.processor_from(Arc::new(source));
    for time in [Duration::from_secs(2), Duration::ZERO] {
        let deadline = Deadline::after(time);
        let error = processor.process(&message, deadline).await.unwrap_err();
        assert!(matches!(error, Error::OutOfTime { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert_eq!(fixture.files(), before);
        assert_eq!(fixture.unfinished(), 0);
    }
}

/// Documents whose rows fill many blocks of the encoder.
fn large() -> String {
    (0..40_000_i64)
        .map(|i| document(i * i % 1_000_003))
        .collect()
}

/// The reasons of a receipt's failures.
fn reasons(receipt: &Receipt) -> Vec<&str> {
    let objects = receipt.objects.iter();
    objects
        .filter_map(|object| match &object.outcome {
            Outcome::Failed(failure) => Some(failure.reason.as_str()),
            Outcome::Done(_) => None,
        })
        .collect()
}

/// The files of the output of a large object that is processed on this many cores.
async fn on_cores(cores: usize, object: &str) -> Files {
    let fixture = Fixture::with_objects(0);
    fixture.put("large", object);
    fixture.start().await;
    let message = fixture.queue.take().remove(0);
    let processor = fixture.processor_on(fixture.store(), cores);
    let deadline = Deadline::after(AMPLE);
    processor.process(&message, deadline).await.unwrap();
    fixture.files()
}

#[tokio::test]
async fn one_core_and_two_cores_write_the_same_bytes() {
    let csv = |files: &Files| files["csv/large.csv.gz"].clone();
    let object = large();
    let one = on_cores(1, &object).await;
    let two = on_cores(2, &object).await;
    assert!(csv(&one) == csv(&two));
    assert_eq!(lines(&csv(&two)).len(), 1 + 40_000);
}

#[tokio::test]
async fn a_large_object_cut_at_its_end_leaves_no_output() {
    let mut object = large();
    object.pop();
    for cores in [1, 2] {
        let files = on_cores(cores, &object).await;
        let receipt = &files["jobs/job/receipts/00000000-0000.json"];
        let receipt: Receipt = serde_json::from_slice(receipt).unwrap();
        assert_eq!(reasons(&receipt), ["cut-json"]);
        assert!(
            !files.keys().any(|key| key.starts_with("csv/")),
            "{files:?}"
        );
    }
}

#[tokio::test]
async fn a_failed_upload_of_a_large_object_leaves_no_receipt() {
    let fixture = Fixture::with_objects(0);
    fixture.put("large", &large());
    fixture.start().await;
    let message = fixture.queue.take().remove(0);
    for cores in [1, 2] {
        let key = "csv/large.csv.gz";
        let output = FaultStore::refusing(fixture.store(), key, StoreErrorKind::Transient);
        let output = Arc::new(output);
        let processor = fixture.processor_on(output, cores);
        let deadline = Deadline::after(AMPLE);
        let error = processor.process(&message, deadline).await.unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error}");
        assert!(fixture.receipts().is_empty());
    }
}

/// A small object of four terabytes of text, which takes hours to decompress.
fn bomb() -> Vec<u8> {
    let gigabyte = gzip(gzip([b' '; 1 << 20]).repeat(1 << 10));
    gzip(gigabyte.repeat(1 << 12))
}

#[tokio::test]
async fn a_decompression_bomb_stops_at_the_deadline() {
    let fixture = Fixture::with_objects(0);
    std::fs::write(fixture.stash().join("bomb"), bomb()).unwrap();
    fixture.start().await;
    let before = fixture.files();
    let message = fixture.queue.take().remove(0);
    // The next object needs the only thread, so it waits until the bomb has left it.
    let processor = fixture.processor_on(fixture.store(), 1);

    let deadline = Deadline::after(Duration::from_secs(2));
    let error = processor.process(&message, deadline).await.unwrap_err();
    let Error::OutOfTime { doing } = &error else {
        panic!("{error}");
    };
    assert!(doing.contains("bomb was being converted"), "{error}");
    assert_eq!(fixture.files(), before);

    // An interrupted command drops the future as well.
    let deadline = Deadline::after(AMPLE);
    let processing = processor.process(&message, deadline);
    let dropped = tokio::time::timeout(Duration::from_secs(1), processing).await;
    assert!(dropped.is_err());

    fixture.put("bomb", &large());
    let processing = processor.process(&message, deadline);
    let processed = tokio::time::timeout(AMPLE / 10, processing).await;
    let processed = processed.expect("the transcoder goes on").unwrap();
    assert_eq!(processed.done.len(), 1);
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
fn keys_of_s3_notifications_are_form_decoded() {
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
fn an_s3_notification_inside_an_sns_message_is_read() {
    let inner = notification("ObjectCreated:Put", "a+b");
    let body = serde_json::json!({"Type": "Notification", "Message": inner}).to_string();
    assert_eq!(created(&body)[0].key, "a b");
}

#[test]
fn keys_of_eventbridge_events_are_not_decoded() {
    let body = r#"{"version":"0","source":"aws.s3","detail-type":"Object Created",
        "detail":{"bucket":{"name":"stash"},"object":{"key":"a+b%20c","size":5},"reason":"PutObject"}}"#;
    assert_eq!(created(body)[0].key, "a+b%20c");
}

#[test]
fn events_about_no_new_object_are_accepted() {
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
fn an_unknown_message_is_an_error() {
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
