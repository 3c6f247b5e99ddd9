//! The row or rejected line of an event.

use jiff::SignedDuration;
use jiff::civil::date;
use regex::bytes::Regex;
use rehose_extract::{FormatName, Options};

use super::Event;
use super::regex::compiled;

/// The columns of the default record.
const DEFAULT_COLUMNS: &str = "version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,\
                               protocol,packets,bytes,start,end,action,log-status";

/// Returns the first line of the CSV, with its line break.
pub fn header(options: &Options) -> String {
    format!("timestamp,{}\n", columns(options).join(","))
}

fn columns(options: &Options) -> Vec<String> {
    match (options.with_defaults().format, &options.fields) {
        (Some(FormatName::Message), _) => vec!["message".to_owned()],
        (Some(FormatName::Regex), _) => {
            let regex = message_regex(options);
            regex.capture_names().flatten().map(str::to_owned).collect()
        }
        (_, Some(fields)) => fields.clone(),
        (_, None) => DEFAULT_COLUMNS.split(',').map(str::to_owned).collect(),
    }
}

fn message_regex(options: &Options) -> &'static Regex {
    compiled(options.message_regex.as_deref().unwrap())
}

/// Returns the row of an event, or the reason why it is rejected.
pub fn row(options: &Options, event: &Event) -> Result<String, &'static str> {
    let message = event.message.as_ref().map_err(|_| "escape")?;
    let timestamp = timestamp(&event.timestamp).ok_or("timestamp")?;
    let fields: Vec<String> = match options.with_defaults().format {
        Some(FormatName::Message) => vec![quoted(message)],
        Some(FormatName::Regex) => {
            let regex = message_regex(options);
            let groups = regex.captures(message.as_bytes()).ok_or("no-match")?;
            regex
                .capture_names()
                .flatten()
                .map(|name| {
                    let group = groups.name(name).map_or(&[][..], |group| group.as_bytes());
                    quoted(&String::from_utf8_lossy(group))
                })
                .collect()
        }
        _ => {
            if message.contains([',', '"', '\\', '\n', '\r']) {
                return Err("character");
            }
            let fields = message.split(' ').filter(|field| !field.is_empty());
            fields.map(str::to_owned).collect()
        }
    };
    if fields.len() != columns(options).len() {
        return Err("field-count");
    }
    Ok(format!("{timestamp},{}\n", fields.join(",")))
}

fn timestamp(milliseconds: &str) -> Option<String> {
    let since = SignedDuration::from_millis(milliseconds.parse().ok()?);
    let time = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    (time.year() >= 1).then(|| time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Returns the line of JSON for a rejected event.
pub fn rejected_line(source: &str, reason: &str, event: &Event) -> String {
    let (Ok(message) | Err(message)) = &event.message;
    let is_number = serde_json::from_str::<&serde_json::value::RawValue>(&event.timestamp)
        .is_ok_and(|raw| matches!(raw.get().as_bytes()[0], b'-' | b'0'..=b'9'))
        && event.timestamp.trim() == event.timestamp;
    let timestamp = match is_number {
        true => event.timestamp.clone(),
        false => json(&event.timestamp),
    };
    format!(
        "{{\"source\":{},\"reason\":\"{reason}\",\"timestamp\":{timestamp},\"message\":{}}}\n",
        json(source),
        json(message)
    )
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
