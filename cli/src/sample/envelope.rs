//! The documents that a CloudWatch Logs subscription filter sends.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>

use fastrand::Rng;

use super::flows::{ACCOUNT, Capture, Event};

/// The log group of every document.
pub(super) const LOG_GROUP: &str = "/vpc/flow-logs";

/// One JSON document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) text: String,
    /// The number of log events in it.
    pub(super) events: u32,
}

/// A document of log events.
pub(super) fn data(capture: &Capture<'_>, rng: &mut Rng) -> Document {
    // Real ids count up within a document.
    let first_id = rng.u64(..u64::from(u32::MAX));
    let events: Vec<_> = (first_id..)
        .zip(&capture.events)
        .map(|(sequence, Event { timestamp, message })| {
            let id = id(*timestamp, sequence);
            format!(r#"{{"id":"{id}","timestamp":{timestamp},"message":"{message}"}}"#)
        })
        .collect();
    let text = format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"{ACCOUNT}","logGroup":"{LOG_GROUP}","logStream":"{}-all","subscriptionFilters":["rehose"],"logEvents":[{}]}}"#,
        capture.interface,
        events.join(",")
    );
    Document {
        text,
        events: capture.events.len() as u32,
    }
}

/// The document with which CloudWatch Logs tests its destination. `time` is in seconds.
pub(super) fn control(time: i64) -> Document {
    let text = format!(
        r#"{{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{{"id":"","timestamp":{time}000,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}}]}}"#
    );
    Document { text, events: 1 }
}

/// The id of an event, in 56 decimal digits: the time in milliseconds, times 2^144, plus a number that
/// distinguishes the events of a millisecond.
fn id(timestamp: i64, sequence: u64) -> String {
    /// 2^144 in two parts: its product with a time does not fit into 128 bits.
    const HIGH: u128 = 2_230_074_519_853_062_314_153;
    const LOW: u128 = 5_718_272_648_361_505_980_416;
    const LOW_END: u128 = 10_u128.pow(22);

    let timestamp = u128::from(timestamp.unsigned_abs());
    let low = timestamp * LOW + u128::from(sequence);
    let high = timestamp * HIGH + low / LOW_END;
    format!("{high:034}{:022}", low % LOW_END)
}
