//! The event that SQS sends to a function, and the response that it expects
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).

use serde::{Deserialize, Serialize};

/// A batch of messages.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch {
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Record>,
}

/// A message. Its body is parsed later, so an invalid one does not fail the batch.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "messageId")]
    pub(crate) message_id: String,
    #[serde(default)]
    pub(crate) body: String,
}

/// The messages that go back to the queue. SQS deletes all others.
#[derive(Debug, Default, Serialize)]
pub(crate) struct BatchResponse {
    #[serde(rename = "batchItemFailures")]
    pub(crate) batch_item_failures: Vec<ItemFailure>,
}

/// A message that goes back.
#[derive(Debug, Serialize)]
pub(crate) struct ItemFailure {
    #[serde(rename = "itemIdentifier")]
    pub(crate) item_identifier: String,
}
