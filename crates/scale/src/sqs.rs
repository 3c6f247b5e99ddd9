//! The queue of tasks.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rehose_store::queue::{Counters, Queue, QueueError, Unsent};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::cloud::Cloud;
use crate::lambda::Sandbox;
use crate::latency;
use crate::meter::Request;
use crate::work;

/// The visibility timeout and the most deliveries, as `infra/lib/queues.ts` has them.
const VISIBILITY: Duration = Duration::from_secs(6 * 15 * 60);
const MAX_RECEIVES: u32 = 5;

/// The most messages in flight
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>).
const IN_FLIGHT: usize = 120_000;

/// A standard queue, which delivers in order.
#[derive(Debug, Default)]
pub(crate) struct StandardQueue {
    state: Mutex<State>,
    /// Notified when a message may be received, and by those who receive.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    visible: VecDeque<Message>,
    /// Messages in flight, by the end of their visibility timeout.
    hidden: BTreeMap<(Instant, u64), Message>,
    sent: u64,
    dead: u64,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) body: Arc<str>,
    receives: u32,
}

/// A message that was received.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) body: Arc<str>,
    place: (Instant, u64),
}

impl StandardQueue {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = (self.state.lock()).unwrap_or_else(|poisoned| poisoned.into_inner());
        state.show(Instant::now());
        change(&mut state)
    }

    fn accept(&self, body: &str) {
        self.change(|state| {
            state.sent += 1;
            state.visible.push_back(Message {
                body: body.into(),
                receives: 0,
            });
        });
        self.changed.notify_one();
    }

    /// Receives the next message, if one is visible.
    pub(crate) fn receive(&self) -> Option<Delivery> {
        self.change(|state| {
            if state.hidden.len() >= IN_FLIGHT {
                return None;
            }
            let mut message = state.visible.pop_front()?;
            message.receives += 1;
            state.sent += 1;
            let place = (Instant::now() + VISIBILITY, state.sent);
            let body = Arc::clone(&message.body);
            state.hidden.insert(place, message);
            Some(Delivery { body, place })
        })
    }

    /// Deletes a message.
    pub(crate) fn delete(&self, delivery: &Delivery) {
        self.change(|state| state.hidden.remove(&delivery.place));
    }

    pub(crate) fn counters(&self) -> Counters {
        self.change(|state| Counters {
            visible: state.visible.len() as u64,
            in_flight: state.hidden.len() as u64,
            delayed: 0,
        })
    }

    /// When the next message becomes visible again.
    pub(crate) fn next_visible(&self) -> Option<Instant> {
        self.change(|state| state.hidden.keys().next().map(|(end, _)| *end))
    }

    /// The messages in the dead-letter queue.
    pub(crate) fn dead(&self) -> u64 {
        self.change(|state| state.dead)
    }
}

impl State {
    /// Shows the messages whose visibility timeout is over.
    fn show(&mut self, now: Instant) {
        while let Some(first) = self.hidden.first_entry()
            && first.key().0 <= now
        {
            let message = first.remove();
            match message.receives < MAX_RECEIVES {
                true => self.visible.push_back(message),
                false => self.dead += 1,
            }
        }
    }
}

/// The queue as a function sees it.
pub(crate) struct Client {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) sandbox: Arc<Sandbox>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    async fn request(&self, request: Request) {
        let leaves = self.sandbox.reserve(work::REQUEST);
        sleep_until(leaves + latency::of(request, &self.cloud.stack)).await;
        self.cloud.meter.answered(request);
    }
}

#[async_trait]
impl Queue for Client {
    async fn send(&self, _group: &str, bodies: &[String]) -> Result<Vec<Unsent>, QueueError> {
        self.request(Request::Send).await;
        for body in bodies {
            self.cloud.queue.accept(body);
        }
        Ok(Vec::new())
    }

    async fn counters(&self) -> Result<Counters, QueueError> {
        self.request(Request::Counters).await;
        Ok(self.cloud.queue.counters())
    }
}
