//! The conformance suite of stores.

mod folders;
mod listing;
mod publish;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::join_all;
use rehose_store::{Put, Store, StoreErrorKind};

pub use folders::*;
pub use listing::*;
pub use publish::*;

const SECOND: Duration = Duration::from_secs(1);

/// A fresh store to test.
#[allow(async_fn_in_trait, reason = "only tests implement and call it")]
pub trait Place {
    /// The store, empty.
    fn store(&self) -> &dyn Store;

    /// Whether every string of bytes is a key.
    fn holds_any_key(&self) -> bool;

    /// The number of unfinished objects in the backend.
    async fn leftovers(&self) -> usize;
}

/// Keys with characters and orders that are easy to get wrong.
const AWKWARD: &[&str] = &[
    "a",
    "a b",
    "a+b",
    "a%2Fb",
    "a%20b",
    "a&b",
    "a<b>c",
    "a\"b'c",
    "a#b?c=d",
    "a;b,c:d@e!f$g(h)i*j~k[l]{m}|n^o`p",
    "a\\b",
    "a.b",
    "ab",
    "ab/c",
    "ab-c",
    "ab.c",
    "ab0c",
    "abc/d/e",
    "year=2020/month=02/x",
    "z\u{7f}",
    "z\u{e9}",
    "ze\u{301}",
    "z\u{ffe5}",
    "z\u{1f980}",
    " leading",
    "trailing ",
    "tab\tnewline\nreturn\r",
    "control\u{1}",
    "...",
    "\u{65e5}\u{672c}/\u{8a9e}",
];

/// Keys that an object store can hold together, and a folder cannot.
const ANYWHERE: &[&str] = &[
    "ab",
    "ab/",
    "ab//",
    "a",
    "a/b",
    "a/b/c",
    "a.b",
    "/",
    "//a",
    ".rehose/a",
];

fn sorted(keys: &[&str]) -> Vec<String> {
    let mut keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The awkward keys that the store can hold together.
fn awkward(place: &impl Place) -> Vec<String> {
    if place.holds_any_key() {
        return sorted(&[AWKWARD, ANYWHERE].concat());
    }
    // In a folder, `ab` is the folder of `ab/c`.
    let mut keys = sorted(AWKWARD);
    keys.retain(|key| key != "ab");
    keys
}

pub async fn put(store: &dyn Store, key: &str, body: &[u8]) {
    let mut upload = store.write(key).await.unwrap();
    upload.write(Bytes::copy_from_slice(body)).await.unwrap();
    assert_eq!(upload.complete().await.unwrap(), body.len() as u64);
}

pub async fn keys(store: &dyn Store, prefix: &str, after: Option<&str>) -> Vec<String> {
    let page = store.list(prefix, after, 1_000).await.unwrap();
    page.objects.into_iter().map(|object| object.key).collect()
}

/// The size of an object, if it exists.
pub async fn size(store: &dyn Store, key: &str) -> Option<u64> {
    store.head(key).await.unwrap().map(|found| found.bytes)
}

async fn get(store: &dyn Store, key: &str) -> Vec<u8> {
    let chunks: Vec<Bytes> = store.read(key).await.unwrap().try_collect().await.unwrap();
    chunks.concat()
}

async fn put_awkward(place: &impl Place) -> Vec<String> {
    let keys = awkward(place);
    for key in &keys {
        put(place.store(), key, key.as_bytes()).await;
    }
    keys
}

/// Bytes with a period of 251, so a misplaced part changes them.
fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

pub async fn tags_an_object_anew_when_its_content_changes(place: &impl Place) {
    async fn tag(place: &impl Place) -> String {
        let page = place.store().list("a/", None, 10).await.unwrap();
        let [object] = &page.objects[..] else {
            panic!("listed {page:?}");
        };
        assert!(!object.tag.is_empty());
        object.tag.clone()
    }
    // The same size each time, and faster than the clock of a file system ticks.
    for bytes in [1, 9_000_000] {
        for round in 0..20_u8.min((20_000_000 / bytes) as u8) {
            put(place.store(), "a/b", &vec![2 * round; bytes]).await;
            let before = tag(place).await;
            assert_eq!(tag(place).await, before, "unchanged");
            put(place.store(), "a/b", &vec![2 * round + 1; bytes]).await;
            assert_ne!(tag(place).await, before, "overwritten, round {round}");
        }
    }
}

pub async fn reads_what_was_written(place: &impl Place) {
    // Sizes around those of a buffer and a part, and larger ones.
    for bytes in [
        0,
        1,
        262_143,
        262_144,
        5 << 20,
        8 << 20,
        (8 << 20) + 1,
        20_000_000,
    ] {
        let body = pattern(bytes);
        for chunk in [1 << 16, 9 << 20] {
            let mut upload = place.store().write("a/b").await.unwrap();
            for chunk in body.chunks(chunk) {
                upload.write(Bytes::copy_from_slice(chunk)).await.unwrap();
            }
            assert_eq!(upload.complete().await.unwrap(), bytes as u64);
            assert!(
                get(place.store(), "a/b").await == body,
                "{bytes} bytes, {chunk} at a time"
            );
        }
    }
    assert_eq!(place.leftovers().await, 0);
}

pub async fn reads_a_range_of_an_object(place: &impl Place) {
    for bytes in [0, 1, 1_000, 300_000] {
        let body = pattern(bytes);
        put(place.store(), "a/b", &body).await;
        let at = [
            0, 1, 7, 999, 1_000, 262_143, 262_145, 299_999, 300_000, 400_000,
        ];
        for (start, end) in at.iter().flat_map(|start| at.map(|end| (*start, end))) {
            let expected = body.get(start..end.min(bytes)).unwrap_or_default();
            let range = start as u64..end as u64;
            let found = place.store().read_range("a/b", range).await.unwrap();
            assert!(found == expected, "{start}..{end} of {bytes} bytes");
        }
    }
    let error = place.store().read_range("a/c", 0..1).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound, "{error}");
    assert_eq!(error.operation, "read");
}

