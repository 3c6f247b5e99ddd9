//! A standard queue of SQS, and a function's client of it, as `SqsQueue` is on AWS.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use rehose_store::queue::{Counters, MAX_BATCH, MAX_BATCH_BYTES, Queue, QueueError, Unsent};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::chance::{Chance, Fault};
use super::sandbox::Sandbox;

const SECOND: Duration = Duration::from_secs(1);

/// The longest lag of the counters. AWS documents a minute, and `check` waits for five.
const LAG: Duration = Duration::from_secs(3 * 60);

/// The delay of a delayed message, up to the limit of SQS.
const DELAY: Range<Duration> = SECOND..Duration::from_secs(15 * 60);

/// The time until a lost message is deleted.
const LOSS: Range<Duration> = SECOND..Duration::from_secs(3 * 60 * 60);

/// A queue.
pub struct StandardQueue {
    name: &'static str,
    chance: Arc<Chance>,
    /// The visibility timeout.
    visibility: Duration,
    /// The most deliveries of a message before it goes to the dead-letter queue.
    max_receives: u32,
    state: Mutex<State>,
    changed: Notify,
    /// Called with the body and the sender of every accepted message.
    pub watcher: OnceLock<Watcher>,
}

/// A callback of [`StandardQueue::watcher`].
pub type Watcher = Box<dyn Fn(&str, &str) + Send + Sync>;

#[derive(Debug, Default)]
struct State {
    copies: BTreeMap<u64, QueuedCopy>,
    next: u64,
    dead: u64,
    /// The history of the counters, as far back as they may lag.
    past: VecDeque<(Instant, Counters)>,
    sent: Vec<Arc<SentMessage>>,
}

/// A copy of a message in the queue. A duplicated message has two.
#[derive(Debug)]
struct QueuedCopy {
    message: Arc<SentMessage>,
    receives: u32,
    visible: Instant,
    in_flight: bool,
}

/// A message that was sent, which is kept for the oracle after it is gone.
#[derive(Debug)]
pub struct SentMessage {
    pub body: String,
    /// The name of its sender.
    pub sender: String,
    /// Whether a fault has hit it, or a function that was handling it.
    pub struck: AtomicBool,
    /// Whether one of its objects has killed a function.
    pub poisoned: AtomicBool,
}

/// A message that has been received.
#[derive(Debug)]
pub struct Delivery {
    id: u64,
    pub message: Arc<SentMessage>,
}

impl std::fmt::Debug for StandardQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("StandardQueue").field(&self.name).finish()
    }
}

