//! The suite of stores, through the adapter for S3.

use rehose_store::aws::S3Store;
use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::aws::Bucket;

use crate::fresh;

async fn bucket() -> Bucket {
    Bucket::whole(&fresh().await, "bucket").await
}

async fn bucket_with_a_prefix() -> Bucket {
    Bucket::with_a_prefix(&fresh().await, "bucket").await
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
