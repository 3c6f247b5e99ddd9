//! The queue of this process.

use super::*;

struct InProcess {
    queue: LocalQueue,
    held: Mutex<Vec<Delivery>>,
}

impl queue_suite::Place for InProcess {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    async fn receive(&self) -> String {
        let delivery = self.queue.receive().await.unwrap();
        let body = delivery.body.clone();
        self.held.lock().await.push(delivery);
        body
    }

    async fn acknowledge_all(&self) {
        self.held.lock().await.drain(..).for_each(Delivery::ack);
    }
}

async fn in_process() -> InProcess {
    InProcess {
        queue: LocalQueue::new(100),
        held: Mutex::default(),
    }
}

mod queues {
    rehose_testkit::suites!(queue super::in_process);
}

fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

async fn counters(queue: &LocalQueue) -> (u64, u64, u64) {
    let Counters {
        visible, in_flight, ..
    } = queue.counters().await.unwrap();
    (visible, in_flight, queue.dead())
}

#[tokio::test]
async fn a_sender_waits_for_room() {
    let queue = LocalQueue::new(2);
    let sender = tokio::spawn({
        let queue = queue.clone();
        async move { queue.send("group", &bodies(3)).await }
    });
    while counters(&queue).await.0 < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!sender.is_finished());
    queue.receive().await.unwrap().ack();
    assert_eq!(sender.await.unwrap().unwrap(), []);
    assert_eq!(counters(&queue).await, (2, 0, 0));
}

#[tokio::test]
async fn a_message_given_back_comes_again_until_it_is_dead() {
    let queue = LocalQueue::new(1);
    queue.send("group", &bodies(1)).await.unwrap();
    for count in 1..=5 {
        let delivery = queue.receive().await.unwrap();
        assert_eq!(
            (delivery.body.as_str(), delivery.receive_count),
            ("0", count)
        );
        assert_eq!(counters(&queue).await, (0, 1, 0));
        // To drop it is to give it back.
        if count % 2 == 0 {
            delivery.give_back();
        }
    }
    assert_eq!(counters(&queue).await, (0, 0, 1));
    queue.close();
    assert!(queue.receive().await.is_none());
}

#[tokio::test]
async fn a_closed_queue_delivers_what_it_holds_and_takes_no_more() {
    let queue = LocalQueue::new(10);
    queue.send("group", &bodies(2)).await.unwrap();
    queue.close();
    let error = queue.send("group", &bodies(1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot send to the local queue: it is closed"
    );
    queue.receive().await.unwrap().ack();
    let last = queue.receive().await.unwrap();
    // As long as it may be given back, the end is not reached.
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.receive().await.map(Delivery::ack) }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    last.give_back();
    assert_eq!(waiting.await.unwrap(), Some(()));
    assert!(queue.receive().await.is_none());
}

#[tokio::test]
async fn a_queue_is_empty_when_nothing_can_come_back() {
    let queue = LocalQueue::new(10);
    queue.emptied().await;
    queue.send("group", &bodies(1)).await.unwrap();
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.emptied().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    let delivery = queue.receive().await.unwrap();
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    delivery.ack();
    waiting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_senders_and_receivers_lose_nothing() {
    let queue = LocalQueue::new(3);
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    queue.send("group", &bodies(10)).await.unwrap();
                }
            })
        })
        .collect();
    let receivers: Vec<_> = (0..4)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut acknowledged = 0;
                while let Some(delivery) = queue.receive().await {
                    if delivery.receive_count == 1 && delivery.body == "7" {
                        delivery.give_back();
                    } else {
                        delivery.ack();
                        acknowledged += 1;
                    }
                }
                acknowledged
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    queue.close();
    let mut acknowledged = 0;
    for receiver in receivers {
        acknowledged += receiver.await.unwrap();
    }
    assert_eq!(acknowledged, 4 * 50 * 10);
    assert_eq!(counters(&queue).await, (0, 0, 0));
}
