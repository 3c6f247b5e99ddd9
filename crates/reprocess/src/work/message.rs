//! Messages: a task of a job, or an event about new objects.

use rehose_store::decode_key;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::ledger::Version;
use crate::task::TaskMessage;

/// A parsed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A task of a job.
    Task(TaskMessage),
    /// Created objects. Empty for other events of S3, such as its test event, a removal or a restore.
    Created(Vec<Created>),
}

/// A created object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its bucket.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
    /// Its size, which some services that imitate S3 leave out.
    pub bytes: Option<u64>,
}

impl Message {
    /// Parses a message, which is recognised by its fields.
    ///
    /// - A task has `task`: `start` and `check` send it.
    /// - An S3 notification has `Records`
    ///   (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>);
    ///   its keys are form-encoded.
    /// - S3 sends `Event: s3:TestEvent` when notifications are configured.
    /// - EventBridge has `detail`; its keys are not encoded
    ///   (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>).
    /// - SNS without raw delivery puts an event, but never a task, into `Message`, as text
    ///   (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>).
    pub fn parse(body: &str) -> Result<Self> {
        let mut value: Value = serde_json::from_str(body)
            .map_err(|error| unknown(format!("it is not JSON: {error}")))?;
        if value.get("task").is_some() {
            Version::check(body.as_bytes()).map_err(Error::NewerMessage)?;
            if value.get("v").is_none() {
                // Version 0 also had objects and options, which now come from the plan.
                value = json!({"job": value["job"], "task": value["task"]});
            }
            return Ok(Self::Task(from_json(value)?));
        }
        if value.get("Type").is_some_and(|kind| kind == "Notification") {
            let Sns { message } = from_json(value)?;
            let value = serde_json::from_str(&message)
                .map_err(|error| unknown(format!("the SNS message is not JSON: {error}")))?;
            return event(value);
        }
        event(value)
    }
}

fn event(value: Value) -> Result<Message> {
    let created = if value
        .get("Event")
        .is_some_and(|event| event == "s3:TestEvent")
    {
        Vec::new()
    } else if value.get("Records").is_some() {
        let Notification { records } = from_json(value)?;
        (records.into_iter().filter_map(NotificationRecord::created)).collect::<Result<_>>()?
    } else if value.get("source").is_some_and(|source| source == "aws.s3") {
        let EventBridge { kind, detail } = from_json(value)?;
        match kind.as_str() {
            "Object Created" => vec![Created {
                bucket: detail.bucket.name,
                key: detail.object.key,
                bytes: detail.object.size,
            }],
            _ => Vec::new(),
        }
    } else {
        return Err(unknown("it has the fields of neither".to_owned()));
    };
    Ok(Message::Created(created))
}

fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| unknown(error.to_string()))
}

fn unknown(reason: String) -> Error {
    Error::UnknownMessage { reason }
}

#[derive(Deserialize)]
struct Sns {
    #[serde(rename = "Message")]
    message: String,
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<NotificationRecord>,
}

#[derive(Deserialize)]
struct NotificationRecord {
    #[serde(rename = "eventName")]
    name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct EventBridge {
    #[serde(rename = "detail-type")]
    kind: String,
    detail: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    size: Option<u64>,
}

impl NotificationRecord {
    fn created(self) -> Option<Result<Created>> {
        let Entity { bucket, object } = self.s3;
        self.name.starts_with("ObjectCreated:").then(|| {
            Ok(Created {
                bucket: bucket.name,
                key: decode_key(&object.key)
                    .ok_or_else(|| unknown(format!("the key {} is not UTF-8", object.key)))?,
                bytes: object.size,
            })
        })
    }
}
