//! The bad days of S3's copies.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use rehose_store::{Store, StoreErrorKind};
use tokio::time::Instant;

use crate::s3::{error_body, store, store_over};
use crate::{answer, network};

fn copied() -> HttpResponse {
    answer(200, "<CopyObjectResult><ETag>tag</ETag></CopyObjectResult>")
}

fn is_copy(request: &HttpRequest) -> bool {
    request.method() == "PUT" && request.headers().contains_key("x-amz-copy-source")
}

/// The answer to `HEAD` for an object of a size.
fn head(bytes: u64) -> HttpResponse {
    let mut response = answer(200, "");
    let headers = response.headers_mut();
    headers.insert("content-length", bytes.to_string());
    headers.insert("last-modified", "Sat, 01 Feb 2020 00:00:00 GMT");
    response
}

#[tokio::test]
async fn a_copy_names_its_source_in_the_letters_of_a_url() {
    for (key, encoded) in [
        ("a/b-c_d.e~f", "a/b-c_d.e~f"),
        ("a b+c%2Fd", "a%20b%2Bc%252Fd"),
        ("x=1/y?versionId=z&#", "x%3D1/y%3FversionId%3Dz%26%23"),
        ("é\u{1}", "%C3%A9%01"),
    ] {
        let store = store(move |request| {
            assert!(is_copy(&request));
            let source = request.headers().get("x-amz-copy-source").unwrap();
            assert_eq!(source, format!("bucket/root/{encoded}"));
            assert!(request.uri().contains("/root/to"), "{}", request.uri());
            copied()
        });
        store.publish(key, "to").await.unwrap();
    }
}

#[tokio::test]
async fn a_copy_that_says_200_and_fails_is_an_error() {
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n  \n";
    for body in [
        error_body("InternalError"),
        format!("{xml}{}", error_body("SlowDown")),
        // S3 keeps the connection alive with white space and may break off after it.
        xml.to_owned(),
        " ".to_owned(),
        String::new(),
    ] {
        let store = store(move |_| answer(200, body.clone()));
        let error = store.publish("from", "to").await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Transient, "{error}");
        assert_eq!(error.operation, "publish");
        assert_eq!(error.url, "s3://bucket/root/to");
    }
}

#[tokio::test]
async fn a_copy_that_fails_is_made_again() {
    for failure in [
        || answer(200, error_body("InternalError")),
        || answer(200, error_body("SlowDown")),
        || answer(503, error_body("SlowDown")),
    ] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let network = network(move |_| match counted.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => failure(),
            _ => copied(),
        });
        let store = store_over(network, retries);
        store.publish("from", "to").await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 3);
    }
}

#[tokio::test]
async fn a_source_that_is_gone_is_no_loss_if_it_was_published() {
    use StoreErrorKind::{NotFound, Transient};
    for (status, expected) in [(200, None), (404, Some(NotFound)), (503, Some(Transient))] {
        let store = store(move |request| match is_copy(&request) {
            true => answer(404, error_body("NoSuchKey")),
            false if status == 200 => head(7),
            false => answer(status, ""),
        });
        let published = store.publish("from", "to").await;
        assert_eq!(published.as_ref().err().map(|error| error.kind), expected);
        if let Some(NotFound) = expected {
            let text = "cannot publish s3://bucket/root/from: NoSuchKey: words";
            assert_eq!(published.unwrap_err().to_string(), text);
        }
    }
}

#[tokio::test]
async fn an_object_that_s3_does_not_copy_is_too_large() {
    const MOST: u64 = 5_368_709_120;
    for (bytes, kind, url) in [
        (MOST, StoreErrorKind::Transient, "s3://bucket/root/to"),
        (MOST + 1, StoreErrorKind::TooLarge, "s3://bucket/root/from"),
    ] {
        let store = store(move |request| match is_copy(&request) {
            true => answer(400, error_body("InvalidRequest")),
            false => head(bytes),
        });
        let error = store.publish("from", "to").await.unwrap_err();
        assert_eq!((error.kind, error.url.as_str()), (kind, url));
    }
}

#[derive(Debug)]
struct Silence;

impl HttpConnector for Silence {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_never_answered_ends() {
    let silence = SharedHttpConnector::new(Silence);
    let network = http_client_fn(move |_, _| silence.clone());
    let store = store_over(network, RetryConfig::disabled());
    let begin = Instant::now();
    let error = store.publish("from", "to").await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Transient, "{error}");
    // Five gigabytes take minutes.
    assert!(begin.elapsed() >= Duration::from_secs(5 * 60));
}
