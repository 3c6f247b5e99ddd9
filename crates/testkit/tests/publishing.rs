//! Publishing in a simulated bucket, with its faults.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::cloud::bucket::{Behaviour, Bucket, Client, StoredObject};
use rehose_testkit::cloud::chance::{Chance, Fault};
use rehose_testkit::cloud::sandbox::Sandbox;

fn place(bucket: &Bucket, key: &str, body: &'static str, behaviour: Behaviour) {
    let body = Bytes::from_static(body.as_bytes());
    bucket.place(key, StoredObject { body, behaviour });
}

fn client(bucket: &Arc<Bucket>, chance: &Arc<Chance>) -> Client {
    Client::new(bucket, &Sandbox::new("test".to_owned(), chance))
}

#[tokio::test(start_paused = true)]
async fn an_object_is_published_whole_whatever_strikes() {
    let mut struck = BTreeSet::new();
    for seed in 0..200 {
        let chance = Chance::of(seed);
        let bucket = Bucket::new("bucket", 4, &chance);
        let client = client(&bucket, &chance);
        let content = || bucket.look(|contents| contents.objects["a"].body.clone());
        place(&bucket, "draft", "new", Behaviour::Plain);
        for _ in 0..20 {
            place(&bucket, "a", "old", Behaviour::Plain);
            while let Err(error) = client.publish("draft", "a").await {
                assert_eq!(error.kind, StoreErrorKind::Transient, "{error}");
                assert!(["old", "new"].iter().any(|body| content() == *body));
            }
            assert_eq!(content(), "new");
        }
        struck.extend(chance.record().struck.into_keys());
    }
    for fault in [
        Fault::Unavailable,
        Fault::WriteAnswerLost,
        Fault::ErrorInside,
        Fault::Slow,
        Fault::Late,
    ] {
        assert!(struck.contains(&fault), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_cannot_be_published() {
    let chance = Chance::quiet(Default::default());
    let bucket = Bucket::new("bucket", 4, &chance);
    let client = client(&bucket, &chance);
    for (behaviour, kind) in [
        (Behaviour::Denied, StoreErrorKind::Denied),
        (Behaviour::Archived, StoreErrorKind::Archived),
    ] {
        place(&bucket, "draft", "new", behaviour);
        let error = client.publish("draft", "a").await.unwrap_err();
        assert_eq!(
            (error.kind, error.url.as_str()),
            (kind, "s3://bucket/draft")
        );
        assert!(bucket.look(|contents| !contents.objects.contains_key("a")));
    }
}
