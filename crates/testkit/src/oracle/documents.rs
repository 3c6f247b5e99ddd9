//! The events of JSON documents: envelopes of CloudWatch Logs, documents that are events or records, and
//! error records of Firehose.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rehose_extract::{DialectName, FormatName, Options};

use super::tree::{self, Node, Value};
use super::{Event, Found, Kind, Time, any_text, logs, peel};

/// The longest time, name, and text of a stray document.
const MAX_TIMESTAMP: usize = 64;
const MAX_NAME: usize = 4096;
const MAX_STRAY: usize = 16 * 1024;
const MAX_MESSAGE: usize = 2 * 1024 * 1024;

/// Returns the events of all documents, and the number of documents. Returns `None` if the structure is
/// broken.
pub fn events(options: &Options, text: &str, inside_a_record: bool) -> Option<Found> {
    let mut found = Found::default();
    for document in tree::documents(text)? {
        found.documents += 1;
        read(options, text, &document, inside_a_record, &mut found)?;
    }
    Some(found)
}

fn read(
    options: &Options,
    text: &str,
    document: &Node,
    inside_a_record: bool,
    found: &mut Found,
) -> Option<()> {
    let dialect = match inside_a_record {
        true => None,
        false => options.dialect,
    };
    let reads = |name| dialect.is_none_or(|dialect| dialect == name);
    let reads_envelopes = reads(DialectName::CloudWatch) || reads(DialectName::Json);
    let Value::Object(members) = &document.value else {
        return None;
    };
    let get = |key: &str| {
        members
            .iter()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, v)| v)
    };
    let count = |key: &str| {
        members
            .iter()
            .filter(|(name, _)| name.text() == Some(key))
            .count()
    };
    if count("messageType") > 1 || count("logEvents") > 1 {
        return None;
    }
    let known = [
        "owner",
        "logGroup",
        "logStream",
        "message",
        "timestamp",
        "rawData",
    ];
    let reads_arrays = match dialect {
        None => logs::has_arrays(options),
        Some(dialect) => dialect == DialectName::Records,
    };
    if reads_arrays && count("Records") > 1 {
        return None;
    }
    if let Some(Value::Array(elements)) = get("Records").map(|records| &records.value)
        && reads_arrays
    {
        found.events.extend(elements.iter().map(|element| {
            let written = element.written(text);
            let reason = match &element.value {
                Value::Object(_) => element.has_bad_text().then_some("escape"),
                _ => Some("event"),
            };
            let is_long = written.len() > MAX_MESSAGE;
            Event {
                message: match reason.is_some() || is_long {
                    true => beginning(written),
                    false => written.to_owned(),
                },
                reason: reason.or(is_long.then_some("event")),
                ..Event::default()
            }
        }));
        return Some(());
    }
    let log_events = get("logEvents").filter(|value| matches!(value.value, Value::Array(_)));
    let bad_outside = members.iter().any(|(key, value)| {
        let is_events = key.text() == Some("logEvents") && log_events.is_some() && reads_envelopes;
        key.has_bad_text() || (!is_events && value.has_bad_text())
    });
    let too_long = |key: &str, most: usize| {
        let value = get(key).filter(|value| match value.value {
            Value::Number => key == "timestamp",
            Value::Text(_) => true,
            _ => false,
        });
        value.is_some_and(|v| v.text().map_or(v.end - v.begin, str::len) > most)
    };
    let names = ["owner", "logGroup", "logStream"];
    let is_faulty = bad_outside
        || known.iter().any(|key| count(key) > 1)
        || names.iter().any(|name| too_long(name, MAX_NAME));
    let message_type = get("messageType").and_then(|value| match &value.value {
        Value::Text(text) => Some(text.as_str()),
        Value::BadText => Some("bad"),
        _ => None,
    });

    if let (true, Some(message_type), Some(array)) = (reads_envelopes, message_type, log_events) {
        if is_faulty {
            return None;
        }
        let name = |key| get(key).and_then(Node::text).unwrap_or_default().to_owned();
        let [owner, log_group, log_stream] = names.map(name);
        let kind = match message_type {
            "DATA_MESSAGE" => Kind::Data,
            _ => Kind::Control,
        };
        let Value::Array(elements) = &array.value else {
            return None;
        };
        found.events.extend(elements.iter().map(|element| Event {
            kind,
            owner: owner.clone(),
            log_group: log_group.clone(),
            log_stream: log_stream.clone(),
            ..event(text, element)
        }));
        return Some(());
    }

    let written = document.written(text);
    let stray = |reason| Event {
        message: beginning(written),
        reason: Some(reason),
        ..Event::default()
    };
    let reads_errors = reads(DialectName::FirehoseErrors) && !inside_a_record;
    let time = match get("timestamp") {
        None => Time::InMessage,
        Some(value) => Time::Guessed(match &value.value {
            Value::Number => value.written(text).to_owned(),
            Value::Text(text) => text.clone(),
            _ => String::new(),
        }),
    };
    let takes_records = match options.with_defaults().format {
        Some(FormatName::Regex | FormatName::Message) => true,
        _ => logs::columns(options).is_some(),
    };
    let own = |message: &str| Event {
        time: time.clone(),
        message: message.to_owned(),
        ..Event::default()
    };
    let raw_data = get("rawData");
    if is_faulty || too_long("timestamp", MAX_TIMESTAMP) {
        found.events.push(stray("document"));
    } else if let (Some(raw), true) = (raw_data, reads_errors) {
        let record = raw
            .text()
            .and_then(|raw| STANDARD.decode(raw.trim_ascii()).ok());
        let content = record.and_then(|record| String::from_utf8(peel(&record)?).ok());
        let content = content.filter(|content| !content.is_empty());
        match content.and_then(|content| any_text(options, &content, true)) {
            Some(inside) => {
                found.documents += inside.documents;
                found.events.extend(inside.events);
            }
            None => found.events.push(stray("raw-data")),
        }
    } else if let (Some(message), true) = (
        get("message").and_then(Node::text),
        reads(DialectName::Json),
    ) {
        found.events.push(own(message));
    } else if reads(DialectName::Json) && takes_records {
        found.events.push(own(written));
    } else {
        found.events.push(stray("document"));
    }
    Some(())
}

