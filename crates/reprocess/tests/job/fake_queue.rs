//! A queue whose messages, refusals and counters a test controls.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use rehose_reprocess::task::TaskMessage;
use rehose_store::queue::{Counters, Queue, QueueError, Unsent};

/// Keeps messages until a test takes them.
#[derive(Debug, Default)]
pub(crate) struct FakeQueue {
    messages: Mutex<Vec<String>>,
    batches: Mutex<Vec<Vec<usize>>>,
    /// How many of the next messages are refused.
    pub(crate) refusals: Mutex<usize>,
    counters: Mutex<Option<Counters>>,
    groups: Mutex<BTreeSet<String>>,
}

impl FakeQueue {
    /// Takes all messages out.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.messages.lock().unwrap())
    }

    /// Takes all messages out, as the tasks that they are.
    pub(crate) fn take_tasks(&self) -> Vec<TaskMessage> {
        let bodies = self.take();
        bodies
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }

    /// The sizes of the messages of every batch that was sent.
    pub(crate) fn batches(&self) -> Vec<Vec<usize>> {
        self.batches.lock().unwrap().clone()
    }

    /// The groups of all messages that were sent.
    pub(crate) fn groups(&self) -> BTreeSet<String> {
        self.groups.lock().unwrap().clone()
    }

    /// Fixes the counters at a number of visible messages.
    pub(crate) fn fix_counters(&self, visible: u64) {
        *self.counters.lock().unwrap() = Some(Counters {
            visible,
            ..Counters::default()
        });
    }
}

#[async_trait]
impl Queue for FakeQueue {
    async fn send(
        &self,
        group: &str,
        bodies: &[String],
    ) -> std::result::Result<Vec<Unsent>, QueueError> {
        self.groups.lock().unwrap().insert(group.to_owned());
        let sizes = bodies.iter().map(String::len).collect();
        self.batches.lock().unwrap().push(sizes);
        let mut refusals = self.refusals.lock().unwrap();
        let mut unsent = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            if *refusals > 0 {
                *refusals -= 1;
                let reason = "InternalError".to_owned();
                unsent.push(Unsent { index, reason });
            } else {
                self.messages.lock().unwrap().push(body.clone());
            }
        }
        Ok(unsent)
    }

    async fn counters(&self) -> std::result::Result<Counters, QueueError> {
        let fixed = *self.counters.lock().unwrap();
        Ok(fixed.unwrap_or(Counters {
            visible: self.messages.lock().unwrap().len() as u64,
            ..Counters::default()
        }))
    }
}
