//! Lambda's event source for a queue: it receives messages and invokes `process`.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::functions::Functions;
use crate::latency;
use crate::meter::Request;
use crate::sqs::Delivery;

/// Invocations at once to begin with, and how many more each minute
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>).
const BEGINNING: usize = 5;
const MORE_PER_MINUTE: u32 = 300;

/// The event source of the queue of tasks, with batches of one message.
#[derive(Debug)]
pub(crate) struct EventSource {
    functions: Arc<Functions>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    running: usize,
    most: usize,
    /// Since when messages have been coming.
    active: Option<Instant>,
}

impl EventSource {
    pub(crate) fn new(functions: &Arc<Functions>) -> Self {
        Self {
            functions: Arc::clone(functions),
            state: Mutex::default(),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(
            &mut self
                .state
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }

    /// The invocations under way.
    pub(crate) fn running(&self) -> usize {
        self.change(|state| state.running)
    }

    /// The most invocations that were under way since this was last asked.
    pub(crate) fn take_most(&self) -> usize {
        self.change(|state| std::mem::replace(&mut state.most, state.running))
    }

    /// The most invocations that it makes now.
    pub(crate) fn limit(&self) -> usize {
        let concurrency = self.functions.cloud.stack.concurrency;
        let active = self.change(|state| state.active);
        let more = active.map_or(0, |since| {
            (since.elapsed().as_secs_f64() * f64::from(MORE_PER_MINUTE) / 60.0) as usize
        });
        concurrency.min(BEGINNING + more)
    }

    /// Receives messages for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        let step = Duration::from_secs(60) / MORE_PER_MINUTE;
        let cloud = Arc::clone(&self.functions.cloud);
        loop {
            let is_full = self.running() >= self.limit();
            if let Some(delivery) = (!is_full).then(|| cloud.queue.receive()).flatten() {
                self.change(|state| {
                    state.running += 1;
                    state.most = state.most.max(state.running);
                    state.active.get_or_insert(Instant::now());
                });
                let source = Arc::clone(&self);
                tokio::spawn(async move { source.deliver(delivery).await });
                continue;
            }
            if !is_full && self.running() == 0 {
                // It scales back when nothing comes.
                self.change(|state| state.active = None);
            }
            let changed = cloud.queue.changed.notified();
            let is_scaling = is_full && self.limit() < cloud.stack.concurrency;
            let next = match is_scaling {
                true => Some(Instant::now() + step),
                false if is_full => None,
                false => cloud.queue.next_visible(),
            };
            match next {
                Some(next) => _ = timeout_at(next, changed).await,
                None => changed.await,
            }
        }
    }

    /// Delivers a message. It is deleted if `process` succeeds, and otherwise becomes visible again after
    /// its visibility timeout.
    async fn deliver(&self, delivery: Delivery) {
        let cloud = &self.functions.cloud;
        self.request(Request::Receive).await;
        if self.functions.process(&delivery.body).await {
            self.request(Request::Delete).await;
            cloud.queue.delete(&delivery);
        }
        self.change(|state| state.running -= 1);
        cloud.queue.changed.notify_one();
    }

    async fn request(&self, request: Request) {
        let cloud = &self.functions.cloud;
        sleep(latency::of(request, &cloud.stack)).await;
        cloud.meter.answered(request);
    }
}
