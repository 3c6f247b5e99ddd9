//! Invocations that run out of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::aws::{self, Place, assert_same, batch, given_back};
use crate::job::Stack;
use crate::stash;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_message_without_time_goes_back_and_is_done_when_there_is_some() {
    let mut stack = Stack::new().await;
    stack
        .place
        .put_stash(&stash::objects("dialects/key/"))
        .await;
    stack.plan("job").await;
    let before = stack.place.output("").await;
    let message = stack.place.receive().await.remove(0);
    let event = batch([(&*message.id, &*message.body)]);

    let answer = stack.process.invoke_with(&event, Duration::ZERO).await;
    assert_eq!(given_back(&answer.unwrap()), [message.id]);
    assert_same(&stack.place.output("").await, &before);

    let answer = stack.process.invoke(&event).await;
    assert_eq!(given_back(&answer.unwrap()), [""; 0]);
    assert_eq!(stack.check("job").await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn start_stops_well_before_its_deadline_and_says_where_to_go_on() {
    let mut stack = Stack::with(&[("REHOSE_PAGE", "4")]).await;
    stack
        .place
        .put_stash(&stash::objects("dialects/key/"))
        .await;
    let event = json!({"prefix": "stash/", "job": "job"});
    let time = Duration::from_secs(15);
    let started = stack.start.invoke_with(&event, time).await.unwrap();
    assert_eq!(started["planned"], false);
    assert_eq!(started["sent"]["objects"], 4);
    let keys: Vec<String> = stash::objects("dialects/key/").into_keys().collect();
    assert_eq!(started["cursor"], json!({"slice": 1, "after": keys[3]}));
}

/// Bytes of an object that arrive before it stalls: enough that their rows fill a part of a
/// multipart upload.
const BEFORE_THE_STALL: usize = 16 << 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn an_object_that_stalls_goes_back_and_leaves_no_part_behind() {
    let place = Place::new().await;
    place
        .put(&place.source, "stash/large", large_object())
        .await;
    let stall = Stall::at("stash/large").await;
    let settings = [
        ("REHOSE_OPTIONS", r#"{"format": "message"}"#),
        ("REHOSE_LEVEL", "1"),
        ("AWS_ENDPOINT_URL_S3", &*stall.endpoint),
    ];
    let mut stack = Stack::at(place, &settings).await;
    stack.plan("job").await;
    let before = stack.place.output("").await;
    let message = stack.place.receive().await.remove(0);
    let event = batch([(&*message.id, &*message.body)]);

    let began = async {
        let mut has_begun = false;
        for _ in 0..200 {
            has_begun |= stack.place.uploads().await > 0;
            sleep(Duration::from_millis(50)).await;
        }
        has_begun
    };
    let time = Duration::from_secs(15);
    let (answer, has_begun) = tokio::join!(stack.process.invoke_with(&event, time), began);
    assert!(has_begun, "nothing to leave behind");
    assert_eq!(given_back(&answer.unwrap()), [message.id]);
    assert_eq!(stack.place.uploads().await, 0);
    assert_same(&stack.place.output("").await, &before);

    stall.end();
    let answer = stack.process.invoke(&event).await;
    assert_eq!(given_back(&answer.unwrap()), [""; 0]);
    assert_eq!(stack.check("job").await["state"], "succeeded");
    assert_eq!(stack.place.uploads().await, 0);
}

/// An object that is larger than what arrives of it, and whose messages do not compress.
fn large_object() -> Vec<u8> {
    const MESSAGE: usize = 1_000;
    let mut random = fastrand::Rng::with_seed(1);
    let events = (0..(BEFORE_THE_STALL + (4 << 20)) / MESSAGE).map(|_| {
        let message: String = (0..MESSAGE).map(|_| random.alphanumeric()).collect();
        json!({"id": "1", "timestamp": 1_580_515_200_000_u64, "message": message})
    });
    let events: Vec<String> = events.map(|event| event.to_string()).collect();
    let events = events.join(",");
    // The type comes first: the rows of an envelope are held back until it is known.
    format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{events}]}}"#).into_bytes()
}

/// A way to S3 on which the bytes of one object stop, and no others do.
struct Stall {
    /// Where it begins.
    endpoint: String,
    over: Arc<AtomicBool>,
}

impl Stall {
    async fn at(key: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let s3 = aws::endpoint();
                let s3 = TcpStream::connect(s3.trim_start_matches("http://"))
                    .await
                    .unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_s3, to_s3) = s3.into_split();
                let asked = Arc::new(AtomicBool::new(false));
                tokio::spawn(hand_requests(from_client, to_s3, key, Arc::clone(&asked)));
                tokio::spawn(hand_answers(
                    from_s3,
                    to_client,
                    asked,
                    Arc::clone(&is_over),
                ));
            }
        });
        Self { endpoint, over }
    }

    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Hands on what a client asks, and notes when it asks for the object.
async fn hand_requests(
    mut client: OwnedReadHalf,
    mut s3: OwnedWriteHalf,
    key: &str,
    asked: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = client.read(&mut bytes).await {
        let line = String::from_utf8_lossy(&bytes[..length.min(200)]).into_owned();
        let of_object = line.starts_with("GET ") && line.contains(key);
        asked.store(of_object, Ordering::Relaxed);
        if s3.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

/// Hands on what S3 answers, but of the object only the beginning until the stall is over.
async fn hand_answers(
    mut s3: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    asked: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 64 << 10];
    let mut handed = 0;
    while let Ok(length @ 1..) = s3.read(&mut bytes).await {
        if asked.load(Ordering::Relaxed) {
            handed += length;
        }
        while handed > BEFORE_THE_STALL && !is_over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(50)).await;
        }
        if client.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
