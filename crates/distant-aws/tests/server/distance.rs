//! The delay, and what is counted.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio::join;

use crate::bucket;

/// Sends a request that AWS does not have.
fn private(port: u16, request: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    #[allow(clippy::disallowed_methods, reason = "the answer is small")]
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_after_the_delay_and_no_request_waits_for_another() {
    const DELAY: Duration = Duration::from_millis(1_500);
    let (client, port) = bucket("bucket").await;
    private(port, "PUT /-/delay/1500");
    let put = |key| {
        let request = client.put_object().bucket("bucket").key(key);
        request.body(vec![0; 1_000_000].into()).send()
    };
    let begun = Instant::now();
    let (a, b, c) = join!(put("a"), put("b"), put("c"));
    let taken = begun.elapsed();
    for answer in [a, b, c] {
        answer.unwrap();
    }
    assert!(taken >= DELAY, "{taken:?}");

    private(port, "PUT /-/delay/0");
    let statistics = private(port, "GET /-/statistics");
    let expected = r#"{"requests":{"CreateBucket":1,"PutObject":3},"peak_in_flight":3}"#;
    assert_eq!(statistics, expected);
    let expected = r#"{"requests":{},"peak_in_flight":0}"#;
    assert_eq!(private(port, "GET /-/statistics"), expected);
}
