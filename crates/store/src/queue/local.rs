//! A queue in this process, for jobs on one machine.
//!
//! ```text
//!            send (waits for room)            receive             ack
//!  senders ───────────────────────► visible ─────────► in flight ─────► gone
//!                                      ▲                   │
//!                                      └── give back, drop ┤
//!                                                          └─ after max_receives ─► dead
//! ```
//!
//! # Invariants
//!
//! - `in_flight` is the number of [`Delivery`] values that are neither acknowledged nor dropped.
//! - A message is in `visible`, in flight, acknowledged or dead, and in exactly one of them.
//! - `visible` is at most `capacity`, except for returned messages: a receiver never waits for room.
//! - [`LocalQueue::receive`] returns `None` only when no message can come any more: the queue is
//!   closed, `visible` is empty, and nothing is in flight that could be returned.
//!
//! # What must change together
//!
//! Every change of the state calls `changed.notify_waiters()`, after which each waiter checks its
//! condition again. A waiter creates its `Notified` future *before* it looks at the state; otherwise
//! it would miss a change in between.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Counters, Queue, QueueError, Unsent, check_batch};

/// The most deliveries of a message: the `maxReceiveCount` that AWS recommends for the queue of a
/// function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
const MAX_RECEIVES: u32 = 5;

/// The name in errors.
const NAME: &str = "the local queue";

/// A bounded queue in this process, with exact counters. Its clones are the same queue.
#[derive(Debug, Clone)]
pub struct LocalQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    capacity: usize,
    max_receives: u32,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    visible: VecDeque<Message>,
    in_flight: u64,
    dead: u64,
    closed: bool,
}

#[derive(Debug)]
struct Message {
    body: String,
    receive_count: u32,
}

impl LocalQueue {
    /// A queue with room for `capacity` messages (at least 1). A sender waits for room.
    pub fn new(capacity: usize) -> Self {
        Self::with_max_receives(capacity, MAX_RECEIVES)
    }

    /// A queue that delivers a message up to `max_receives` times (at least once).
    pub fn with_max_receives(capacity: usize, max_receives: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                capacity: capacity.max(1),
                max_receives,
                state: Mutex::default(),
                changed: Notify::new(),
            }),
        }
    }

    /// Waits for a message. Returns `None` when no more can come: the queue is closed and empty, and no
    /// message is in flight.
    ///
    /// # Deadlock
    ///
    /// A task that holds a [`Delivery`] while it calls this may wait for itself, because its own
    /// message is in flight.
    ///
    /// # Cancel safety
    ///
    /// A dropped call loses no message.
    pub async fn receive(&self) -> Option<Delivery> {
        loop {
            let changed = self.shared.changed.notified();
            {
                let mut state = self.shared.lock();
                if let Some(message) = state.visible.pop_front() {
                    state.in_flight += 1;
                    self.shared.changed.notify_waiters();
                    return Some(Delivery {
                        body: message.body,
                        receive_count: message.receive_count + 1,
                        queue: Some(self.shared.clone()),
                    });
                }
                if state.closed && state.in_flight == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Refuses further messages. Those in the queue are still delivered.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_waiters();
    }

    /// Waits until the queue is empty and no message is in flight.
    pub async fn emptied(&self) {
        loop {
            let changed = self.shared.changed.notified();
            {
                let state = self.shared.lock();
                if state.visible.is_empty() && state.in_flight == 0 {
                    return;
                }
            }
            changed.await;
        }
    }

    /// The number of messages that were given up after their last delivery.
    pub fn dead(&self) -> u64 {
        self.shared.lock().dead
    }

    fn try_send(&self, body: &str) -> Result<Sent, QueueError> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(QueueError {
                operation: "send to",
                queue: NAME.to_owned(),
                denied: false,
                reason: "it is closed".to_owned(),
                source: None,
            });
        }
        if state.visible.len() >= self.shared.capacity {
            return Ok(Sent::NoRoom);
        }
        state.visible.push_back(Message {
            body: body.to_owned(),
            receive_count: 0,
        });
        self.shared.changed.notify_waiters();
        Ok(Sent::Accepted)
    }
}

enum Sent {
    Accepted,
    NoRoom,
}

#[async_trait]
impl Queue for LocalQueue {
    async fn send(&self, _group: &str, bodies: &[String]) -> Result<Vec<Unsent>, QueueError> {
        check_batch(NAME, bodies)?;
        for body in bodies {
            loop {
                let changed = self.shared.changed.notified();
                match self.try_send(body)? {
                    Sent::Accepted => break,
                    Sent::NoRoom => changed.await,
                }
            }
        }
        Ok(Vec::new())
    }

    async fn counters(&self) -> Result<Counters, QueueError> {
        let state = self.shared.lock();
        Ok(Counters {
            visible: state.visible.len() as u64,
            in_flight: state.in_flight,
            delayed: 0,
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics halfway through a change, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message in flight. Dropping it returns the message to the queue.
#[derive(Debug)]
#[must_use = "dropping it returns the message to the queue"]
pub struct Delivery {
    /// The message.
    pub body: String,
    /// The number of deliveries of this message, including this one.
    pub receive_count: u32,
    /// `None` once the message is acknowledged.
    queue: Option<Arc<Shared>>,
}

impl Delivery {
    /// Acknowledges the message, which removes it.
    pub fn ack(mut self) {
        if let Some(queue) = self.queue.take() {
            queue.lock().in_flight -= 1;
            queue.changed.notify_waiters();
        }
    }

    /// Returns the message to the end of the queue. After its last delivery, it is given up and
    /// counted in [`LocalQueue::dead`].
    pub fn give_back(self) {}
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let Some(queue) = self.queue.take() else {
            return;
        };
        let mut state = queue.lock();
        state.in_flight -= 1;
        if self.receive_count < queue.max_receives {
            // This may exceed the capacity: a receiver never waits for room.
            state.visible.push_back(Message {
                body: std::mem::take(&mut self.body),
                receive_count: self.receive_count,
            });
        } else {
            state.dead += 1;
        }
        drop(state);
        queue.changed.notify_waiters();
    }
}