impl StandardQueue {
    pub fn new(
        name: &'static str,
        visibility: Duration,
        max_receives: u32,
        chance: &Arc<Chance>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            chance: Arc::clone(chance),
            visibility,
            max_receives,
            state: Mutex::default(),
            changed: Notify::new(),
            watcher: OnceLock::new(),
        })
    }

    /// Accepts a message, without a request.
    pub fn accept(self: &Arc<Self>, body: &str, sender: &str) {
        if let Some(watcher) = self.watcher.get() {
            watcher(body, sender);
        }
        let message = Arc::new(SentMessage {
            body: body.to_owned(),
            sender: sender.to_owned(),
            struck: AtomicBool::new(false),
            poisoned: AtomicBool::new(false),
        });
        self.state.lock().unwrap().sent.push(Arc::clone(&message));
        let copies = 1 + usize::from(self.chance.strikes(Fault::Duplicated));
        for _ in 0..copies {
            self.enqueue(&message);
        }
    }

    fn enqueue(self: &Arc<Self>, message: &Arc<SentMessage>) {
        let mut visible = Instant::now();
        if self.chance.strikes(Fault::Delayed) {
            visible += self.chance.time(DELAY);
        }
        let id = self.change(|state| {
            state.next += 1;
            let copy = QueuedCopy {
                message: Arc::clone(message),
                receives: 0,
                visible,
                in_flight: false,
            };
            state.copies.insert(state.next, copy);
            state.next
        });
        self.chance.note(format_args!("{} has {id}", self.name));
        if self.chance.strikes(Fault::Lost) {
            message.struck.store(true, Ordering::Relaxed);
            let queue = Arc::clone(self);
            tokio::spawn(async move {
                sleep(queue.chance.time(LOSS)).await;
                queue.chance.note(format_args!("{} loses {id}", queue.name));
                queue.change(|state| state.copies.remove(&id));
            });
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap();
        state.remember();
        let changed = change(&mut state);
        state.remember();
        self.changed.notify_waiters();
        changed
    }

    /// Waits for a message, and receives any of the visible ones.
    pub async fn receive(&self) -> Delivery {
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let (ready, next) = {
                let state = self.state.lock().unwrap();
                let visible = |(_, copy): &(&u64, &QueuedCopy)| copy.visible <= now;
                let ready: Vec<u64> = (state.copies.iter().filter(visible))
                    .map(|(id, _)| *id)
                    .collect();
                (ready, state.copies.values().map(|copy| copy.visible).min())
            };
            if !ready.is_empty() {
                let id = self.chance.choose(&ready);
                match self.try_receive(id, now) {
                    Some(message) => return Delivery { id, message },
                    None => continue,
                }
            }
            match next {
                Some(next) => _ = timeout_at(next, changed).await,
                None => changed.await,
            }
        }
    }

    /// Delivers a message, or moves it to the dead-letter queue after too many deliveries.
    fn try_receive(&self, id: u64, now: Instant) -> Option<Arc<SentMessage>> {
        self.change(|state| {
            let copy = state.copies.get_mut(&id)?;
            if copy.receives == self.max_receives {
                self.chance.note(format_args!("{} buries {id}", self.name));
                state.copies.remove(&id);
                state.dead += 1;
                return None;
            }
            copy.receives += 1;
            copy.in_flight = true;
            copy.visible = now + self.visibility;
            self.chance.note(format_args!("{} gives {id}", self.name));
            Some(Arc::clone(&copy.message))
        })
    }

    /// Deletes a message. Otherwise it becomes visible again after its visibility timeout.
    pub fn acknowledge(&self, delivery: &Delivery) {
        if !self.chance.strikes(Fault::AcknowledgementLost) {
            let id = delivery.id;
            self.chance
                .note(format_args!("{} is done with {id}", self.name));
            self.change(|state| state.copies.remove(&id));
        }
    }

    /// Waits until the queue is empty.
    pub async fn empty(&self) {
        loop {
            let changed = self.changed.notified();
            if self.state.lock().unwrap().copies.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// All messages that were ever accepted.
    pub fn sent_messages(&self) -> Vec<Arc<SentMessage>> {
        self.state.lock().unwrap().sent.clone()
    }

    /// The number of messages in the dead-letter queue.
    pub fn dead(&self) -> u64 {
        self.state.lock().unwrap().dead
    }

    /// A counter, which may lag.
    fn counter(&self, counter: impl Fn(&Counters) -> u64) -> u64 {
        let lag = match self.chance.strikes(Fault::StaleCounters) {
            true => self.chance.time(SECOND..LAG),
            false => Duration::ZERO,
        };
        let mut state = self.state.lock().unwrap();
        state.remember();
        let at = Instant::now() - lag;
        let then = (state.past.iter().rev()).find(|(from, _)| *from <= at);
        then.map_or(0, |(_, counters)| counter(counters))
    }
}

impl State {
    /// Records the current counters, which may be returned later.
    fn remember(&mut self) {
        let now = Instant::now();
        let mut counters = Counters::default();
        for copy in self.copies.values() {
            match (copy.visible <= now, copy.in_flight) {
                (true, _) => counters.visible += 1,
                (false, true) => counters.in_flight += 1,
                (false, false) => counters.delayed += 1,
            }
        }
        if self.past.back().is_none_or(|(_, last)| *last != counters) {
            self.past.push_back((now, counters));
        }
        while self.past.get(1).is_some_and(|(from, _)| now - *from > LAG) {
            self.past.pop_front();
        }
    }
}

/// A queue as a function sees it.
#[derive(Debug, Clone)]
pub struct Client {
    pub queue: Arc<StandardQueue>,
    pub sandbox: Arc<Sandbox>,
}

impl Client {
    fn error(&self, operation: &'static str, reason: String) -> QueueError {
        QueueError {
            operation,
            queue: self.queue.name.to_owned(),
            denied: false,
            reason,
            source: None,
        }
    }

    async fn send_request(&self, operation: &'static str) -> Result<(), QueueError> {
        self.sandbox.gate().await;
        self.queue.chance.network_delay().await;
        self.sandbox.gate().await;
        match self.sandbox.strikes(Fault::QueueUnavailable) {
            true => Err(self.error(operation, "ServiceUnavailable".to_owned())),
            false => Ok(()),
        }
    }

    async fn receive_response(&self) {
        self.queue.chance.network_delay().await;
        self.sandbox.gate().await;
    }
}

#[async_trait]
impl Queue for Client {
    async fn send(&self, _group: &str, bodies: &[String]) -> Result<Vec<Unsent>, QueueError> {
        const OPERATION: &str = "send to";
        let bytes: usize = bodies.iter().map(String::len).sum();
        if bodies.len() > MAX_BATCH || bytes > MAX_BATCH_BYTES {
            let reason = format!(
                "at most {MAX_BATCH} messages and {MAX_BATCH_BYTES} bytes, not {} and {bytes}",
                bodies.len()
            );
            return Err(self.error(OPERATION, reason));
        }
        self.send_request(OPERATION).await?;
        let mut unsent = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            if self.sandbox.strikes(Fault::Refused) {
                let reason = "InternalError".to_owned();
                unsent.push(Unsent { index, reason });
            } else {
                self.queue.accept(body, &self.sandbox.name);
            }
        }
        self.receive_response().await;
        if self.sandbox.strikes(Fault::SendAnswerLost) {
            return Err(self.error(OPERATION, "the connection was reset".to_owned()));
        }
        Ok(unsent)
    }

    async fn counters(&self) -> Result<Counters, QueueError> {
        self.send_request("read the counters of").await?;
        let counters = Counters {
            visible: self.queue.counter(|counters| counters.visible),
            in_flight: self.queue.counter(|counters| counters.in_flight),
            delayed: self.queue.counter(|counters| counters.delayed),
        };
        self.receive_response().await;
        Ok(counters)
    }
}
