//! What only a folder does when it publishes.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::store_suite::{self, keys, put};

use crate::local::{file, folder, synced_folder};

#[tokio::test]
async fn a_folder_renames_what_it_publishes() {
    for place in [folder().await, synced_folder().await] {
        put(&place.store, "drafts/a", b"content").await;
        let inode = |key: &str| fs::metadata(place.root().join(key)).unwrap().ino();
        let before = inode("drafts/a");
        place.store.publish("drafts/a", "b/c/d").await.unwrap();
        assert_eq!(inode("b/c/d"), before);
        assert_eq!(keys(&place.store, "", None).await, ["b/c/d"]);
        assert_eq!(store_suite::Place::leftovers(&place).await, 0);
    }
}

#[tokio::test]
async fn what_is_in_the_way_stays() {
    let place = folder().await;
    file(place.root().join("draft"));
    file(place.root().join("folder/a"));
    for key in ["folder", "folder/a/b"] {
        let error = place.store.publish("draft", key).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::InvalidKey, "{error}");
        assert_eq!(error.url, place.store.url(key));
    }
    // A folder with all that is in it is no object.
    let error = place.store.publish("folder", "b").await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound, "{error}");
    assert_eq!(keys(&place.store, "", None).await, ["draft", "folder/a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_published_by_one_of_many_calls_and_all_succeed() {
    let place = folder().await;
    for round in 0..50 {
        let to = format!("{round}/a");
        put(&place.store, "draft", b"content").await;
        let calls = (0..4).map(|_| {
            let (store, to) = (place.store.clone(), to.clone());
            tokio::spawn(async move { store.publish("draft", &to).await })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
    }
}
