//! A queue of SQS.

use std::error::Error;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};

use super::reason;
use crate::queue::{Counters, Queue, QueueError, Unsent, check_batch};

/// The error codes for missing permissions on the queue or its encryption key
/// (<https://repost.aws/knowledge-center/sqs-accessdenied-errors>).
const DENIED: [&str; 4] = [
    "AccessDenied",
    "AccessDeniedException",
    "KMS.AccessDeniedException",
    "KmsAccessDenied",
];

/// A standard queue of SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue with this URL.
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self {
            client,
            url: queue_url.into(),
        }
    }

    fn failure<E>(&self, operation: &'static str, error: SdkError<E, HttpResponse>) -> QueueError
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        QueueError {
            operation,
            queue: self.url.clone(),
            denied: error.code().is_some_and(|code| DENIED.contains(&code)),
            reason: reason(&error),
            source: Some(error.into()),
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, group: &str, bodies: &[String]) -> Result<Vec<Unsent>, QueueError> {
        check_batch(&self.url, bodies)?;
        if bodies.is_empty() {
            return Ok(Vec::new());
        }
        let entries = bodies
            .iter()
            .enumerate()
            .map(|(index, body)| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body)
                    .message_group_id(group)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                self.failure::<aws_sdk_sqs::Error>("send to", SdkError::construction_failure(error))
            })?;
        let answer = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| self.failure("send to", error))?;

        // An entry in neither list counts as unsent.
        let accepted = |id: &str| answer.successful().iter().any(|entry| entry.id() == id);
        let reason = |id: &str| {
            let failed = answer.failed().iter().find(|entry| entry.id() == id);
            match failed.map(|entry| (entry.code(), entry.message())) {
                Some((code, Some(message))) => format!("{code}: {message}"),
                Some((code, None)) => code.to_owned(),
                None => "the answer does not mention it".to_owned(),
            }
        };
        Ok((0..bodies.len())
            .map(|index| (index, index.to_string()))
            .filter(|(_, id)| !accepted(id))
            .map(|(index, id)| Unsent {
                index,
                reason: reason(&id),
            })
            .collect())
    }

    async fn counters(&self) -> Result<Counters, QueueError> {
        const OPERATION: &str = "read the counters of";
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|error| self.failure(OPERATION, error))?;
        // A missing counter must not count as zero.
        let figure = |name: &QueueAttributeName| {
            answer
                .attributes()
                .and_then(|attributes| attributes.get(name)?.parse().ok())
                .ok_or_else(|| QueueError {
                    operation: OPERATION,
                    queue: self.url.clone(),
                    denied: false,
                    reason: format!("the answer lacks {name}"),
                    source: None,
                })
        };
        let [visible, in_flight, delayed] = names.each_ref().map(figure);
        Ok(Counters {
            visible: visible?,
            in_flight: in_flight?,
            delayed: delayed?,
        })
    }
}
