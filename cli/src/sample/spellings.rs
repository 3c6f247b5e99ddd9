//! Different spellings of a document with the same meaning.

use std::iter;

use super::envelope::{Document, LOG_GROUP};
use super::flows::{ACCOUNT, Capture, Event};

/// Writes events as documents.
pub(super) type Spelling = fn(&Capture<'_>) -> Vec<Document>;

/// Every spelling with its name.
pub(super) const ALL: [(&str, Spelling); 10] = [
    ("no-events", no_events),
    ("message-type-last", message_type_last),
    ("keys-in-any-order", keys_in_any_order),
    ("unknown-keys", unknown_keys),
    ("white-space", white_space),
    ("escaped-characters", escaped_characters),
    ("escaped-fields", escaped_fields),
    ("spaces-between-fields", spaces_between_fields),
    ("first-and-last-times", first_and_last_times),
    ("rejected-messages", rejected_messages),
];

/// 0001-01-01T00:00:00.000Z in milliseconds.
const FIRST_TIME: i64 = -62_135_596_800_000;
/// 9999-12-31T23:59:59.999Z in milliseconds.
const LAST_TIME: i64 = 253_402_300_799_999;

/// The content of a string with every escape of JSON.
const EVERY_ESCAPE: &str = r#"\" \\ \/ \b \f \n \r \t \u00e9 \ud83d\ude80"#;

/// A value for an unknown key, with everything in it that a parser looks for.
const DECOYS: &str = r#"{"timestamp":1,"message":"not an event","messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":2,"message":"nor this"},[[{"timestamp":3,"message":"nor that"}]]],"text":"\"timestamp\":4,\"message\":\"nor here\"","others":[true,false,null,-1.5e+3,0,"}]","\\",{},[]]}"#;

fn no_events(_: &Capture<'_>) -> Vec<Document> {
    vec![enclose(&[])]
}

fn message_type_last(capture: &Capture<'_>) -> Vec<Document> {
    let events: Vec<_> = capture.events.iter().map(event).collect();
    // The control document has flows too. Only its end shows that they do not count.
    ["DATA_MESSAGE", "CONTROL_MESSAGE", "DATA_MESSAGE"]
        .map(|message_type| {
            let start = format!(r#"{{"owner":"{ACCOUNT}","logEvents":"#);
            let end = format!(r#","messageType":"{message_type}"}}"#);
            document(&start, &events, &end)
        })
        .into()
}

fn keys_in_any_order(capture: &Capture<'_>) -> Vec<Document> {
    let orders: [fn(&Event) -> String; 3] = [
        |Event { timestamp, message }| {
            format!(r#"{{"message":"{message}","timestamp":{timestamp},"id":"{timestamp:056}"}}"#)
        },
        |Event { timestamp, message }| {
            format!(r#"{{"timestamp":{timestamp},"id":"{timestamp:056}","message":"{message}"}}"#)
        },
        |Event { timestamp, message }| {
            format!(r#"{{"message":"{message}","timestamp":{timestamp}}}"#)
        },
    ];
    let events: Vec<_> = capture
        .events
        .iter()
        .zip(orders.iter().cycle())
        .map(|(event, spell)| spell(event))
        .collect();
    let end = format!(
        r#","subscriptionFilters":["rehose"],"messageType":"DATA_MESSAGE","logGroup":"{LOG_GROUP}","owner":"{ACCOUNT}"}}"#
    );
    vec![document(
        r#"{"logStream":"any","logEvents":"#,
        &events,
        &end,
    )]
}

fn unknown_keys(capture: &Capture<'_>) -> Vec<Document> {
    let events: Vec<_> = capture
        .events
        .iter()
        .map(|Event { timestamp, message }| {
            format!(
                r#"{{"extractedFields":{DECOYS},"messages":"one","timestamp":{timestamp},"timestamps":[2],"message":"{message}","id":null,"after":{DECOYS}}}"#
            )
        })
        .collect();
    let start = format!(
        r#"{{"before":{DECOYS},"messageType":"DATA_MESSAGE","messageTypes":"CONTROL_MESSAGE","logEvent":[{DECOYS}],"logEvents":"#
    );
    vec![document(
        &start,
        &events,
        &format!(r#","after":{DECOYS}}}"#),
    )]
}

fn white_space(capture: &Capture<'_>) -> Vec<Document> {
    let mut document = plain(capture);
    document.text = outside_strings(&document.text, |structure| {
        let spread = |character| match character {
            '{' | '}' | '[' | ']' | ':' | ',' => format!(" \r\n\t{character}\t\n "),
            other => other.to_string(),
        };
        structure.chars().map(spread).collect()
    });
    vec![document]
}

fn escaped_characters(capture: &Capture<'_>) -> Vec<Document> {
    let mut document = plain(capture);
    document.text = inside_strings(&document.text, |string| {
        string
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect()
    });
    vec![document]
}

fn escaped_fields(capture: &Capture<'_>) -> Vec<Document> {
    // Names of interfaces with escapes. All of them fit a row.
    let names = [
        r"eni\u002d0",
        r"eni-\u007A\u00fcrich",
        r"eni-\u6771\u4EAC",
        r"eni-\ud83d\ude80-\uD83D\uDE80",
        r"arn:aws:ec2:eu-central-1:123456789012:network-interface\/eni-0",
        r"\u0065ni-0",
        "eni-zürich-東京-🚀",
    ];
    let events: Vec<_> = capture
        .events
        .iter()
        .zip(iter::repeat(names).flatten())
        .map(|(Event { timestamp, message }, name)| {
            let message = message.replace(capture.interface, name);
            format!(
                r#"{{"\u0069d":"","time\u0073tamp":{timestamp},"\u006dessag\u0065":"{message}"}}"#
            )
        })
        .collect();
    let start = format!(
        r#"{{"note":"{EVERY_ESCAPE}","m\u0065ssageType":"DATA\u005FMESSAGE","log\u0045vents":"#
    );
    vec![document(&start, &events, "}")]
}

fn spaces_between_fields(capture: &Capture<'_>) -> Vec<Document> {
    let events: Vec<_> = capture
        .events
        .iter()
        .map(|Event { timestamp, message }| {
            let message = format!("  {}   ", message.replace(' ', "  "));
            event(&Event {
                timestamp: *timestamp,
                message,
            })
        })
        .collect();
    vec![enclose(&events)]
}

fn first_and_last_times(capture: &Capture<'_>) -> Vec<Document> {
    let times = [FIRST_TIME, -1, 0, 999, LAST_TIME];
    let events: Vec<_> = times
        .into_iter()
        .zip(&capture.events)
        .map(|(timestamp, Event { message, .. })| {
            event(&Event {
                timestamp,
                message: message.clone(),
            })
        })
        .collect();
    vec![enclose(&events)]
}

fn rejected_messages(capture: &Capture<'_>) -> Vec<Document> {
    let mut events: Vec<_> = capture.events.iter().map(event).collect();
    let flow = format!("2 {ACCOUNT} NAME 10.0.0.4 10.0.0.5 443 49152 6 1 40 0 59 ACCEPT OK");
    let unfit = [
        "eni,0",
        r#"eni\"0"#,
        r"eni\\0",
        r"eni\n0",
        r"eni\r0",
        EVERY_ESCAPE,
    ]
    .map(|name| flow.replace("NAME", name));
    let too_few = flow.replace("NAME ", "");
    let too_many = format!("{flow} more");
    let messages = unfit
        .into_iter()
        .chain([too_few, too_many, String::new(), "  ".into()]);
    events.extend(messages.map(|message| {
        event(&Event {
            timestamp: 0,
            message,
        })
    }));
    let times = [i64::MIN, FIRST_TIME - 1, LAST_TIME + 1, i64::MAX];
    events.extend(times.map(|timestamp| {
        event(&Event {
            timestamp,
            message: flow.clone(),
        })
    }));
    vec![enclose(&events)]
}

/// The usual spelling with the usual keys.
fn plain(capture: &Capture<'_>) -> Document {
    let events: Vec<_> = capture.events.iter().map(event).collect();
    enclose(&events)
}

fn enclose(events: &[String]) -> Document {
    let start = format!(r#"{{"messageType":"DATA_MESSAGE","owner":"{ACCOUNT}","logEvents":"#);
    document(&start, events, "}")
}

fn document(start: &str, events: &[String], end: &str) -> Document {
    let text = format!("{start}[{}]{end}", events.join(","));
    Document {
        text,
        events: events.len() as u32,
    }
}

fn event(Event { timestamp, message }: &Event) -> String {
    format!(r#"{{"id":"{timestamp:056}","timestamp":{timestamp},"message":"{message}"}}"#)
}

/// Changes the text inside the strings of a document without escapes.
fn inside_strings(text: &str, change: impl Fn(&str) -> String) -> String {
    alternate(text, |string, part| {
        if string {
            change(part)
        } else {
            part.to_owned()
        }
    })
}

/// Changes the text between the strings of a document without escapes.
fn outside_strings(text: &str, change: impl Fn(&str) -> String) -> String {
    alternate(text, |string, part| {
        if string {
            part.to_owned()
        } else {
            change(part)
        }
    })
}

fn alternate(text: &str, change: impl Fn(bool, &str) -> String) -> String {
    let parts: Vec<_> = text
        .split('"')
        .enumerate()
        .map(|(index, part)| change(index % 2 == 1, part))
        .collect();
    parts.join("\"")
}
