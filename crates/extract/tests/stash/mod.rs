//! Objects as Firehose writes them, and shapes to read them.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::unwrap_used,
    reason = "the options are valid, and a Vec takes every byte"
)]

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use rehose_extract::{Options, Shape};
use serde_json::json;

/// An event regex for CloudWatch Logs envelopes.
pub(crate) const USUAL_REGEX: &str =
    r#""timestamp":(?P<timestamp>[0-9]+),"message":"(?P<message>(?:[^"\\]|\\.)*)""#;

/// Sizes of chunks: from single bytes to the whole object.
pub(crate) const SIZES: [usize; 7] = [1, 2, 3, 7, 64, 4096, usize::MAX];

/// Returns the default shape.
pub(crate) fn flow_logs() -> Shape {
    Options::default().compile().unwrap()
}

/// Returns a shape with the whole message in one column.
pub(crate) fn messages() -> Shape {
    options(json!({"format": "message"}))
}

/// Returns the shape of options in JSON.
pub(crate) fn options(options: serde_json::Value) -> Shape {
    let options: Options = serde_json::from_value(options).unwrap();
    options.compile().unwrap()
}

/// Returns a shape that finds messages by an event regex.
pub(crate) fn event_regex(pattern: &str) -> Shape {
    options(json!({"event_regex": pattern, "format": "message"}))
}

/// Returns a flow log with the default fields.
pub(crate) fn flow(port: u32) -> String {
    format!(
        "2 123456789012 eni-0a1b 10.0.0.1 10.0.0.2 443 {port} 6 7 840 1580515200 1580515260 ACCEPT OK"
    )
}

/// Returns the row of a [`flow`], without its timestamp.
pub(crate) fn columns(port: u32) -> String {
    flow(port).replace(' ', ",")
}

/// Returns a data document as CloudWatch Logs writes it.
pub(crate) fn document(events: &[(i64, &str)]) -> String {
    envelope("DATA_MESSAGE", events)
}

/// Returns the document that CloudWatch Logs sends to test a destination.
pub(crate) fn control_document() -> String {
    envelope(
        "CONTROL_MESSAGE",
        &[(1_580_515_200_000, "CWL CONTROL MESSAGE: Checking health")],
    )
}

/// Returns a document with its keys in the order of CloudWatch Logs.
pub(crate) fn envelope(message_type: &str, events: &[(i64, &str)]) -> String {
    let events: Vec<_> = events
        .iter()
        .map(|(timestamp, message)| {
            let message = json!(message);
            format!(r#"{{"id":"3512","timestamp":{timestamp},"message":{message}}}"#)
        })
        .collect();
    format!(
        r#"{{"messageType":"{message_type}","owner":"123456789012","logGroup":"flow-logs","logStream":"eni-0a1b-all","subscriptionFilters":["stash"],"logEvents":[{}]}}"#,
        events.join(",")
    )
}

/// Returns one gzip member.
pub(crate) fn gz(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// The optional parts of a member's header.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Header {
    pub(crate) extra: Option<&'static [u8]>,
    pub(crate) name: Option<&'static str>,
    pub(crate) comment: Option<&'static str>,
    pub(crate) crc: bool,
}

impl Header {
    /// Returns one gzip member with this header.
    pub(crate) fn gz(self, text: impl AsRef<[u8]>) -> Vec<u8> {
        let flags = u8::from(self.crc) << 1
            | u8::from(self.extra.is_some()) << 2
            | u8::from(self.name.is_some()) << 3
            | u8::from(self.comment.is_some()) << 4;
        let mut member = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255];
        if let Some(extra) = self.extra {
            member.extend((extra.len() as u16).to_le_bytes());
            member.extend(extra);
        }
        for text in [self.name, self.comment].into_iter().flatten() {
            member.extend(text.as_bytes());
            member.push(0);
        }
        if self.crc {
            let crc = crc(&member).sum() as u16;
            member.extend(crc.to_le_bytes());
        }
        let mut encoder = DeflateEncoder::new(member, Compression::default());
        encoder.write_all(text.as_ref()).unwrap();
        let mut member = encoder.finish().unwrap();
        let crc = crc(text.as_ref());
        member.extend(crc.sum().to_le_bytes());
        member.extend(crc.amount().to_le_bytes());
        member
    }
}

fn crc(bytes: &[u8]) -> Crc {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc
}
