//! New objects that are converted without a job.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use rehose_testkit::output::lines;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use serde_json::{Value, json};

use crate::deployed::{Deployed, LIVE, fresh, impatient, live, stack, wait_for};
use crate::parquet::rows_of;

/// Waits for the rows of an object.
async fn rows(stack: &Deployed, key: &str) -> Vec<String> {
    let csv = format!("csv/{key}.csv.gz");
    lines(&wait_for(&csv, async || stack.get(&csv).await).await)
}

/// An S3 notification, with the key as S3 encodes it.
fn notification(bucket: &str, key: &str) -> Value {
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}},
    }]})
}

#[tokio::test]
async fn a_new_object_is_converted_without_a_job() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let folder = format!("logs/{}", fresh("new"));
    let mut expected = BTreeMap::new();
    for (i, name) in (0..).zip(["plain", "a b+c%2Fd &é=東京"]) {
        let key = format!("{folder}/{name}");
        stack.put(&key, &gzip(envelope(&[event(i, FLOW)]))).await;
        let file = format!("parquet/{key}.parquet");
        wait_for(&file, async || stack.get(&file).await).await;
        let row = format!("1970-01-01T00:00:00.00{i}Z,{}", FLOW.replace(' ', ","));
        expected.insert(key, vec![row]);
    }
    assert_eq!(rows_of(&stack, &format!("{folder}/")).await, expected);
}

#[tokio::test]
async fn objects_of_every_kind_of_event_are_converted() {
    let stack = stack().await;
    let folder = format!("logs/{}", fresh("events"));
    let bucket = &stack.source;
    let through_sns = |event: Value| json!({"Type": "Notification", "Message": event.to_string()});
    let through_event_bridge = |key: &str| {
        json!({
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}},
        })
    };
    let sent = [
        ("plain", notification(bucket, &format!("{folder}/plain"))),
        (
            "a b+c%2Fd é",
            notification(bucket, &format!("{folder}/a+b%2Bc%252Fd+%C3%A9")),
        ),
        (
            "sns é",
            through_sns(notification(bucket, &format!("{folder}/sns+%C3%A9"))),
        ),
        (
            "bus +é%41",
            through_event_bridge(&format!("{folder}/bus +é%41")),
        ),
    ];
    let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket});
    for event in [test.clone(), through_sns(test)] {
        stack.send("RealtimeQueueUrl", event.to_string()).await;
    }
    for (i, (name, message)) in (0..).zip(&sent) {
        let object = gzip(envelope(&[event(i, FLOW)]));
        stack.put(&format!("{folder}/{name}"), &object).await;
        stack.send("RealtimeQueueUrl", message.to_string()).await;
    }
    for (i, (name, _)) in sent.iter().enumerate() {
        let rows = rows(&stack, &format!("{folder}/{name}")).await;
        assert_eq!(rows.len(), 2, "{name}: {rows:?}");
        assert!(
            rows[1].starts_with(&format!("1970-01-01T00:00:00.00{i}Z,2,")),
            "{name}: {rows:?}"
        );
    }
    let done = stack.written(&format!("csv/{folder}/")).await;
    assert_eq!(done.len(), sent.len(), "{done:?}");
}

#[tokio::test]
async fn an_unknown_event_ends_in_the_dead_letter_queue() {
    let stack = impatient().await;
    let (queue, dead) = ("RealtimeQueueUrl", "RealtimeDeadLetterQueueUrl");
    // The deployed timeout would put a minute between each of the five attempts.
    stack
        .set(queue, QueueAttributeName::VisibilityTimeout, "2")
        .await;
    let unknown = json!({"an event": fresh("unknown")}).to_string();
    stack.send(queue, &unknown).await;
    let url = stack.output_of(dead);
    let found = wait_for("the message in the dead-letter queue", async || {
        let request = stack.sqs.receive_message().queue_url(url);
        let answer = request.max_number_of_messages(10).send().await.unwrap();
        let mut messages = answer.messages.unwrap_or_default().into_iter();
        messages.find(|message| message.body() == Some(&unknown))
    })
    .await;
    let request = stack.sqs.delete_message().queue_url(url);
    let request = request.set_receipt_handle(found.receipt_handle);
    request.send().await.unwrap();
    assert_eq!(stack.counters(queue).await[0], 0);
}
