//! Sending tasks to the queue.

use std::time::Duration;

use rehose_store::queue::{MAX_BATCH, MAX_BATCH_BYTES, Queue};
use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};
use crate::ledger;
use crate::task::TaskMessage;

/// The first wait before messages that the queue refused are sent again, and the longest.
const RESEND_WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Sends messages in as few batches as their number and size allow. What the queue refuses is sent
/// again, with growing waits, until the deadline.
pub(crate) async fn send(
    queue: &dyn Queue,
    messages: impl Iterator<Item = TaskMessage>,
    deadline: Instant,
) -> Result<()> {
    let mut batch: Vec<String> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let body = body(&message);
        if batch.len() == MAX_BATCH || bytes + body.len() > MAX_BATCH_BYTES {
            send_batch(queue, std::mem::take(&mut batch), deadline).await?;
            bytes = 0;
        }
        bytes += body.len();
        batch.push(body);
    }
    send_batch(queue, batch, deadline).await
}

/// A task as the text of a message. JSON leaves two characters as they are that SQS refuses
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
fn body(message: &TaskMessage) -> String {
    ledger::describe(message)
        .replace('\u{fffe}', r"\ufffe")
        .replace('\u{ffff}', r"\uffff")
}

async fn send_batch(queue: &dyn Queue, mut batch: Vec<String>, deadline: Instant) -> Result<()> {
    let (mut wait, longest) = RESEND_WAIT;
    while !batch.is_empty() {
        let unsent = queue.send(&batch).await?;
        let Some(reason) = unsent.first().map(|unsent| unsent.reason.clone()) else {
            break;
        };
        if Instant::now() + wait >= deadline {
            return Err(Error::Unsent {
                count: unsent.len(),
                reason,
            });
        }
        batch = (unsent.iter())
            .filter_map(|unsent| batch.get(unsent.index).cloned())
            .collect();
        sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        wait = (wait * 2).min(longest);
    }
    Ok(())
}
