//! A queue in this process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Counters, Queue, QueueError, Unsent, check_batch};

/// How many times a message is delivered: the `maxReceiveCount` that AWS advises
/// for a queue in front of a function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
const MAX_RECEIVES: u32 = 5;

/// The queue's name in errors.
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
    /// A queue in which at most `capacity` messages (at least 1) wait: a sender waits for room.
    pub fn new(capacity: usize) -> Self {
        Self::with_max_receives(capacity, MAX_RECEIVES)
    }

    /// A queue that delivers a message at most `max_receives` times (at least once).
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

    /// Waits for a message. Returns `None` when no more can come: the queue is closed and empty, and
    /// no delivery is in flight that might be given back.
    ///
    /// # Deadlock
    ///
    /// A task that holds a delivery must not wait for another one: the queue may be waiting for the
    /// first to be acknowledged or given back.
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

    /// Closes the queue for senders. Messages in it are still delivered.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_waiters();
    }

    /// Waits until the queue is empty and no delivery is in flight.
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

    /// The number of messages that were dropped after their last delivery.
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
    async fn send(&self, bodies: &[String]) -> Result<Vec<Unsent>, QueueError> {
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
        // No code under the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that has been received. Dropping it puts it back into the queue.
#[derive(Debug)]
#[must_use = "dropping it gives it back"]
pub struct Delivery {
    /// The message.
    pub body: String,
    /// How often the message has been delivered, this time included.
    pub receive_count: u32,
    /// `None` once the message is acknowledged.
    queue: Option<Arc<Shared>>,
}

impl Delivery {
    /// Takes the message off the queue for good.
    pub fn ack(mut self) {
        if let Some(queue) = self.queue.take() {
            queue.lock().in_flight -= 1;
            queue.changed.notify_waiters();
        }
    }

    /// Puts the message back at the end of the queue. After its last delivery it is dropped instead,
    /// and counted in [`LocalQueue::dead`].
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
            // Beyond the capacity if need be: a receiver never waits for room.
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
