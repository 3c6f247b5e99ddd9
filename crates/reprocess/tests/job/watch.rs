//! Who looks on sees how far a job has come, and leaves no trace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;
use rehose_reprocess::check::watch::{Look, Watch, failures};
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::report::{FailedObject, MAX_FAILURES};
use rehose_store::{Body, LocalStore, Page, Put, Store, StoreError, Upload};

use crate::world::World;

/// Planned and settled objects, and rows that have been added up.
fn counts(look: &Look) -> (u64, u64, u64) {
    (look.planned, look.settled, look.totals.rows.written)
}

#[tokio::test]
async fn a_watch_sees_what_is_planned_and_settled_in_whatever_order() {
    let mut world = World::with_objects(25);
    (world.page, world.pages) = (10, 1);
    let mut watch = Watch::new(world.ledger("job"));
    assert_eq!(counts(&watch.look().await.unwrap()), (0, 0, 0));

    let started = world.start_from(None).await.unwrap();
    let look = watch.look().await.unwrap();
    assert_eq!((counts(&look), look.all_planned), ((10, 0, 0), false));

    world.start_from(started.cursor).await.unwrap();
    world.queue.take();
    world.start().await;
    let messages = world.queue.take();
    world.process(&messages[2]).await.unwrap();
    let look = watch.look().await.unwrap();
    assert_eq!((counts(&look), look.all_planned), ((25, 5, 0), true));
    assert!(look.bytes_settled > 0 && look.bytes_left > look.bytes_settled);

    world.process(&messages[0]).await.unwrap();
    assert_eq!(counts(&watch.look().await.unwrap()), (25, 15, 10));

    // Neither check nor the report is needed to see that all is done, and check changes nothing.
    world.process(&messages[1]).await.unwrap();
    let look = watch.look().await.unwrap();
    assert_eq!((counts(&look), look.bytes_left), ((25, 25, 25), 0));
    assert_eq!(look.report, None);
    world.check().await;
    let look = watch.look().await.unwrap();
    assert_eq!(counts(&look), (25, 25, 25));
    assert!(look.report.is_some());
}

#[tokio::test]
async fn a_watch_that_begins_late_sees_the_same() {
    let mut world = World::with_objects(30);
    world.page = 10;
    world.put("object-0001", "{");
    world.start().await;
    let mut messages = world.queue.take();
    world.process(&messages.remove(0)).await.unwrap();
    // One task came to nothing, and its objects are sent again, each alone.
    messages.remove(0);
    world.check().await;
    world.pass_minutes(5);
    world.check().await;
    let again = world.queue.take_tasks();
    world.process_tasks(&again[..3]).await;
    world.process(&messages[0]).await.unwrap();

    let before = world.files();
    let look = Watch::new(world.ledger("job")).look().await.unwrap();
    assert_eq!((look.planned, look.settled), (30, 23));
    assert_eq!(look.totals.objects.failed, 1);
    assert_eq!(look.totals.objects.done, 9);
    assert_eq!(world.files(), before);
}

async fn all_failures(world: &World, is_over: bool) -> Vec<FailedObject> {
    let ledger = world.ledger("job");
    let slices: Vec<_> = failures(&ledger, is_over).try_collect().await.unwrap();
    slices.into_iter().flatten().collect()
}

#[tokio::test]
async fn all_failures_stand_in_the_receipts() {
    let mut world = World::with_objects(0);
    let count = MAX_FAILURES + 50;
    for i in 0..count {
        world.put(&format!("object-{i:04}"), "{");
    }
    world.page = 100;
    world.start().await;
    let messages = world.queue.take();
    for message in &messages[1..] {
        world.process(message).await.unwrap();
    }
    let so_far = all_failures(&world, false).await;
    assert_eq!(so_far.len(), count - 32);
    assert!(so_far.iter().all(|object| object.failure.reason != "lost"));

    world.give_up("job").await;
    let all = all_failures(&world, true).await;
    let keys: Vec<_> = all.iter().map(|object| object.key.clone()).collect();
    let expected: Vec<_> = (0..count).map(|i| format!("object-{i:04}")).collect();
    assert_eq!(keys, expected);
    let lost = all.iter().filter(|object| object.failure.reason == "lost");
    assert_eq!(lost.count(), 32);
}

/// A store that counts its requests.
#[derive(Debug)]
struct Counted {
    store: Arc<LocalStore>,
    requests: AtomicUsize,
}

impl Counted {
    fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Store for Counted {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.count();
        self.store.list(prefix, after, limit).await
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.count();
        self.store.read(key).await
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        panic!("who looks on has written {key}");
    }

    async fn put_if_absent(&self, key: &str, _: Bytes) -> Result<Put, StoreError> {
        panic!("who looks on has written {key}");
    }

    async fn head(&self, key: &str) -> Result<Option<u64>, StoreError> {
        self.count();
        self.store.head(key).await
    }

    fn url(&self, key: &str) -> String {
        self.store.url(key)
    }
}

#[tokio::test]
async fn a_look_costs_a_handful_of_requests_however_large_the_job() {
    let mut world = World::with_objects(300);
    world.page = 3;
    world.start().await;
    for message in &world.queue.take()[..80] {
        world.process(message).await.unwrap();
    }
    world.check().await;

    let store = Arc::new(Counted {
        store: world.store(),
        requests: AtomicUsize::new(0),
    });
    let mut watch = Watch::new(Ledger::new(store.clone(), World::job()));
    let first = watch.look().await.unwrap();
    assert_eq!(counts(&first), (300, 240, 240));
    // What check has added up is not read again: of the slices these are the last twenty.
    let requests = store.requests.swap(0, Ordering::Relaxed);
    assert!(requests < 30, "{requests} requests for the first look");

    assert_eq!(watch.look().await.unwrap(), first);
    let requests = store.requests.load(Ordering::Relaxed);
    assert!(requests < 6, "{requests} requests for the next look");
}
