//! The conformance suite of queues.

use std::time::Duration;

use rehose_store::queue::{Counters, MAX_BATCH, MAX_BATCH_BYTES, Queue};

/// A fresh queue to test, with its receiving side, which [`Queue`] does not have.
#[allow(async_fn_in_trait, reason = "only tests implement and call it")]
pub trait Place {
    /// The queue, empty.
    fn queue(&self) -> &dyn Queue;

    /// Receives a message and keeps it in flight.
    async fn receive(&self) -> String;

    /// Acknowledges all messages in flight.
    async fn acknowledge_all(&self);
}

async fn counts(place: &impl Place, visible: u64, in_flight: u64) {
    let expected = Counters {
        visible,
        in_flight,
        delayed: 0,
    };
    for _ in 0..500 {
        if place.queue().counters().await.unwrap() == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(place.queue().counters().await.unwrap(), expected);
}

pub async fn delivers_what_was_sent(place: &impl Place) {
    let mut bodies: Vec<_> = (0..MAX_BATCH - 1)
        .map(|number| format!("{{\"key\":\"{number} <&> é 日本 🦀 \\u0001\"}}\n"))
        .collect();
    bodies.push("x".repeat(100_000));
    assert_eq!(place.queue().send("group", &bodies).await.unwrap(), []);
    let mut received = Vec::new();
    for _ in &bodies {
        received.push(place.receive().await);
    }
    received.sort_unstable();
    bodies.sort_unstable();
    assert_eq!(received, bodies);
}

pub async fn takes_an_empty_batch(place: &impl Place) {
    assert_eq!(place.queue().send("group", &[]).await.unwrap(), []);
    counts(place, 0, 0).await;
}

pub async fn refuses_more_than_a_batch(place: &impl Place) {
    let bodies = vec!["x".to_owned(); MAX_BATCH + 1];
    let error = place.queue().send("group", &bodies).await.unwrap_err();
    assert!(error.to_string().contains("at most 10 messages"), "{error}");
    counts(place, 0, 0).await;
}

pub async fn takes_no_more_bytes_than_a_batch_has(place: &impl Place) {
    // The limit counts bytes, not characters.
    let mut bodies = vec![
        "é".repeat(MAX_BATCH_BYTES / 4),
        "x".repeat(MAX_BATCH_BYTES / 2),
    ];
    assert_eq!(place.queue().send("group", &bodies).await.unwrap(), []);
    bodies.push("x".to_owned());
    let error = place.queue().send("group", &bodies).await.unwrap_err();
    assert!(error.to_string().contains("262145"), "{error}");
    counts(place, 2, 0).await;
}

pub async fn counts_what_waits_and_what_is_in_flight(place: &impl Place) {
    assert!(place.queue().counters().await.unwrap().all_zero());
    let bodies: Vec<_> = (0..3).map(|number| number.to_string()).collect();
    place.queue().send("group", &bodies).await.unwrap();
    counts(place, 3, 0).await;
    place.receive().await;
    counts(place, 2, 1).await;
    place.acknowledge_all().await;
    counts(place, 2, 0).await;
    place.receive().await;
    place.receive().await;
    place.acknowledge_all().await;
    counts(place, 0, 0).await;
}
