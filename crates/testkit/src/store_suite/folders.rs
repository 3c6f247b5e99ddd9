//! What [`Store::folders`](rehose_store::Store::folders) does.

use super::{Place, put};

pub async fn lists_the_folders_of_a_folder(place: &impl Place) {
    let store = place.store();
    for key in [
        "jobs/a b+c/job.json",
        "jobs/a b+c/receipts/1.json",
        "jobs/a/job.json",
        "jobs/a-b/job.json",
        "jobs/b/receipts/x/y",
        "jobs/b/receipts/z",
        "jobs/file",
        "jobs/z\u{e9}/x",
        "other",
    ] {
        put(store, key, b"x").await;
    }
    let folders = async |prefix| store.folders(prefix).await.unwrap();
    assert_eq!(
        folders("jobs/").await,
        [
            "jobs/a b+c/",
            "jobs/a-b/",
            "jobs/a/",
            "jobs/b/",
            "jobs/z\u{e9}/"
        ]
    );
    assert_eq!(folders("jobs/b/").await, ["jobs/b/receipts/"]);
    assert_eq!(folders("").await, ["jobs/"]);
    for without in ["jobs/a/", "none/", "jobs/file/"] {
        assert_eq!(folders(without).await, [""; 0], "{without}");
    }
}
