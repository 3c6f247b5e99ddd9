//! What [`Store::publish`](rehose_store::Store::publish) does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rehose_store::StoreErrorKind;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{Place, awkward, get, pattern, put, size};

pub async fn publishes_an_object_whole(place: &impl Place) {
    let store = place.store();
    for (round, bytes) in [0, 1, 300_000, 9_000_000, 10].into_iter().enumerate() {
        let to = format!("new/folder {round}/a");
        // The first time, nothing is there; then an object of another size.
        for bytes in [bytes, bytes + 7] {
            put(store, "drafts/a", &pattern(bytes)).await;
            store.publish("drafts/a", &to).await.unwrap();
            assert!(get(store, &to).await == pattern(bytes), "{bytes} bytes");
            assert_eq!(size(store, &to).await, Some(bytes as u64));
        }
    }
    assert_eq!(place.leftovers().await, 0);
}

pub async fn publishes_an_object_as_often_as_it_is_told(place: &impl Place) {
    let store = place.store();
    put(store, "draft", b"content").await;
    for _ in 0..3 {
        store.publish("draft", "folder/a").await.unwrap();
        assert_eq!(get(store, "folder/a").await, b"content");
    }
    // Nothing to publish, and nothing to complain about.
    put(store, "b", b"other").await;
    store.publish("nothing", "b").await.unwrap();
    store.publish("b", "b").await.unwrap();
    assert_eq!(get(store, "b").await, b"other");
}

pub async fn publishes_no_missing_object(place: &impl Place) {
    let store = place.store();
    put(store, "ab/c", b"x").await;
    for (from, to) in [("a", "b"), ("ab", "b"), ("ab/cd", "x/y"), ("a", "a")] {
        let error = store.publish(from, to).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::NotFound, "{error}");
        assert_eq!(error.url, store.url(from));
        assert_eq!(error.operation, "publish");
        assert_eq!(store.head(to).await.unwrap(), None);
    }
    assert_eq!(get(store, "ab/c").await, b"x");
}

pub async fn publishes_under_any_key(place: &impl Place) {
    let store = place.store();
    for key in awkward(place) {
        let (from, to) = (format!("from/{key}"), format!("to/{key}"));
        put(store, &from, key.as_bytes()).await;
        store.publish(&from, &to).await.unwrap();
        assert_eq!(get(store, &to).await, key.as_bytes(), "{key}");
    }
}

pub async fn shows_the_old_object_or_the_new_one(place: &impl Place) {
    const ROUNDS: u8 = 100;
    // Every byte tells the round. The sizes lie around that of a buffer.
    fn body(round: u8) -> Vec<u8> {
        let sizes = [1, 262_143, 262_145, 600_000];
        vec![round; sizes[usize::from(round) % sizes.len()]]
    }
    let (store, runtime, is_over) = (place.store(), Handle::current(), AtomicBool::new(false));
    put(store, "a", &body(0)).await;
    let read = || async {
        let mut last = 0;
        while !is_over.load(Ordering::Relaxed) {
            let found = get(store, "a").await;
            assert!(found == body(found[0]), "half an object");
            assert!(found[0] >= last, "an older object");
            last = found[0];
        }
    };
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    // Threads, because a folder blocks the one that it is used from.
    block_in_place(|| {
        thread::scope(|scope| {
            let reader = scope.spawn(|| runtime.block_on(read()));
            // Also if a round panics, because the scope waits for the reader.
            let _over = Over(&is_over);
            runtime.block_on(async {
                for round in 1..=ROUNDS {
                    put(store, "drafts/a", &body(round)).await;
                    store.publish("drafts/a", "a").await.unwrap();
                    if reader.is_finished() {
                        break;
                    }
                }
            });
        });
    });
}
