//! `process` does only what the plan contains, whatever a message says.

use rehose_reprocess::error::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::fixture::{Fixture, document};

/// The only message of a job over these objects.
async fn message_of(fixture: &Fixture) -> Value {
    fixture.start().await;
    serde_json::from_str(&fixture.queue.take().remove(0)).unwrap()
}

#[tokio::test]
async fn a_task_outside_the_plan_is_refused_and_writes_nothing() {
    let fixture = Fixture::with_objects(2);
    let message = message_of(&fixture).await;
    let before = fixture.files();
    let refused = [
        json!({"slice": 0, "task": 1}),
        json!({"slice": 1, "task": 0}),
        json!({"slice": 0, "task": 0, "object": 2}),
        json!({"slice": 0, "task": 4_294_967_295_u32}),
        json!({"slice": 0, "task": 0, "object": 4_294_967_295_u32}),
    ];
    for task in refused.clone() {
        let mut other = message.clone();
        other["task"] = task;
        let error = fixture.process(&other.to_string()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{other}: {error}");
        assert_eq!(fixture.files(), before, "{other}");
    }
    let other = json!({"v": 1, "job": "other", "task": message["task"]});
    let error = fixture.process(&other.to_string()).await.unwrap_err();
    assert!(matches!(error, Error::NotPlanned { .. }), "{error}");
    assert_eq!(fixture.files(), before);

    // The same after the job has ended.
    fixture.process(&message.to_string()).await.unwrap();
    fixture.check().await;
    for task in refused {
        let mut other = message.clone();
        other["task"] = task;
        assert!(fixture.process(&other.to_string()).await.is_err());
    }
}

#[tokio::test]
async fn other_fields_of_an_old_message_are_ignored() {
    let fixture = Fixture::with_objects(1);
    let mut message = message_of(&fixture).await;
    fixture.put("secret", &document(0));
    message["objects"] = json!([{"key": "secret", "bytes": 1}]);
    message["options"] = json!({"format": "message"});
    message["source"] = json!("s3://elsewhere/");
    message["output"] = json!("s3://elsewhere/");
    let error = fixture.process(&message.to_string()).await.unwrap_err();
    assert!(matches!(error, Error::UnknownMessage { .. }), "{error}");

    message.as_object_mut().unwrap().remove("v");
    fixture.process(&message.to_string()).await.unwrap();
    let receipt = fixture.receipt("00000000-0000");
    let keys: Vec<_> = receipt.objects.iter().map(|object| &object.key).collect();
    assert_eq!(keys, ["object-0000"]);
    let outputs = fixture.files().into_keys();
    let outputs: Vec<_> = outputs.filter(|key| key.starts_with("csv/")).collect();
    assert_eq!(outputs, ["csv/object-0000.csv.gz"]);
}

#[tokio::test]
async fn a_key_outside_the_folder_fails_and_writes_nothing() {
    let fixture = Fixture::with_objects(1);
    let message = message_of(&fixture).await;
    std::fs::write(fixture.output().with_file_name("secret"), document(0)).unwrap();
    fixture.edit("jobs/job/manifest/00000000.json", |slice| {
        slice["tasks"][0][0]["key"] = json!("../secret");
    });
    fixture.process(&message.to_string()).await.unwrap();
    let receipt = fixture.read("jobs/job/receipts/00000000-0000.json");
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!(receipt["objects"][0]["reason"], "invalid-key");
    let outputs = fixture.files().into_keys();
    assert_eq!(outputs.filter(|key| key.starts_with("csv")).count(), 0);
}

#[tokio::test]
async fn a_late_message_of_a_deleted_job_writes_nothing() {
    let fixture = Fixture::with_objects(1);
    let message = message_of(&fixture).await;
    std::fs::remove_dir_all(fixture.output()).unwrap();
    let error = fixture.process(&message.to_string()).await.unwrap_err();
    assert!(matches!(error, Error::NotPlanned { .. }), "{error}");
    assert!(fixture.files().is_empty());
}

#[tokio::test]
async fn a_deleted_job_that_is_started_again_uses_its_new_plan() {
    let fixture = Fixture::with_objects(2);
    let message = message_of(&fixture).await.to_string();
    let processor = fixture.processor();
    fixture.process_on(&processor, &message).await.unwrap();
    std::fs::remove_dir_all(fixture.output()).unwrap();
    std::fs::remove_file(fixture.stash().join("object-0000")).unwrap();
    let mut fixture = fixture;
    fixture.pass_minutes(1);
    assert_eq!(message_of(&fixture).await.to_string(), message);
    fixture.process_on(&processor, &message).await.unwrap();
    assert_eq!(
        fixture.receipt("00000000-0000").objects[0].key,
        "object-0001"
    );
}

#[tokio::test]
async fn a_receipt_lists_the_files_of_its_task() {
    let fixture = Fixture::with_objects(1);
    let text = document(0).replace("NODATA", "NODATA too many fields");
    fixture.put("rejected", &text);
    fixture.put("broken", "{");
    let message = message_of(&fixture).await;
    fixture.process(&message.to_string()).await.unwrap();
    let artifacts = fixture.receipt("00000000-0000").artifacts;
    let files = fixture.files();
    let listed: Vec<_> = (artifacts.iter())
        .map(|artifact| (&*artifact.key, artifact.rows, &*artifact.inputs))
        .collect();
    let expected: [(&str, u64, &[u32]); 3] = [
        ("csv/object-0000.csv.gz", 1, &[1]),
        ("csv/rejected.csv.gz", 0, &[2]),
        ("rejected/rejected.jsonl.gz", 1, &[2]),
    ];
    assert_eq!(listed, expected);
    for artifact in artifacts {
        assert_eq!(artifact.bytes, files[&artifact.key].len() as u64);
    }
}
