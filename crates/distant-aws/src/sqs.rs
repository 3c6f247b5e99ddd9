//! Queues in memory, and the operations on them. No message becomes visible again by itself.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::request::Head;

const MALFORMED: Refusal = Refusal::malformed("The request lacks a field, or is no JSON");

/// All queues, by their URLs.
#[derive(Debug, Default)]
pub(crate) struct Queues(BTreeMap<String, Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<String>,
    /// The handles of messages that were received and not deleted.
    in_flight: BTreeMap<String, String>,
    received: u64,
}

impl Queues {
    pub(crate) fn perform(
        &mut self,
        operation: Operation,
        head: &Head,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let request: Value = serde_json::from_slice(body).map_err(|_| MALFORMED)?;
        let answer = match operation {
            Operation::CreateQueue => self.create(head, text(&request, "QueueName")?),
            _ => {
                let queue = self.0.get_mut(text(&request, "QueueUrl")?);
                let queue = queue.ok_or(Refusal::no_such_queue())?;
                match operation {
                    Operation::SendMessageBatch => queue.send(&request)?,
                    Operation::ReceiveMessage => queue.receive(&request),
                    Operation::DeleteMessage => queue.delete(text(&request, "ReceiptHandle")?),
                    Operation::GetQueueAttributes => queue.attributes(),
                    _ => return Err(Refusal::not_implemented()),
                }
            }
        };
        Ok(answer::json(answer.to_string()))
    }

    fn create(&mut self, head: &Head, name: &str) -> Value {
        let host = head.header("host").unwrap_or_default();
        let url = format!("http://{host}/000000000000/{name}");
        self.0.entry(url.clone()).or_default();
        json!({"QueueUrl": url})
    }
}

impl Queue {
    fn send(&mut self, request: &Value) -> Result<Value, Refusal> {
        let entries = request["Entries"].as_array().ok_or(MALFORMED)?;
        let mut successful = Vec::new();
        for entry in entries {
            let id = text(entry, "Id")?;
            self.waiting
                .push_back(text(entry, "MessageBody")?.to_owned());
            successful.push(json!({"Id": id, "MessageId": id, "MD5OfMessageBody": ""}));
        }
        Ok(json!({"Successful": successful, "Failed": []}))
    }

    fn receive(&mut self, request: &Value) -> Value {
        let most = request["MaxNumberOfMessages"].as_u64().unwrap_or(1) as usize;
        let mut messages = Vec::new();
        for body in self.waiting.drain(..most.min(self.waiting.len())) {
            self.received += 1;
            let id = self.received.to_string();
            messages.push(json!({"MessageId": id, "ReceiptHandle": id, "Body": body}));
            self.in_flight.insert(id, body);
        }
        json!({"Messages": messages})
    }

    fn delete(&mut self, handle: &str) -> Value {
        self.in_flight.remove(handle);
        json!({})
    }

    fn attributes(&self) -> Value {
        json!({"Attributes": {
            "ApproximateNumberOfMessages": self.waiting.len().to_string(),
            "ApproximateNumberOfMessagesNotVisible": self.in_flight.len().to_string(),
            "ApproximateNumberOfMessagesDelayed": "0",
        }})
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    value[name].as_str().ok_or(MALFORMED)
}
