//! `process` with each kind of message, valid and invalid.

use rehose_testkit::stash::sample;
use serde_json::{Value, json};

use crate::aws::{Resources, assert_same, batch, given_back};
use crate::job::{Stack, environment};
use crate::runtime_api::Function;

/// An S3 notification, with the key as S3 encodes it
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
pub(crate) fn notification(event: &str, bucket: &str, encoded_key: &str) -> Value {
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2020-02-01T00:15:35.000Z",
        "eventName": event,
        "userIdentity": {"principalId": "AWS:principal"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "new-objects",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "owner"},
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {"key": encoded_key, "size": 2005, "eTag": "tag", "sequencer": "0A1B"},
        },
    }]})
}

/// A message in the envelope of SNS
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>).
fn from_sns(message: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "id",
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:topic",
        "Subject": "Amazon S3 Notification",
        "Message": message.to_string(),
        "Timestamp": "2020-02-01T00:15:36.000Z",
        "SignatureVersion": "1",
    })
}

/// An EventBridge event
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>).
fn from_event_bridge(kind: &str, bucket: &str, key: &str) -> Value {
    json!({
        "version": "0",
        "id": "id",
        "detail-type": kind,
        "source": "aws.s3",
        "account": "000000000000",
        "time": "2020-02-01T00:15:35Z",
        "region": "us-east-1",
        "resources": [format!("arn:aws:s3:::{bucket}")],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 2005, "etag": "tag", "sequencer": "0A1B"},
            "reason": "PutObject",
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn each_message_of_a_batch_succeeds_or_fails_alone() {
    let mut stack = Stack::new().await;
    let source = stack.resources.source.clone();
    let good = sample::object("dialects/encoding/gzip-members");
    for key in [
        "stash/a b+c",
        "stash/sns+1",
        "stash/bridge+1 %2B",
        "stash/bridge+2",
        "stash/processing-failed/x",
        "stash/removed",
        "elsewhere/x",
    ] {
        stack.resources.put(&source, key, good.clone()).await;
    }
    stack
        .resources
        .put(&source, "stash/corrupt", &good[..100])
        .await;

    let created = |key| notification("ObjectCreated:Put", &source, key);
    let test_event = json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2020-02-01T00:00:00.000Z",
        "Bucket": source,
        "RequestId": "id",
        "HostId": "host",
    });
    let messages = [
        (
            "a key with + for a space",
            created("stash/a+b%2Bc").to_string(),
        ),
        (
            "around it SNS",
            from_sns(&created("stash/sns%2B1")).to_string(),
        ),
        (
            "EventBridge, whose keys are as they are",
            from_event_bridge("Object Created", &source, "stash/bridge+1 %2B").to_string(),
        ),
        (
            "SNS around EventBridge",
            from_sns(&from_event_bridge(
                "Object Created",
                &source,
                "stash/bridge+2",
            ))
            .to_string(),
        ),
        ("a test event", test_event.to_string()),
        (
            "around it SNS, a test event",
            from_sns(&test_event).to_string(),
        ),
        (
            "a removal",
            notification("ObjectRemoved:Delete", &source, "stash/removed").to_string(),
        ),
        (
            "a removal by EventBridge",
            from_event_bridge("Object Deleted", &source, "stash/removed").to_string(),
        ),
        (
            "Firehose's failures",
            created("stash/processing-failed/x").to_string(),
        ),
        ("BAD no JSON", "{".to_owned()),
        ("BAD no text", String::new()),
        ("BAD unknown JSON", r#"{"hello": "world"}"#.to_owned()),
        ("BAD no object", "[1]".to_owned()),
        ("BAD half a task", r#"{"task": {"slice": 0}}"#.to_owned()),
        (
            "BAD half a notification",
            r#"{"Records": [{"eventName": "x"}]}"#.to_owned(),
        ),
        (
            "BAD SNS around words",
            from_sns(&json!("words")).to_string(),
        ),
        (
            "BAD outside of the prefix",
            created("elsewhere/x").to_string(),
        ),
        ("BAD a corrupt object", created("stash/corrupt").to_string()),
        (
            "BAD an object that is gone",
            created("stash/gone").to_string(),
        ),
        (
            "BAD another bucket",
            notification("ObjectCreated:Put", &stack.resources.output, "stash/x").to_string(),
        ),
    ];
    let event = batch(messages.iter().map(|(id, body)| (*id, &**body)));
    let back = given_back(&stack.process.invoke(&event).await.unwrap());

    let bad = messages
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| id.starts_with("BAD"));
    assert_eq!(back, bad.collect::<Vec<_>>());
    let csv = ["a b+c", "bridge+1 %2B", "bridge+2", "sns+1"];
    let expected = csv.map(|key| format!("rows/csv/stash/{key}.csv.gz"));
    let mut found = stack.resources.output_keys("rows/").await;
    found.sort();
    assert_eq!(found[..4], expected);
    assert_eq!(found[4..], ["rows/rehose.json"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn objects_that_rehose_wrote_are_refused_as_sources() {
    let resources = Resources::new().await;
    let all = format!("s3://{}/", resources.output);
    let environment = environment(&resources, &[("REHOSE_SOURCES", &all)]);
    let mut process = Function::start("process", &environment).await;
    let good = sample::object("dialects/encoding/gzip-members");
    for key in ["stash/x", "rows/csv/x", "rows/rejected/x", "rows/jobs/x"] {
        resources.put(&resources.output, key, good.clone()).await;
    }

    let created = |key| notification("ObjectCreated:Put", &resources.output, key).to_string();
    let messages = [
        ("BAD csv", created("rows/csv/x")),
        ("BAD rejected", created("rows/rejected/x")),
        ("BAD jobs", created("rows/jobs/x")),
        ("the stash", created("stash/x")),
    ];
    let event = batch(messages.iter().map(|(id, body)| (*id, &**body)));
    let back = given_back(&process.invoke(&event).await.unwrap());
    assert_eq!(back, ["BAD csv", "BAD rejected", "BAD jobs"]);
    let csv = ["rows/csv/stash/x.csv.gz", "rows/csv/x"];
    assert_eq!(resources.output_keys("rows/csv/").await, csv);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_forged_task_is_refused_and_writes_nothing() {
    let mut stack = Stack::new().await;
    let Stack { resources, .. } = &stack;
    let good = sample::object("dialects/encoding/gzip-members");
    for (bucket, key) in [
        (&resources.source, "stash/x"),
        (&resources.source, "elsewhere/x"),
        (&resources.output, "stash/x"),
    ] {
        resources.put(bucket, key, good.clone()).await;
    }
    stack.plan("job").await;
    let before = stack.resources.output("").await;
    let task = stack.resources.receive().await.remove(0).task();

    let changed = |change: &dyn Fn(&mut Value)| {
        let mut task = task.clone();
        change(&mut task);
        task.to_string()
    };
    let messages = [
        (
            "no such slice",
            changed(&|task| task["task"]["slice"] = json!(1)),
        ),
        (
            "no such task",
            changed(&|task| task["task"]["task"] = json!(1)),
        ),
        (
            "no such object",
            changed(&|task| task["task"]["object"] = json!(1)),
        ),
        ("no such job", changed(&|task| task["job"] = json!("other"))),
        (
            "a job id with a path",
            changed(&|task| task["job"] = json!("../job")),
        ),
        (
            "an unknown field",
            changed(&|task| task["then"] = json!("more")),
        ),
        ("a newer version", changed(&|task| task["v"] = json!(1000))),
    ];
    let event = batch(messages.iter().map(|(id, body)| (*id, &**body)));
    let back = given_back(&stack.process.invoke(&event).await.unwrap());
    assert_eq!(back, messages.each_ref().map(|(id, _)| *id));
    assert_same(&stack.resources.output("").await, &before);

    // The objects in a message of an old version are ignored.
    let old = json!({
        "job": task["job"], "task": task["task"], "source": "s3://elsewhere/",
        "output": "s3://elsewhere/", "options": {"format": "message"},
        "objects": [{"key": "elsewhere/x", "bytes": 1}],
    });
    let event = batch([("old", &*old.to_string()), ("good", &*task.to_string())]);
    let back = given_back(&stack.process.invoke(&event).await.unwrap());
    assert_eq!(back, [""; 0]);
    let outputs = stack.resources.output_keys("rows/csv/").await;
    assert_eq!(outputs, ["rows/csv/stash/x.csv.gz"]);
    assert_eq!(stack.check("job").await["state"], "succeeded");

    // A forged plan cannot name keys outside the configured source.
    for (job, keys) in [("outside", ["elsewhere/x"]), ("beside", ["stash-2/x"])] {
        let message = stack.plan_by_hand("job", job, &keys).await;
        assert_eq!(stack.process([&message]).await, ["by-hand"]);
    }
    assert_eq!(stack.resources.output_keys("rows/csv/").await, outputs);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn dots_in_a_key_are_not_path_segments() {
    let mut stack = Stack::new().await;
    let good = sample::object("dialects/encoding/gzip-members");
    for key in ["elsewhere/x", "stash/../y"] {
        stack
            .resources
            .put(&stack.resources.source, key, good.clone())
            .await;
    }
    stack.plan("job").await;
    let keys = ["stash/../y", "stash/../elsewhere/x"];
    let message = stack.plan_by_hand("job", "forged", &keys).await;
    assert_eq!(stack.process([&message]).await, [""; 0]);
    let receipts = stack
        .resources
        .output_keys("rows/jobs/forged/receipts/")
        .await;
    let receipt = stack.resources.output_json(&receipts[0]).await;
    let [y, x] = receipt["objects"].as_array().unwrap().as_slice() else {
        panic!("{receipt}");
    };
    assert_eq!([&y["key"], &y["outcome"]], ["stash/../y", "done"]);
    assert_eq!([&x["key"], &x["reason"]], ["stash/../elsewhere/x", "gone"]);
    let outputs = stack.resources.output_keys("rows/csv/").await;
    assert_eq!(outputs, ["rows/csv/stash/../y.csv.gz"]);
}
