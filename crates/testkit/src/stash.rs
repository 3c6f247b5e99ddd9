//! Objects as Firehose writes them to a stash.

mod awkward;
mod compressions;
mod dialects;
mod failures;
mod gzip;
pub mod sample;

use serde_json::Value;

pub use awkward::awkward;
pub use compressions::{ZipForm, ZstdForm, hadoop_snappy, snappy, zip, zip_of, zip_streamed, zstd};
pub use dialects::dialects;
pub use failures::failures;
pub use gzip::{Header, gzip};

/// A flow log with the default fields.
pub const FLOW: &str = "2 123456789012 eni-0 10.0.0.4 10.0.0.5 443 49152 6 1 40 0 59 ACCEPT OK";

/// A [`FLOW`] with another destination port.
pub fn flow(port: u32) -> String {
    FLOW.replace(" 49152 ", &format!(" {port} "))
}

/// A log event. The message is the content of a JSON string, with its escapes.
pub fn event(timestamp: i64, message: &str) -> String {
    format!(r#"{{"id":"0","timestamp":{timestamp},"message":"{message}"}}"#)
}

/// A data document of events, each written by [`event`].
pub fn envelope(events: &[String]) -> String {
    envelope_of("DATA_MESSAGE", events)
}

/// A document of another type. The keys are in the order of CloudWatch Logs.
pub fn envelope_of(message_type: &str, events: &[String]) -> String {
    let events = events.join(",");
    format!(
        r#"{{"messageType":"{message_type}","owner":"123456789012","logGroup":"flow-logs","logStream":"eni-0-all","subscriptionFilters":["stash"],"logEvents":[{events}]}}"#
    )
}

/// A data document of events with these timestamps and messages. Messages need no escapes.
pub fn document(events: &[(i64, &str)]) -> String {
    let events = events.iter().map(|(timestamp, message)| {
        let quoted = Value::from(*message).to_string();
        event(*timestamp, &quoted[1..quoted.len() - 1])
    });
    envelope(&events.collect::<Vec<_>>())
}

/// The document that CloudWatch Logs sends to test a destination.
pub fn control_document() -> String {
    let check = event(1_580_515_200_000, "CWL CONTROL MESSAGE: Checking health");
    envelope_of("CONTROL_MESSAGE", &[check])
}

/// A data document of at least this many bytes, whose messages do not compress.
pub fn incompressible(bytes: usize) -> Vec<u8> {
    const MESSAGE: usize = 1_000;
    let mut random = fastrand::Rng::with_seed(1);
    let events = (0..bytes.div_ceil(MESSAGE)).map(|_| {
        let message: String = (0..MESSAGE).map(|_| random.alphanumeric()).collect();
        event(1_580_515_200_000, &message)
    });
    envelope(&events.collect::<Vec<_>>()).into_bytes()
}
