//! Invocations that reach their deadline.

use std::time::Duration;

use rehose_testkit::stash::{self, sample};
use serde_json::json;
use tokio::time::sleep;

use crate::aws::{Resources, assert_same, batch, given_back};
use crate::job::Stack;
use crate::network::{Fault, Network};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_message_without_time_is_returned_and_processed_later() {
    let mut stack = Stack::new().await;
    stack
        .resources
        .put_stash(&sample::objects("dialects/key/"))
        .await;
    stack.plan("job").await;
    let before = stack.resources.output("").await;
    let message = stack.resources.receive().await.remove(0);
    let event = batch([(&*message.id, &*message.body)]);

    let answer = stack.process.invoke_with(&event, Duration::ZERO).await;
    assert_eq!(given_back(&answer.unwrap()), [message.id]);
    assert_same(&stack.resources.output("").await, &before);

    let answer = stack.process.invoke(&event).await;
    assert_eq!(given_back(&answer.unwrap()), [""; 0]);
    assert_eq!(stack.check("job").await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn start_stops_before_its_deadline_and_returns_a_cursor() {
    let mut stack = Stack::with(&[("REHOSE_PAGE", "4")]).await;
    stack
        .resources
        .put_stash(&sample::objects("dialects/key/"))
        .await;
    let event = json!({"prefix": "stash/", "job": "job"});
    let time = Duration::from_secs(15);
    let started = stack.start.invoke_with(&event, time).await.unwrap();
    assert_eq!(started["planned"], false);
    assert_eq!(started["sent"]["objects"], 4);
    let keys: Vec<String> = sample::objects("dialects/key/").into_keys().collect();
    assert_eq!(started["cursor"], json!({"slice": 1, "after": keys[3]}));
}

/// The bytes of an object before it stalls. Their rows fill a part of a multipart upload.
const BEFORE_THE_STALL: usize = 16 << 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_stalled_object_is_returned_and_its_upload_aborted() {
    let resources = Resources::new().await;
    let large = stash::incompressible(BEFORE_THE_STALL + (4 << 20));
    resources.put(&resources.source, "stash/large", large).await;
    let network = Network::new().await;
    let stall = Fault::StallAnswer(BEFORE_THE_STALL);
    network.fault("GET", "stash/large", 0..usize::MAX, stall);
    let settings = [
        ("REHOSE_OPTIONS", r#"{"format": "message"}"#),
        ("REHOSE_LEVEL", "1"),
        ("AWS_ENDPOINT_URL_S3", &*network.endpoint),
    ];
    let mut stack = Stack::at(resources, &settings).await;
    stack.plan("job").await;
    let before = stack.resources.output("").await;
    let message = stack.resources.receive().await.remove(0);
    let event = batch([(&*message.id, &*message.body)]);

    let began = async {
        let mut has_begun = false;
        for _ in 0..200 {
            has_begun |= stack.resources.uploads().await > 0;
            sleep(Duration::from_millis(50)).await;
        }
        has_begun
    };
    let time = Duration::from_secs(15);
    let (answer, has_begun) = tokio::join!(stack.process.invoke_with(&event, time), began);
    assert!(has_begun, "nothing to leave behind");
    assert_eq!(given_back(&answer.unwrap()), [message.id]);
    assert_eq!(stack.resources.uploads().await, 0);
    assert_same(&stack.resources.output("").await, &before);

    network.heal();
    let answer = stack.process.invoke(&event).await;
    assert_eq!(given_back(&answer.unwrap()), [""; 0]);
    assert_eq!(stack.check("job").await["state"], "succeeded");
    assert_eq!(stack.resources.uploads().await, 0);
}
