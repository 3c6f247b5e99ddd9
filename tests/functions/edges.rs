//! Terminations by Lambda, and events and responses of the largest size.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use rehose_testkit::stash::{self, sample};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::aws::{Resources, batch, given_back};
use crate::job::{Stack, environment};
use crate::network::{Fault, Network};
use crate::runtime_api::Function;

/// The maximum size of an event and of a response in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// The maximum number of messages in an event
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>).
const MAX_MESSAGES: usize = 10_000;

const SIGTERM: i32 = 15;

/// An id of the length of SQS's.
fn id(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn only_the_bad_messages_of_the_largest_event_are_returned() {
    let network = Network::new().await;
    let mut stack = Stack::with(&[("AWS_ENDPOINT_URL", &*network.endpoint)]).await;
    stack
        .resources
        .put_stash(&sample::objects("dialects/key/"))
        .await;
    stack.plan("job").await;
    let task = stack.resources.receive().await.remove(0).body;

    // Hundreds of deliveries of one task, thousands of test events, and one bad message.
    let messages = (0..MAX_MESSAGES).map(|number| {
        let body = match number {
            5_000 => "{",
            number if number % 25 == 0 => &*task,
            _ => r#"{"Event": "s3:TestEvent", "Service": "Amazon S3"}"#,
        };
        (id(number), body)
    });
    let messages: Vec<(String, &str)> = messages.collect();
    let mut event = batch(messages.iter().map(|(id, body)| (&**id, *body)));
    event["unknown"] = json!({"of": ["any", {"shape": null}]});
    let records = event["Records"].as_array_mut().unwrap();
    let padding = "x".repeat(MAX_PAYLOAD / MAX_MESSAGES);
    for record in &mut *records {
        record["unknown"] = json!({"padding": padding});
    }
    assert!(event.to_string().len() > MAX_PAYLOAD);

    let answer = stack.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), [id(5_000)]);
    assert_eq!(stack.check("job").await["state"], "succeeded");
    // Lambda limits a function to 1,024 open files and connections. A connection that is being closed counts too.
    let most = network.most_at_once();
    assert!((2..=512).contains(&most), "{most} connections at once");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn responses_stay_within_the_limit_of_lambda() {
    let mut stack = Stack::new().await;
    // The response of `process` is largest when it returns every message.
    let ids: Vec<String> = (0..MAX_MESSAGES).map(id).collect();
    let event = batch(ids.iter().map(|id| (&**id, "{")));
    let answer = stack.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), ids);
    let size = stack.process.last_answer;
    assert!(size < MAX_PAYLOAD / 6, "{size} bytes");

    // An error quotes the beginning of a bad value.
    let long = "\u{1}é".repeat(MAX_PAYLOAD / 4);
    let wrong: Value = json!([
        {"job": "job", "prefix": "stash/", "cursor": long},
        {"job": "job", "prefix": "stash/", long.clone(): 1},
        {"job": long, "prefix": "stash/"},
        {"job": "job", "prefix": long},
        {"job": "job", "prefix": "stash/", "options": {"message_regex": long}},
        {"job": "job", "prefix": "stash/", "exclude": [format!("[{long}")]},
    ]);
    for event in wrong.as_array().unwrap() {
        let refusal = stack.start.invoke(event).await.unwrap_err();
        assert_eq!(refusal.kind, "InvalidInput", "{}", refusal.message);
        assert!(
            stack.start.last_answer < 32_768,
            "{}",
            stack.start.last_answer
        );
    }
    let body = json!({"task": long}).to_string();
    let answer = stack.process.invoke(&batch([("long", &*body)])).await;
    assert_eq!(given_back(&answer.unwrap()), ["long"]);

    // Other responses of `start` and `check` do not grow with the job.
    let job = "j".repeat(64);
    let key = format!("stash/{}", "k".repeat(1_018));
    stack.resources.put(&stack.resources.source, &key, "").await;
    stack.plan(&job).await;
    assert!(stack.start.last_answer < 8 * 1024);
    stack.check(&job).await;
    assert!(stack.check.last_answer < 8 * 1024);
    let log = stack.process.stopped().await;
    let longest = log.iter().map(String::len).max();
    assert!(longest < Some(32_768), "a line of {longest:?} bytes");
}

