//! The suites on the simulated buckets and queues, without their faults.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rehose_store::Store;
use rehose_store::queue::Queue;
use rehose_testkit::{queue_suite, store_suite};

use rehose_testkit::cloud::bucket::{self, Bucket};
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::cloud::queue::{self, Delivery, StandardQueue};
use rehose_testkit::cloud::sandbox::Sandbox;

/// The size of a part that `S3Store` has.
const PART_BYTES: usize = 8 << 20;

fn quiet() -> Arc<Chance> {
    Chance::quiet(Duration::ZERO..Duration::ZERO)
}

struct SimulatedBucket(bucket::Client);

impl store_suite::Place for SimulatedBucket {
    fn store(&self) -> &dyn Store {
        &self.0
    }

    fn holds_any_key(&self) -> bool {
        true
    }

    async fn leftovers(&self) -> usize {
        self.0.bucket.look(|contents| contents.uploads.len())
    }
}

async fn bucket() -> SimulatedBucket {
    let chance = quiet();
    let bucket = Bucket::new("bucket", PART_BYTES, &chance);
    let sandbox = Sandbox::new("test".to_owned(), &chance);
    SimulatedBucket(bucket::Client::new(&bucket, &sandbox))
}

mod stores {
    rehose_testkit::suites!(store super::bucket);
}

struct SimulatedQueue {
    client: queue::Client,
    received: Mutex<Vec<Delivery>>,
}

impl queue_suite::Place for SimulatedQueue {
    fn queue(&self) -> &dyn Queue {
        &self.client
    }

    async fn receive(&self) -> String {
        let delivery = self.client.queue.receive().await;
        let body = delivery.message.body.clone();
        self.received.lock().unwrap().push(delivery);
        body
    }

    async fn acknowledge_all(&self) {
        for delivery in self.received.lock().unwrap().drain(..) {
            self.client.queue.acknowledge(&delivery);
        }
    }
}

async fn queue() -> SimulatedQueue {
    let chance = quiet();
    SimulatedQueue {
        client: queue::Client {
            queue: StandardQueue::new("queue", Duration::from_secs(60), 5, &chance),
            sandbox: Sandbox::new("test".to_owned(), &chance),
        },
        received: Mutex::default(),
    }
}

mod queues {
    rehose_testkit::suites!(queue super::queue);
}
