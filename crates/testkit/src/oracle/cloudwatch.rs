//! Reads CloudWatch Logs envelopes with serde_json.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Event;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub message_type: String,
    pub events: Vec<Event>,
}

/// Returns the documents of a text, or `None` if it has anything else.
pub fn documents(text: &str) -> Option<Vec<Document>> {
    let documents = serde_json::Deserializer::from_str(text).into_iter();
    documents.collect::<Result<_, _>>().ok()
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a document")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let (mut message_type, mut events) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "messageType" => once(&mut message_type, map.next_value()?)?,
                        "logEvents" => once(&mut events, map.next_value()?)?,
                        _ => skip(&mut map)?,
                    }
                }
                Ok(Document {
                    message_type: message_type.ok_or_else(|| A::Error::custom("messageType"))?,
                    events: events.ok_or_else(|| A::Error::custom("logEvents"))?,
                })
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Event;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
                let (mut timestamp, mut message) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "timestamp" => once(&mut timestamp, number(map.next_value()?)?)?,
                        "message" => once(&mut message, map.next_value()?)?,
                        _ => skip(&mut map)?,
                    }
                }
                Ok(Event {
                    timestamp: timestamp.ok_or_else(|| A::Error::custom("timestamp"))?,
                    message: Ok(message.ok_or_else(|| A::Error::custom("message"))?),
                })
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

fn once<T, E: Error>(slot: &mut Option<T>, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a known key twice")),
    }
}

fn number<E: Error>(value: &RawValue) -> Result<String, E> {
    match value.get().as_bytes()[0] {
        b'-' | b'0'..=b'9' => Ok(value.get().to_owned()),
        _ => Err(E::custom("no number")),
    }
}

/// Skips a value. serde_json does not check the strings of a skipped value, so half a surrogate pair
/// would pass there. It is a fault anywhere in an object, so this function checks the strings.
fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    let mut rest = map.next_value::<&RawValue>()?.get();
    while let Some(begin) = rest.find('"') {
        let mut escaped = false;
        let length = rest[begin + 1..].find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = begin + length.unwrap_or_default() + 2;
        serde_json::from_str::<String>(&rest[begin..end]).map_err(A::Error::custom)?;
        rest = &rest[end..];
    }
    Ok(())
}