pub async fn reads_no_missing_object(place: &impl Place) {
    put(place.store(), "ab/c", b"x").await;
    for key in ["a", "ab", "ab/cd", "x/y"] {
        let error = place.store().read(key).await.err().unwrap();
        assert_eq!(error.kind, StoreErrorKind::NotFound, "{error}");
        assert_eq!(error.url, place.store().url(key));
        assert_eq!(error.operation, "read");
        assert!(error.source.is_some());
    }
}

pub async fn replaces_an_object_whole(place: &impl Place) {
    for bytes in [10_000_000, 10, 0, 9_000_000] {
        put(place.store(), "a", &pattern(bytes)).await;
        assert!(get(place.store(), "a").await == pattern(bytes));
    }
}

pub async fn shows_nothing_before_it_is_complete(place: &impl Place) {
    put(place.store(), "old", b"old").await;
    for key in ["new", "old"] {
        let before = place.store().head(key).await.unwrap();
        let mut upload = place.store().write(key).await.unwrap();
        upload.write(pattern(9_000_000).into()).await.unwrap();
        assert_eq!(place.store().head(key).await.unwrap(), before);
        assert_eq!(
            keys(place.store(), "", None)
                .await
                .contains(&"new".to_owned()),
            key == "old"
        );
        upload.complete().await.unwrap();
        assert_eq!(size(place.store(), key).await, Some(9_000_000));
    }
}

pub async fn leaves_nothing_of_an_aborted_object(place: &impl Place) {
    for bytes in [0, 10, 9_000_000] {
        let mut upload = place.store().write("a").await.unwrap();
        upload.write(pattern(bytes).into()).await.unwrap();
        assert_eq!(place.leftovers().await, usize::from(bytes > 10));
        upload.abort().await;
        assert_eq!(place.leftovers().await, 0);
    }
    assert_eq!(place.store().head("a").await.unwrap(), None);
    assert_eq!(keys(place.store(), "", None).await, [""; 0]);
}

