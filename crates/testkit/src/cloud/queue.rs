//! A standard queue, and a function's client of it: what `SqsQueue` is on AWS.

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

/// How far behind the counters may be. AWS speaks of a minute, `check` is patient for five.
const LAG: Duration = Duration::from_secs(3 * 60);

/// How late a message may come, as long as SQS lets a sender delay one at the most.
const DELAY: Range<Duration> = SECOND..Duration::from_secs(15 * 60);

/// When a message that gets lost does so.
const LOSS: Range<Duration> = SECOND..Duration::from_secs(3 * 60 * 60);

/// A queue.
pub struct StandardQueue {
    name: &'static str,
    chance: Arc<Chance>,
    /// For how long a message that has been received is hidden from others.
    visibility: Duration,
    /// How often a message is received before it goes to the dead-letter queue.
    max_receives: u32,
    state: Mutex<State>,
    changed: Notify,
    /// Is shown every message that is accepted, and its sender.
    pub watcher: OnceLock<Watcher>,
}

pub type Watcher = Box<dyn Fn(&str, &str) + Send + Sync>;

#[derive(Debug, Default)]
struct State {
    messages: BTreeMap<u64, Message>,
    next: u64,
    dead: u64,
    /// What the counters were, as far back as they may lag.
    past: VecDeque<(Instant, Counters)>,
    letters: Vec<Arc<Letter>>,
}

#[derive(Debug)]
struct Message {
    letter: Arc<Letter>,
    receives: u32,
    visible: Instant,
    in_flight: bool,
}

/// What is remembered of a message for ever.
#[derive(Debug)]
pub struct Letter {
    pub body: String,
    /// Who sent it.
    pub sender: String,
    /// Whether a fault has hit it, or a function while it handled it.
    pub struck: AtomicBool,
    /// Whether a function died of an object of it.
    pub poisoned: AtomicBool,
}

/// A message that has been received.
#[derive(Debug)]
pub struct Delivery {
    id: u64,
    pub letter: Arc<Letter>,
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

    /// Takes a message in.
    pub fn accept(self: &Arc<Self>, body: &str, sender: &str) {
        if let Some(watcher) = self.watcher.get() {
            watcher(body, sender);
        }
        let letter = Arc::new(Letter {
            body: body.to_owned(),
            sender: sender.to_owned(),
            struck: AtomicBool::new(false),
            poisoned: AtomicBool::new(false),
        });
        self.state.lock().unwrap().letters.push(Arc::clone(&letter));
        let copies = 1 + usize::from(self.chance.strikes(Fault::Duplicated));
        for _ in 0..copies {
            self.enqueue(&letter);
        }
    }

