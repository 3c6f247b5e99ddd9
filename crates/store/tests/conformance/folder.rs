//! The suite on a folder of a store, with other objects beside it.

use std::sync::Arc;
use std::time::Duration;

use rehose_store::{Folder, Store};
use rehose_testkit::cloud::bucket::{self, Bucket};
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::cloud::sandbox::Sandbox;
use rehose_testkit::store_suite::{self, put};

/// The size of a part that `S3Store` has.
const PART_BYTES: usize = 8 << 20;

struct FolderOfBucket {
    store: Arc<dyn Store>,
    bucket: Arc<Bucket>,
}

impl store_suite::Place for FolderOfBucket {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn holds_any_key(&self) -> bool {
        true
    }

    async fn leftovers(&self) -> usize {
        self.bucket.look(|contents| contents.uploads.len())
    }
}

async fn folder_of_a_bucket() -> FolderOfBucket {
    let chance = Chance::quiet(Duration::ZERO..Duration::ZERO);
    let bucket = Bucket::new("bucket", PART_BYTES, &chance);
    let sandbox = Sandbox::new("test".to_owned(), &chance);
    let whole: Arc<dyn Store> = Arc::new(bucket::Client::new(&bucket, &sandbox));
    for key in ["a", "logs/alb", "logs/alb-2/a", "logs/alb0", "z"] {
        put(&*whole, key, b"beside it").await;
    }
    let folder: Folder = "logs/alb/".parse().unwrap();
    let store = folder.of(&whole);
    FolderOfBucket { store, bucket }
}

mod stores {
    rehose_testkit::suites!(store super::folder_of_a_bucket);
}

#[test]
fn a_folder_has_names_with_slashes_after_them() {
    for path in ["", "alb/", "logs/alb/", "a b/"] {
        assert_eq!(path.parse::<Folder>().unwrap().as_str(), path);
    }
    for path in ["alb", "/", "/alb/", "logs//alb/", "../", "a/./"] {
        let error = path.parse::<Folder>().unwrap_err().to_string();
        assert!(error.contains(&format!("{path:?} is no folder")), "{error}");
    }
}
