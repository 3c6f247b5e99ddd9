//! A watch reads the progress of a job and writes nothing.

use std::sync::Arc;

use futures::TryStreamExt;
use rehose_reprocess::check::watch::{Look, Watch, failures};
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::tally::{FailedObject, MAX_FAILURES};
use rehose_testkit::fault_store::FaultStore;

use crate::fixture::Fixture;

/// Planned objects, settled objects, and rows in the totals.
fn counts(look: &Look) -> (u64, u64, u64) {
    (look.planned, look.settled, look.totals.rows.written)
}

#[tokio::test]
async fn a_watch_counts_planned_and_settled_objects_in_any_order() {
    let mut fixture = Fixture::with_objects(25);
    (fixture.page, fixture.pages) = (10, 1);
    let mut watch = Watch::new(fixture.ledger("job"));
    assert_eq!(counts(&watch.look().await.unwrap()), (0, 0, 0));

    let started = fixture.start_from(None).await.unwrap();
    let look = watch.look().await.unwrap();
    assert_eq!((counts(&look), look.all_planned), ((10, 0, 0), false));

    fixture.start_from(started.cursor).await.unwrap();
    fixture.queue.take();
    fixture.start().await;
    let messages = fixture.queue.take();
    fixture.process(&messages[2]).await.unwrap();
    let look = watch.look().await.unwrap();
    assert_eq!((counts(&look), look.all_planned), ((25, 5, 0), true));
    assert!(look.bytes_settled > 0 && look.bytes_left > look.bytes_settled);

    fixture.process(&messages[0]).await.unwrap();
    assert_eq!(counts(&watch.look().await.unwrap()), (25, 15, 10));

    // The counts are complete before `check` writes the report, and the same afterwards.
    fixture.process(&messages[1]).await.unwrap();
    let look = watch.look().await.unwrap();
    assert_eq!((counts(&look), look.bytes_left), ((25, 25, 25), 0));
    assert_eq!(look.report, None);
    fixture.check().await;
    let look = watch.look().await.unwrap();
    assert_eq!(counts(&look), (25, 25, 25));
    assert!(look.report.is_some());
}

#[tokio::test]
async fn a_watch_that_starts_late_counts_the_same() {
    let mut fixture = Fixture::with_objects(30);
    fixture.page = 10;
    fixture.put("object-0001", "{");
    fixture.start().await;
    let mut messages = fixture.queue.take();
    fixture.process(&messages.remove(0)).await.unwrap();
    // The message of one task is lost, so each of its objects is sent again in its own message.
    messages.remove(0);
    fixture.check().await;
    fixture.pass_minutes(5);
    fixture.check().await;
    let again = fixture.queue.take_tasks();
    fixture.process_tasks(&again[..3]).await;
    fixture.process(&messages[0]).await.unwrap();

    let before = fixture.files();
    let look = Watch::new(fixture.ledger("job")).look().await.unwrap();
    assert_eq!((look.planned, look.settled), (30, 23));
    assert_eq!(look.totals.objects.failed, 1);
    assert_eq!(look.totals.objects.done, 9);
    assert_eq!(fixture.files(), before);
}

async fn all_failures(fixture: &Fixture, is_over: bool) -> Vec<FailedObject> {
    let ledger = fixture.ledger("job");
    let slices: Vec<_> = failures(&ledger, is_over).try_collect().await.unwrap();
    slices.into_iter().flatten().collect()
}

#[tokio::test]
async fn all_failures_are_read_from_the_receipts() {
    let mut fixture = Fixture::with_objects(0);
    let count = MAX_FAILURES + 50;
    for i in 0..count {
        fixture.put(&format!("object-{i:04}"), "{");
    }
    fixture.page = 100;
    fixture.start().await;
    let messages = fixture.queue.take();
    for message in &messages[1..] {
        fixture.process(message).await.unwrap();
    }
    let so_far = all_failures(&fixture, false).await;
    assert_eq!(so_far.len(), count - fixture.page);
    assert!(so_far.iter().all(|object| object.failure.reason != "lost"));

    fixture.give_up("job").await;
    let all = all_failures(&fixture, true).await;
    let keys: Vec<_> = all.iter().map(|object| object.key.clone()).collect();
    let expected: Vec<_> = (0..count).map(|i| format!("object-{i:04}")).collect();
    assert_eq!(keys, expected);
    let lost = all.iter().filter(|object| object.failure.reason == "lost");
    assert_eq!(lost.count(), fixture.page);
}

#[tokio::test]
async fn a_look_at_a_large_job_needs_few_requests() {
    let mut fixture = Fixture::with_objects(300);
    fixture.page = 3;
    fixture.start().await;
    for message in &fixture.queue.take()[..80] {
        fixture.process(message).await.unwrap();
    }
    fixture.check().await;

    let store = Arc::new(FaultStore::read_only(fixture.store()));
    let mut watch = Watch::new(Ledger::new(store.clone(), Fixture::job()));
    let first = watch.look().await.unwrap();
    assert_eq!(counts(&first), (300, 240, 240));
    // `check` has stored the totals of 80 slices, so only the last 20 are read.
    let requests = store.take_requests();
    assert!(requests < 30, "{requests} requests for the first look");

    assert_eq!(watch.look().await.unwrap(), first);
    let requests = store.take_requests();
    assert!(requests < 6, "{requests} requests for the next look");
}