/// Returns as much of a text as is kept with a rejection.
fn beginning(written: &str) -> String {
    let mut end = written.len().min(MAX_STRAY);
    while !written.is_char_boundary(end) {
        end -= 1;
    }
    written[..end].to_owned()
}

/// Reads an element of `logEvents`.
fn event(text: &str, element: &Node) -> Event {
    let raw = || element.written(text).to_owned();
    let rejected = |reason| Event {
        message: raw(),
        reason: Some(reason),
        ..Event::default()
    };
    let Value::Object(members) = &element.value else {
        return rejected("event");
    };
    let mut event = Event::default();
    let mut seen: Vec<&str> = Vec::new();
    let mut time = String::new();
    let mut reason = None;
    for (key, value) in members {
        let mut fail = |why| reason = reason.or(Some(why));
        if key.has_bad_text() {
            fail("escape");
        }
        let name = key.text().unwrap_or_default();
        if ["id", "timestamp", "message", "extractedFields"].contains(&name) {
            if seen.contains(&name) {
                fail("event");
            }
            seen.push(name);
        }
        match (name, &value.value) {
            ("message", Value::Text(text)) => event.message = text.clone(),
            ("message", Value::BadText) => {}
            ("message", _) => fail("message"),
            ("timestamp", Value::Number) => time += value.written(text),
            ("timestamp", Value::Text(text)) => time += text,
            ("id", Value::Text(text)) => event.id = text.clone(),
            ("extractedFields", Value::Object(_)) => {
                event.extracted_fields = value.written(text).to_owned()
            }
            _ => {}
        }
        if value.has_bad_text() {
            fail("escape");
        }
    }
    if !seen.contains(&"message") || !seen.contains(&"timestamp") {
        reason = reason.or(Some("event"));
    }
    if event.id.len() > MAX_NAME {
        reason = reason.or(Some("event"));
    }
    if time.len() > MAX_TIMESTAMP {
        reason = reason.or(Some("timestamp"));
    }
    if reason.is_some() {
        event.message = raw();
    }
    let mut cut = time.len().min(MAX_TIMESTAMP);
    while !time.is_char_boundary(cut) {
        cut -= 1;
    }
    time.truncate(cut);
    Event {
        time: Time::Milliseconds(time),
        reason,
        ..event
    }
}