    fn enqueue(self: &Arc<Self>, letter: &Arc<Letter>) {
        let mut visible = Instant::now();
        if self.chance.strikes(Fault::Delayed) {
            visible += self.chance.time(DELAY);
        }
        let id = self.change(|state| {
            state.next += 1;
            let message = Message {
                letter: Arc::clone(letter),
                receives: 0,
                visible,
                in_flight: false,
            };
            state.messages.insert(state.next, message);
            state.next
        });
        self.chance.note(format_args!("{} has {id}", self.name));
        if self.chance.strikes(Fault::Lost) {
            letter.struck.store(true, Ordering::Relaxed);
            let queue = Arc::clone(self);
            tokio::spawn(async move {
                sleep(queue.chance.time(LOSS)).await;
                queue.chance.note(format_args!("{} loses {id}", queue.name));
                queue.change(|state| state.messages.remove(&id));
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

    /// Waits for a message, any of those that are visible.
    pub async fn receive(&self) -> Delivery {
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let (ready, next) = {
                let state = self.state.lock().unwrap();
                let visible = |(_, message): &(&u64, &Message)| message.visible <= now;
                let ready: Vec<u64> = (state.messages.iter().filter(visible))
                    .map(|(id, _)| *id)
                    .collect();
                (ready, state.messages.values().map(|m| m.visible).min())
            };
            if !ready.is_empty() {
                let id = self.chance.choose(&ready);
                match self.try_receive(id, now) {
                    Some(letter) => return Delivery { id, letter },
                    None => continue,
                }
            }
            match next {
                Some(next) => _ = timeout_at(next, changed).await,
                None => changed.await,
            }
        }
    }

    /// Hands a message out, unless that has been done too often.
    fn try_receive(&self, id: u64, now: Instant) -> Option<Arc<Letter>> {
        self.change(|state| {
            let message = state.messages.get_mut(&id)?;
            if message.receives == self.max_receives {
                self.chance.note(format_args!("{} buries {id}", self.name));
                state.messages.remove(&id);
                state.dead += 1;
                return None;
            }
            message.receives += 1;
            message.in_flight = true;
            message.visible = now + self.visibility;
            self.chance.note(format_args!("{} gives {id}", self.name));
            Some(Arc::clone(&message.letter))
        })
    }

    /// Deletes a message. One that is not comes again when its visibility timeout is over.
    pub fn acknowledge(&self, delivery: &Delivery) {
        if !self.chance.strikes(Fault::AcknowledgementLost) {
            let id = delivery.id;
            self.chance
                .note(format_args!("{} is done with {id}", self.name));
            self.change(|state| state.messages.remove(&id));
        }
    }

    /// Waits until it is empty.
    pub async fn empty(&self) {
        loop {
            let changed = self.changed.notified();
            if self.state.lock().unwrap().messages.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// All messages that it ever accepted.
    pub fn letters(&self) -> Vec<Arc<Letter>> {
        self.state.lock().unwrap().letters.clone()
    }

    /// How many messages went to the dead-letter queue.
    pub fn dead(&self) -> u64 {
        self.state.lock().unwrap().dead
    }

    /// A counter as it was some time ago.
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
    /// Writes down what the counters are, for those who will be told of it later.
    fn remember(&mut self) {
        let now = Instant::now();
        let mut counters = Counters::default();
        for message in self.messages.values() {
            match (message.visible <= now, message.in_flight) {
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

    async fn go(&self, operation: &'static str) -> Result<(), QueueError> {
        self.sandbox.gate().await;
        self.queue.chance.travel().await;
        self.sandbox.gate().await;
        match self.sandbox.strikes(Fault::QueueUnavailable) {
            true => Err(self.error(operation, "ServiceUnavailable".to_owned())),
            false => Ok(()),
        }
    }

    async fn come_back(&self) {
        self.queue.chance.travel().await;
        self.sandbox.gate().await;
    }
}

#[async_trait]
impl Queue for Client {
    async fn send(&self, bodies: &[String]) -> Result<Vec<Unsent>, QueueError> {
        const OPERATION: &str = "send to";
        let bytes: usize = bodies.iter().map(String::len).sum();
        if bodies.len() > MAX_BATCH || bytes > MAX_BATCH_BYTES {
            let reason = format!(
                "at most {MAX_BATCH} messages and {MAX_BATCH_BYTES} bytes, not {} and {bytes}",
                bodies.len()
            );
            return Err(self.error(OPERATION, reason));
        }
        self.go(OPERATION).await?;
        let mut unsent = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            if self.sandbox.strikes(Fault::Refused) {
                let reason = "InternalError".to_owned();
                unsent.push(Unsent { index, reason });
            } else {
                self.queue.accept(body, &self.sandbox.name);
            }
        }
        self.come_back().await;
        if self.sandbox.strikes(Fault::SendAnswerLost) {
            return Err(self.error(OPERATION, "the connection was reset".to_owned()));
        }
        Ok(unsent)
    }

    async fn counters(&self) -> Result<Counters, QueueError> {
        self.go("read the counters of").await?;
        let counters = Counters {
            visible: self.queue.counter(|counters| counters.visible),
            in_flight: self.queue.counter(|counters| counters.in_flight),
            delayed: self.queue.counter(|counters| counters.delayed),
        };
        self.come_back().await;
        Ok(counters)
    }
}