pub async fn leaves_nothing_of_a_dropped_object(place: &impl Place) {
    for bytes in [0, 10, 9_000_000] {
        let mut upload = place.store().write("a").await.unwrap();
        upload.write(pattern(bytes).into()).await.unwrap();
        assert_eq!(place.leftovers().await, usize::from(bytes > 10));
        drop(upload);
        // Dropping does not wait for the backend.
        for _ in 0..500 {
            if place.leftovers().await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(place.leftovers().await, 0);
    }
    assert_eq!(place.store().head("a").await.unwrap(), None);
    assert_eq!(keys(place.store(), "", None).await, [""; 0]);
}

pub async fn puts_an_object_only_once(place: &impl Place) {
    for key in ["a", "new/folder/a"] {
        let first = Bytes::from_static(b"first");
        let put = place.store().put_if_absent(key, first).await.unwrap();
        assert_eq!(put, Put::Created);
        let second = Bytes::from_static(b"second");
        let put = place.store().put_if_absent(key, second).await.unwrap();
        assert_eq!(put, Put::Exists);
        assert_eq!(get(place.store(), key).await, b"first");
    }
    assert_eq!(place.leftovers().await, 0);
}

pub async fn lets_one_of_many_put_an_object(place: &impl Place) {
    for round in 0..8 {
        let key = format!("round {round}/a");
        let puts = join_all((0..16).map(|task| {
            let (store, key) = (place.store(), key.clone());
            async move {
                store
                    .put_if_absent(&key, Bytes::from(vec![task; 1_000]))
                    .await
                    .unwrap()
            }
        }))
        .await;
        let created: Vec<_> = (0..16).filter(|task| puts[*task] == Put::Created).collect();
        let [winner] = created[..] else {
            panic!("created by {created:?}");
        };
        assert_eq!(get(place.store(), &key).await, vec![winner as u8; 1_000]);
    }
}

pub async fn tells_the_size_of_an_object(place: &impl Place) {
    assert_eq!(place.store().head("a/b").await.unwrap(), None);
    for bytes in [0, 12_345] {
        put(place.store(), "a/b", &pattern(bytes)).await;
        assert_eq!(size(place.store(), "a/b").await, Some(bytes as u64));
    }
    assert_eq!(place.store().head("a").await.unwrap(), None);
    assert_eq!(place.store().head("a/b/c").await.unwrap(), None);
}

pub async fn tells_when_an_object_was_written(place: &impl Place) {
    async fn written(place: &impl Place) -> SystemTime {
        let told = place.store().head("a").await.unwrap().unwrap().modified;
        let page = place.store().list("a", None, 1).await.unwrap();
        let listed = page.objects[0].modified;
        // A folder lists its latest change of any kind.
        assert!(listed.duration_since(told).unwrap() < SECOND);
        told
    }
    put(place.store(), "a", b"first").await;
    let first = written(place).await;
    tokio::time::sleep(SECOND).await;
    put(place.store(), "a", b"second").await;
    assert!(written(place).await > first);
    let source = place.store().list("a", None, 1).await.unwrap().objects[0].modified;
    put(place.store(), "of-a", b"rows").await;
    let rows = place.store().head("of-a").await.unwrap().unwrap().modified;
    assert!(rows >= source, "what is made of an object is not older");
}

pub async fn refuses_an_impossible_key(place: &impl Place) {
    let long = "x".repeat(1_025);
    let mut impossible = vec![long.as_str()];
    if !place.holds_any_key() {
        impossible.extend([
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "a/../b",
            "./a",
            "a\0b",
            ".rehose/a",
        ]);
    }
    let store = place.store();
    for key in impossible {
        let errors = [
            store.head(key).await.unwrap_err(),
            store.read(key).await.err().unwrap(),
            store.read_range(key, 0..1).await.unwrap_err(),
            store.write(key).await.err().unwrap(),
            store.put_if_absent(key, Bytes::new()).await.unwrap_err(),
            store.publish(key, "a").await.unwrap_err(),
            store.publish("a", key).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind, StoreErrorKind::InvalidKey, "{error}");
        }
    }
}