/// Lambda sends SIGTERM before it kills a function that has an extension. No invocation is running
/// then, unless the function has failed
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_function_that_is_terminated_ends_at_once() {
    let stack = Stack::new().await;
    let Stack {
        start,
        process,
        check,
        ..
    } = stack;
    for mut function in [start, process, check] {
        function.invoke(&json!({})).await.unwrap_err();
        assert_eq!(function.terminated().await.signal(), Some(SIGTERM));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_function_terminated_during_an_object_writes_no_object() {
    let resources = Resources::new().await;
    let large = stash::incompressible(20 << 20);
    resources.put(&resources.source, "stash/large", large).await;
    let network = Network::new().await;
    network.fault(
        "GET",
        "stash/large",
        0..usize::MAX,
        Fault::StallAnswer(16 << 20),
    );
    let settings = [
        ("REHOSE_OPTIONS", r#"{"format": "message"}"#),
        ("AWS_ENDPOINT_URL", &*network.endpoint),
    ];
    let mut stack = Stack::at(resources, &settings).await;
    stack.plan("job").await;
    let before = stack.resources.output_keys("").await;
    let message = stack.resources.receive().await.remove(0);
    let event = batch([(&*message.id, &*message.body)]);

    let next = Function::start("process", &environment(&stack.resources, &settings)).await;
    let process = std::mem::replace(&mut stack.process, next);
    let has_begun = async {
        while stack.resources.uploads().await == 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let ended = process.terminated_during(&event, has_begun).await;
    assert_eq!(ended.signal(), Some(SIGTERM));
    assert_eq!(stack.resources.output_keys("").await, before);

    network.heal();
    let answer = stack.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), [""; 0]);
    assert_eq!(stack.check("job").await["state"], "succeeded");
    // The uploaded parts are not visible, and the bucket's lifecycle rule removes them.
    assert_eq!(stack.resources.uploads().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn decompression_bombs_are_returned_before_the_deadline() {
    let resources = Resources::new().await;
    // Half a terabyte of spaces, and half a billion empty members.
    let spaces = stash::gzip(stash::gzip([b' '; 1 << 20]).repeat(1 << 10));
    let nothing = stash::gzip(stash::gzip("").repeat(1 << 16));
    let good = sample::object("dialects/encoding/gzip-members");
    for (key, object) in [
        ("bomb-of-nothing", stash::gzip(nothing.repeat(1 << 13))),
        ("bomb-of-spaces", stash::gzip(spaces.repeat(1 << 9))),
        ("good", good),
    ] {
        assert!(object.len() < 1 << 20, "{key} has {} bytes", object.len());
        resources
            .put(&resources.source, &format!("stash/{key}"), object)
            .await;
    }
    let created = |key: &str| {
        let bucket = json!({"name": resources.source});
        let s3 = json!({"bucket": bucket, "object": {"key": format!("stash/{key}")}});
        json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": s3}]}).to_string()
    };
    let messages = ["bomb-of-nothing", "bomb-of-spaces", "good"].map(|key| (key, created(key)));
    let event = batch(messages.iter().map(|(id, body)| (*id, &**body)));
    let settings = environment(&resources, &[("REHOSE_CONCURRENCY", "3")]);
    let mut process = Function::start("process", &settings).await;

    // The second call would be slower if a thread still worked on the first.
    for _ in 0..2 {
        let time = Duration::from_secs(12);
        let deadline = Instant::now() + time;
        let answer = process.invoke_with(&event, time).await.unwrap();
        assert!(Instant::now() < deadline, "Lambda would have killed it");
        assert_eq!(given_back(&answer), ["bomb-of-nothing", "bomb-of-spaces"]);
    }
    let csv = resources.output_keys("rows/csv/").await;
    assert_eq!(csv, ["rows/csv/stash/good.csv.gz"]);
    let log = process.stopped().await.join("\n");
    for key in ["bomb-of-nothing", "bomb-of-spaces"] {
        let words = format!(
            "time ran out while s3://{}/stash/{key} was",
            resources.source
        );
        assert!(log.contains(&words), "{log}");
    }
}
