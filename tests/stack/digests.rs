//! A digest of a stack: claimed by whoever asks, and made by the state machine.

use std::sync::Arc;

use jiff::Timestamp;
use rehose_extract::Options;
use rehose_reprocess::digest::{DigestFile, DigestRequest, DigestState, Digests, Requested};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{Digest, MaxRejected};
use rehose_store::StoreName;
use rehose_store::aws::S3Store;
use rehose_testkit::stash::{envelope, event, gzip};
use serde_json::json;

use crate::deployed::{LIVE, fresh, live};

#[tokio::test]
async fn a_digest_is_claimed_made_by_an_execution_and_proven() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let prefix = format!("logs/{}/", fresh("digest"));
    let from: Timestamp = "2020-01-01T08:00:00Z".parse().unwrap();
    let flow = |address: &str, start: i64| {
        let end = start + 60;
        let message = format!(
            "2 123456789012 eni-0 {address} 10.0.0.9 50000 443 6 1 40 {start} {end} ACCEPT OK"
        );
        event(start * 1_000, &message)
    };
    // One record of each object is before the window.
    for object in 0..3 {
        let start = from.as_second();
        let events = [
            flow("10.0.0.1", start + object),
            flow("10.0.0.2", start - 1),
        ];
        let key = format!("{prefix}2020/01/01/08/{object}");
        stack.put(&key, &gzip(envelope(&events))).await;
    }

    let output = S3Store::new(stack.s3.clone(), &stack.output, "");
    let digests = Digests::new(Arc::new(output), Vec::new());
    let request = DigestRequest {
        source: StoreName::of_bucket(&stack.source),
        prefix: prefix.clone(),
        exclude: Vec::new(),
        errors: ErrorRecords::default(),
        max_rejected: MaxRejected::default(),
        digest: Digest {
            files: vec![DigestFile::Parquet, DigestFile::Csv],
            ..Digest::of(from, "2020-01-01T09:00:00Z".parse().unwrap())
        },
        options: Options::default(),
    };
    let requested = digests.request(&request, false, Timestamp::now()).await;
    let Requested::Claimed(claim) = requested.unwrap() else {
        panic!("nobody else has asked");
    };
    let input = json!({
        "prefix": prefix,
        "max_rejected": claim.max_rejected,
        "options": claim.options,
        "digest": claim.digest,
    });
    let execution = stack.start(claim.job.to_string(), input).await;
    assert_eq!(execution.end().await.output()["state"], "succeeded");

    let DigestState::Ready(proof) = digests.recorded(claim.id).await.unwrap() else {
        panic!("it is there");
    };
    assert_eq!((proof.records.inside, proof.records.outside), (3, 3));
    assert_eq!((proof.rows, proof.read.get("bytes")), (1, 120));
    assert_eq!(proof.read, proof.written);
    for file in &proof.files {
        let stored = stack.get(&file.key).await.unwrap();
        assert_eq!(stored.len() as u64, file.bytes);
    }
}
