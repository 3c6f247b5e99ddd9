//! The suite of stores, through the adapter for S3.

use rehose_store::aws::S3Store;
use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::store_suite;

struct Bucket {
    client: aws_sdk_s3::Client,
    store: S3Store,
}

impl store_suite::Place for Bucket {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn holds_any_key(&self) -> bool {
        true
    }

    async fn leftovers(&self) -> usize {
        let request = self.client.list_multipart_uploads().bucket("bucket");
        request.send().await.unwrap().uploads().len()
    }
}

async fn bucket() -> Bucket {
    bucket_with_root("").await
}

async fn bucket_with_a_prefix() -> Bucket {
    let place = bucket_with_root("a+b %2F/é/").await;
    // What lies beside the prefix is no part of the store.
    for key in ["a", "a+b %2F/é.x", "a+b %2F/é0", "z"] {
        let request = place.client.put_object().bucket("bucket").key(key);
        request.body(Vec::new().into()).send().await.unwrap();
    }
    place
}

async fn bucket_with_root(root: &str) -> Bucket {
    let (client, _) = crate::bucket("bucket").await;
    let store = S3Store::new(client.clone(), "bucket", root);
    Bucket { client, store }
}

mod whole {
    rehose_testkit::suites!(store super::bucket);
}

mod with_a_prefix {
    rehose_testkit::suites!(store super::bucket_with_a_prefix);
}

#[tokio::test]
async fn a_missing_bucket_is_not_found() {
    let (client, _) = crate::bucket("bucket").await;
    let store = S3Store::new(client, "another", "p");
    let error = store.list("", None, 10).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound);
    assert!(error.reason.starts_with("NoSuchBucket: "), "{error}");
}
