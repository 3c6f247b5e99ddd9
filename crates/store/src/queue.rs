//! Message queues, reduced to the operations that a job needs.

mod local;

use std::fmt;

use async_trait::async_trait;

pub use local::{Delivery, LocalQueue};

/// The most messages that one [`Queue::send`] takes
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
pub const MAX_BATCH: usize = 10;

/// The most bytes of all bodies in one [`Queue::send`]. SQS takes 1 MiB today, and took 262,144 bytes
/// before; every endpoint takes the smaller number.
pub const MAX_BATCH_BYTES: usize = 262_144;

/// A queue that delivers each message at least once, in any order.
#[async_trait]
pub trait Queue: fmt::Debug + Send + Sync {
    /// Sends at most [`MAX_BATCH`] messages of at most [`MAX_BATCH_BYTES`] together, and returns the
    /// messages that were not accepted. Single entries may fail although the call succeeds.
    ///
    /// `group` names what the messages belong to, in up to 128 letters, digits and punctuation. While
    /// the messages of a large group wait, SQS delivers those of a small one first
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>).
    async fn send(&self, group: &str, bodies: &[String]) -> Result<Vec<Unsent>, QueueError>;

    /// The number of messages in the queue. SQS calls these counters approximate, and they may lag by
    /// a minute or more, so they prove nothing
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>).
    async fn counters(&self) -> Result<Counters, QueueError>;
}

/// A message of a batch that the queue did not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Its index in the batch.
    pub index: usize,
    /// The queue's reason.
    pub reason: String,
}

/// A queue's three counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Messages waiting to be received.
    pub visible: u64,
    /// Messages received and not yet acknowledged.
    pub in_flight: u64,
    /// Messages whose delivery is delayed.
    pub delayed: u64,
}

impl Counters {
    /// Whether all counters are zero.
    pub fn all_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Why an operation on a queue failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {queue}: {reason}")]
pub struct QueueError {
    /// The operation: `send to`, `read the counters of`.
    pub operation: &'static str,
    /// The queue, by its URL or name.
    pub queue: String,
    /// Whether the credentials lack a permission, and a retry would fail in the same way.
    pub denied: bool,
    /// The backend's error code and message.
    pub reason: String,
    /// The backend's error, if there is one.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Refuses a batch that exceeds the limits of any queue, so every queue has the limits of SQS.
pub(crate) fn check_batch(queue: &str, bodies: &[String]) -> Result<(), QueueError> {
    let bytes = bodies.iter().map(String::len).sum::<usize>();
    if bodies.len() <= MAX_BATCH && bytes <= MAX_BATCH_BYTES {
        return Ok(());
    }
    Err(QueueError {
        operation: "send to",
        queue: queue.to_owned(),
        denied: false,
        reason: format!(
            "a batch has at most {MAX_BATCH} messages and {MAX_BATCH_BYTES} bytes, \
             and this one has {} and {bytes}",
            bodies.len()
        ),
        source: None,
    })
}
