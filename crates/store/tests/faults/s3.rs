//! S3's bad days.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Config, Region, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures::TryStreamExt;
use rehose_store::aws::S3Store;
use rehose_store::{Put, Store, StoreError, StoreErrorKind};

use crate::{answer, credentials, network, query};

/// More than a part, so that the object goes up in two.
const TWO_PARTS: usize = 9 * 1024 * 1024;

pub(crate) fn store(
    script: impl Fn(HttpRequest) -> HttpResponse + Send + Sync + 'static,
) -> S3Store {
    store_over(network(script), RetryConfig::disabled())
}

pub(crate) fn store_over(network: SharedHttpClient, retries: RetryConfig) -> S3Store {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .retry_config(retries)
        .http_client(network)
        .build();
    S3Store::new(Client::from_conf(config), "bucket", "root/")
}

pub(crate) fn error_body(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>words</Message><RequestId>id</RequestId></Error>")
}

async fn read_error(status: u16, code: &str) -> StoreError {
    let body = error_body(code);
    let store = store(move |_| answer(status, body.clone()));
    store.read("a").await.err().unwrap()
}

#[tokio::test]
async fn every_error_has_its_kind_and_its_words() {
    use StoreErrorKind::{Archived, Denied, InvalidKey, NotFound, TooLarge, Transient};
    for (status, code, kind) in [
        (404, "NoSuchKey", NotFound),
        (404, "NoSuchBucket", NotFound),
        (404, "SomethingElse", NotFound),
        (404, "NoSuchUpload", Transient),
        (403, "AccessDenied", Denied),
        (403, "InvalidAccessKeyId", Denied),
        (403, "RequestTimeTooSkewed", Transient),
        (403, "InvalidObjectState", Archived),
        (400, "KMS.DisabledException", Denied),
        (400, "KMS.ThrottlingException", Transient),
        (400, "KeyTooLongError", InvalidKey),
        (400, "EntityTooLarge", TooLarge),
        (400, "ExpiredToken", Transient),
        (500, "InternalError", Transient),
        (503, "SlowDown", Transient),
    ] {
        let error = read_error(status, code).await;
        assert_eq!(error.kind, kind, "{code}");
        // No request id: two equal failures have equal words.
        let text = format!("cannot read s3://bucket/root/a: {code}: words");
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn a_head_without_words_goes_by_its_status() {
    let head = |status| async move { store(move |_| answer(status, "")).head("a").await };
    assert_eq!(head(404).await.unwrap(), None);
    assert_eq!(head(403).await.unwrap_err().kind, StoreErrorKind::Denied);
    assert_eq!(head(503).await.unwrap_err().kind, StoreErrorKind::Transient);
}

#[tokio::test]
async fn a_body_that_ends_early_is_an_error() {
    let store = store(|_| {
        let mut response = answer(200, "short");
        response.headers_mut().insert("content-length", "10");
        response
    });
    let body = store.read("a").await.unwrap();
    let error = body.try_collect::<Vec<Bytes>>().await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Transient);
    assert_eq!(error.url, "s3://bucket/root/a");
}

#[tokio::test]
async fn a_listing_is_asked_for_by_key_and_read_as_it_is_encoded() {
    for (encoding, key) in [
        ("<EncodingType>url</EncodingType>", "root/a+b%2Bc%00%C3%A9"),
        ("", "root/a b+c\u{fffd}"),
    ] {
        let store = store(move |request| {
            let query = query(&request);
            for wanted in ["prefix=root%2Fa", "start-after=root%2Fa", "max-keys=7"] {
                assert!(query.contains(wanted), "{query}");
            }
            assert!(!query.contains("continuation-token"));
            answer(
                200,
                format!(
                    "<ListBucketResult>{encoding}<IsTruncated>true</IsTruncated><Contents>\
                     <Key>{key}</Key><LastModified>2020-02-01T00:00:00.000Z</LastModified><Size>7</Size><ETag>&quot;5d41-2&quot;</ETag></Contents>\
                     </ListBucketResult>"
                ),
            )
        });
        let page = store.list("a", Some("a"), 7).await.unwrap();
        let expected = if encoding.is_empty() {
            "a b+c\u{fffd}"
        } else {
            "a b+c\0é"
        };
        assert_eq!(page.objects[0].key, expected);
        assert_eq!(page.objects[0].tag, "5d41-2");
        assert!(page.more);
    }
}

#[tokio::test]
async fn a_listing_that_cannot_be_read_is_an_error() {
    for contents in [
        "<Key>root/%FF</Key><LastModified>2020-02-01T00:00:00.000Z</LastModified><Size>1</Size><ETag>e</ETag>",
        "<Key>elsewhere</Key><LastModified>2020-02-01T00:00:00.000Z</LastModified><Size>1</Size><ETag>e</ETag>",
        "<Key>root/a</Key><LastModified>2020-02-01T00:00:00.000Z</LastModified><ETag>e</ETag>",
        "<Key>root/a</Key><Size>1</Size><ETag>e</ETag>",
        "<Key>root/a</Key><Size>1</Size>",
    ] {
        let store = store(move |_| {
            answer(
                200,
                format!(
                    "<ListBucketResult><EncodingType>url</EncodingType><Contents>{contents}\
                     </Contents></ListBucketResult>"
                ),
            )
        });
        let error = store.list("", None, 7).await.unwrap_err();
        assert!(
            error
                .reason
                .contains("lacks a key, a size, an ETag or a time"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_put_that_meets_another_is_made_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let store = store(move |request| {
        assert_eq!(request.headers().get("if-none-match").unwrap(), "*");
        match counted.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => answer(409, error_body("ConditionalRequestConflict")),
            2 => answer(200, ""),
            3 => answer(412, error_body("PreconditionFailed")),
            _ => answer(409, error_body("ConditionalRequestConflict")),
        }
    });
    let put = || store.put_if_absent("a", Bytes::new());
    assert_eq!(put().await.unwrap(), Put::Created);
    assert_eq!(put().await.unwrap(), Put::Exists);
    let error = put().await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Transient);
    assert!(error.reason.starts_with("ConditionalRequestConflict"));
    assert_eq!(calls.load(Ordering::Relaxed), 4 + 6);
}

/// A bucket that takes an upload in parts and answers two of its calls as told; and what it saw.
fn bucket(
    second_part: impl Fn() -> HttpResponse + Send + Sync + 'static,
    completion: impl Fn() -> HttpResponse + Send + Sync + 'static,
) -> (S3Store, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let calls = seen.clone();
    let store = store(move |request| {
        let query = query(&request);
        let (call, response) = if query.contains("partNumber=1") {
            ("part 1", part("first"))
        } else if query.contains("partNumber=2") {
            ("part 2", second_part())
        } else if request.method() == "DELETE" {
            ("abort", answer(204, ""))
        } else if query.contains("uploadId=id") {
            let body = request.body().bytes().unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            calls.lock().unwrap().push(body);
            ("complete", completion())
        } else {
            let body = "<R><UploadId>id</UploadId></R>";
            let body = body.replace('R', "InitiateMultipartUploadResult");
            ("begin", answer(200, body))
        };
        calls.lock().unwrap().push(call.to_owned());
        response
    });
    (store, seen)
}

fn part(tag: &str) -> HttpResponse {
    let mut response = answer(200, "");
    response.headers_mut().insert("etag", tag.to_owned());
    let sum = format!("{tag} sum");
    response.headers_mut().insert("x-amz-checksum-crc32", sum);
    response
}

fn completed() -> HttpResponse {
    let body = "<R><ETag>tag</ETag></R>";
    answer(200, body.replace('R', "CompleteMultipartUploadResult"))
}

async fn write_two_parts(store: &S3Store) -> Result<u64, StoreError> {
    let mut upload = store.write("a").await?;
    upload.write(vec![0; TWO_PARTS].into()).await?;
    upload.complete().await
}

#[tokio::test]
async fn the_parts_are_named_with_their_checksums() {
    let (store, seen) = bucket(|| part("second"), completed);
    assert_eq!(write_two_parts(&store).await.unwrap(), TWO_PARTS as u64);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[..3], ["begin", "part 1", "part 2"]);
    let named = [("first", 1), ("second", 2)].map(|(tag, number)| {
        [
            format!("<ETag>{tag}</ETag>"),
            format!("<ChecksumCRC32>{tag} sum</ChecksumCRC32>"),
            format!("<PartNumber>{number}</PartNumber>"),
        ]
    });
    for element in named.as_flattened() {
        assert!(seen[3].contains(element), "{}", seen[3]);
    }
    assert_eq!(seen[4..], ["complete"]);
}

#[tokio::test]
async fn an_upload_that_cannot_go_on_is_aborted() {
    let (store, seen) = bucket(|| answer(403, error_body("AccessDenied")), completed);
    let mut upload = store.write("a").await.unwrap();
    let error = upload
        .write(vec![0; 2 * TWO_PARTS].into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
    assert_eq!(seen.lock().unwrap().last().unwrap(), "abort");
    let error = upload.complete().await.unwrap_err();
    assert!(error.to_string().contains("earlier write"), "{error}");
    assert_eq!(seen.lock().unwrap().last().unwrap(), "abort");
}

#[tokio::test]
async fn a_completion_that_says_200_and_fails_is_an_error() {
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n  \n";
    for body in [
        error_body("InternalError"),
        format!("{xml}{}", error_body("InternalError")),
        // S3 keeps the connection alive with white space and may break off after it.
        xml.to_owned(),
        " ".to_owned(),
        String::new(),
    ] {
        let (store, seen) = bucket(|| part("second"), move || answer(200, body.clone()));
        let error = write_two_parts(&store).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Transient, "{error}");
        assert_eq!(seen.lock().unwrap().last().unwrap(), "abort");
    }
}

#[tokio::test]
async fn an_upload_dropped_half_way_is_aborted() {
    let (store, seen) = bucket(|| part("second"), completed);
    let mut upload = store.write("a").await.unwrap();
    upload.write(vec![0; TWO_PARTS].into()).await.unwrap();
    drop(upload);
    while seen.lock().unwrap().last().unwrap() != "abort" {
        tokio::task::yield_now().await;
    }
}
