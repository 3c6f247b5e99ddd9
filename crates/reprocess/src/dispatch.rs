//! Sending tasks to the queue.

use std::time::Duration;

use futures::{TryStreamExt, stream};
use rehose_store::queue::{MAX_BATCH, Queue};
use tokio::time::sleep;

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::job::JobId;
use crate::task::TaskMessage;

/// Concurrent batches.
const SENDS: usize = 32;

/// The first and the longest wait before refused messages are resent.
const RESEND_WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Sends a job's messages in batches, several at once. Refused messages are resent with growing waits until the deadline.
///
/// # Errors
///
/// [`Error::Unsent`] at the deadline.
pub(crate) async fn send(
    queue: &dyn Queue,
    job: &JobId,
    messages: impl Iterator<Item = TaskMessage>,
    deadline: Deadline,
) -> Result<()> {
    // A message has about 200 bytes at most, so a batch stays below the limit on its bytes.
    let bodies: Vec<String> = messages.map(|message| message.to_body()).collect();
    stream::iter(bodies.chunks(MAX_BATCH).map(Ok))
        .try_for_each_concurrent(SENDS, |batch| {
            send_batch(queue, job, batch.to_vec(), deadline)
        })
        .await
}

async fn send_batch(
    queue: &dyn Queue,
    job: &JobId,
    mut batch: Vec<String>,
    deadline: Deadline,
) -> Result<()> {
    let (mut wait, longest) = RESEND_WAIT;
    while !batch.is_empty() {
        let unsent = queue.send(job.as_str(), &batch).await?;
        let Some(reason) = unsent.first().map(|unsent| unsent.reason.clone()) else {
            break;
        };
        if !deadline.has(wait) {
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
