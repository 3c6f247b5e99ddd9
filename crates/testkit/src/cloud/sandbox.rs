//! The environment of a function, which is frozen between invocations and may be killed at any time.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::chance::{Chance, Fault};
use super::queue::SentMessage;

/// An environment of a function. Every request passes its [`gate`](Self::gate).
#[derive(Debug)]
pub struct Sandbox {
    pub name: String,
    chance: Arc<Chance>,
    state: Mutex<State>,
    changed: Notify,
    /// The message that is being handled, on which faults are blamed.
    message: Mutex<Option<Arc<SentMessage>>>,
    /// Whether an invocation ended before its uploads were aborted.
    pub was_cut: AtomicBool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Running,
    Frozen,
    Dead(Death),
}

/// Why a function died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Death {
    /// A random fault, such as a lost host.
    Chance,
    /// It ran out of memory on an object that always takes too much.
    Memory,
    /// Its timeout.
    Time,
}

/// When to kill a function.
#[derive(Debug, Clone, Copy)]
pub enum Kill {
    /// After this many polls.
    Polls(usize),
    At(Instant),
}

impl Sandbox {
    pub fn new(name: String, chance: &Arc<Chance>) -> Arc<Self> {
        Arc::new(Self {
            name,
            chance: Arc::clone(chance),
            state: Mutex::new(State::Running),
            changed: Notify::new(),
            message: Mutex::default(),
            was_cut: AtomicBool::new(false),
        })
    }

    /// Waits while the sandbox is frozen, and forever if it is dead.
    pub async fn gate(&self) {
        loop {
            let changed = self.changed.notified();
            let state = self.state.lock().unwrap().clone();
            match state {
                State::Running => return,
                State::Frozen => changed.await,
                State::Dead(_) => pending().await,
            }
        }
    }

    /// Whether a fault strikes a request of this function.
    pub fn strikes(&self, fault: Fault) -> bool {
        let strikes = self.chance.strikes(fault);
        if strikes {
            self.blame();
        }
        strikes
    }

    fn blame(&self) {
        if let Some(message) = &*self.message.lock().unwrap() {
            message.struck.store(true, Ordering::Relaxed);
        }
    }

    /// Kills the function.
    pub fn kill(&self, death: Death) {
        self.chance
            .note(format_args!("{} dies: {death:?}", self.name));
        match (&death, &*self.message.lock().unwrap()) {
            (Death::Memory, Some(message)) => message.poisoned.store(true, Ordering::Relaxed),
            (Death::Chance, Some(message)) => message.struck.store(true, Ordering::Relaxed),
            // The fault that took so long has been blamed already.
            (Death::Time, _) | (_, None) => {}
        }
        *self.state.lock().unwrap() = State::Dead(death);
    }

    pub fn death(&self) -> Option<Death> {
        match &*self.state.lock().unwrap() {
            State::Dead(death) => Some(death.clone()),
            State::Running | State::Frozen => None,
        }
    }

    /// Runs an invocation until it ends or the function dies.
    pub async fn run<T>(
        &self,
        message: Option<Arc<SentMessage>>,
        timeout: Instant,
        kill: Option<Kill>,
        invocation: impl Future<Output = T>,
    ) -> Result<T, Death> {
        *self.message.lock().unwrap() = message;
        *self.state.lock().unwrap() = State::Running;
        self.changed.notify_waiters();
        let (end, death) = match kill {
            Some(Kill::At(end)) if end < timeout => (end, Death::Chance),
            _ => (timeout, Death::Time),
        };
        let mut polls = match kill {
            Some(Kill::Polls(polls)) => polls,
            _ => usize::MAX,
        };
        let mut over = pin!(sleep_until(end));
        let mut invocation = pin!(invocation);
        let answer = poll_fn(|context| {
            if let Poll::Ready(answer) = invocation.as_mut().poll(context) {
                return Poll::Ready(Some(answer));
            }
            polls -= 1;
            if polls == 0 {
                self.kill(Death::Chance);
            } else if over.as_mut().poll(context).is_ready() {
                self.kill(death.clone());
            }
            match self.death() {
                Some(_) => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
        .await;
        // The state is `Dead` before the invocation is dropped: a dead function aborts nothing.
        if let Some(death) = self.death() {
            return Err(death);
        }
        let mut state = self.state.lock().unwrap();
        *state = State::Frozen;
        answer.ok_or(Death::Time)
    }
}
