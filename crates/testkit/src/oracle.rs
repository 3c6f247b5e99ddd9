//! The oracle: the right result for an object, and for a whole stash.
//!
//! It works in the simplest way, with the whole object in memory and one step after another. Of
//! `rehose_extract` it uses nothing but the options, because a common mistake would hide itself.

pub mod digest;
pub mod documents;
pub mod form;
pub mod gzip;
pub mod hadoop_snappy;
pub mod lines;
pub mod logs;
pub mod merge;
pub mod regex;
pub mod rows;
pub mod snappy;
pub mod stash;
mod tree;
pub mod zip;
pub mod zstd;

use std::sync::LazyLock;

use ::regex::Regex;
use rehose_extract::{DialectName, Options};

use self::form::Form;

/// The maximum number of layers.
const MAX_LAYERS: usize = 3;

/// The maximum number of bytes of white space before the magic number of a layer.
const MAX_LEADING_SPACE: usize = 4096;

/// A log event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub kind: Kind,
    pub owner: String,
    pub log_group: String,
    pub log_stream: String,
    pub id: String,
    pub extracted_fields: String,
    pub time: Time,
    /// The message decoded, or the text to keep if there is a reason.
    pub message: String,
    /// Why it cannot be read.
    pub reason: Option<&'static str>,
    /// Whether it is a line, and so may be a header.
    pub is_line: bool,
}

/// The kind of an event's document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Data,
    Control,
}

/// The time of an event, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Time {
    #[default]
    InMessage,
    Milliseconds(String),
    Guessed(String),
}

/// The events of a text.
#[derive(Debug, Default)]
pub struct Found {
    pub events: Vec<Event>,
    pub documents: u64,
}

/// The right result for an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    pub csv: String,
    pub rejected_lines: String,
    pub documents: u64,
    pub events: u64,
    pub written: u64,
    pub rejected: u64,
    pub control: u64,
    pub bytes_decoded: u64,
}

/// Returns the right result for an object, or `None` if it is faulty.
pub fn expect(options: &Options, source: &str, object: &[u8]) -> Option<Expected> {
    let text = String::from_utf8(peel(object)?).ok()?;
    let found = match options.with_defaults().dialect {
        Some(DialectName::Regex) => {
            let events = regex::events(options.event_regex.as_deref()?, &text);
            if events.is_empty() && !text.trim_ascii().is_empty() {
                return None;
            }
            Found {
                events,
                documents: 0,
            }
        }
        Some(DialectName::Lines) => lines::lines(&text),
        Some(DialectName::Export) => lines::export(&text),
        Some(_) => documents::events(options, &text, false)?,
        None => any_text(options, &text, false)?,
    };
    let mut expected = Expected {
        csv: rows::header(options),
        documents: found.documents,
        bytes_decoded: text.len() as u64,
        ..Expected::default()
    };
    let mut rows = rows::Rows::new(options, source);
    let mut is_unreadable = true;
    for event in &found.events {
        if event.is_line && rows.header_line(&event.message)? {
            continue;
        }
        expected.events += 1;
        if event.kind == Kind::Control {
            expected.control += 1;
            continue;
        }
        match rows.row(event) {
            Ok(row) => {
                expected.csv += &row;
                expected.written += 1;
            }
            Err((reason, detail)) => {
                is_unreadable &= match reason {
                    "document" | "raw-data" | "other-kind" => true,
                    "field-count" => event.is_line && !rows::is_known_count(options, &detail),
                    _ => event.is_line,
                };
                expected.rejected_lines += &rows::rejected_line(source, reason, &detail, event);
                expected.rejected += 1;
            }
        }
    }
    let has_nothing = expected.rejected > 0 && expected.rejected == expected.events;
    (!has_nothing || !is_unreadable).then_some(expected)
}

/// Returns the events of a text whose first characters decide. `inside_a_record` is whether it comes
/// from a record that Firehose could not deliver.
fn any_text(options: &Options, text: &str, inside_a_record: bool) -> Option<Found> {
    let begin = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .trim_ascii_start();
    if text.len() - begin.len() >= MAX_LEADING_SPACE {
        return documents::events(options, text, inside_a_record);
    }
    let after = |open: char, next: [char; 2]| {
        let rest = begin.strip_prefix(open)?.trim_ascii_start();
        (rest.is_empty() || rest.starts_with(next)).then_some(())
    };
    if after('{', ['"', '}']).is_some() || after('[', ['{', ']']).is_some() {
        return documents::events(options, text, inside_a_record);
    }
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.0-9]{0,18}Z ").unwrap()
    });
    static TWO: LazyLock<Regex> = LazyLock::new(|| {
        let time = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}";
        Regex::new(&format!("^{time}[.0-9]{{0,18}}Z {time}")).unwrap()
    });
    let is_export = match logs::begins_with_time(options) {
        true => TWO.is_match(begin),
        false => TIME.is_match(begin),
    };
    Some(match is_export {
        true => lines::export(text),
        false => lines::lines(text),
    })
}

/// Returns the text inside all layers, or `None` if a layer is faulty.
pub fn peel(object: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = object.to_vec();
    for _ in 0..=MAX_LAYERS {
        let significant = bytes.trim_ascii_start();
        if bytes.len() - significant.len() >= MAX_LEADING_SPACE {
            return Some(bytes);
        }
        bytes = match Form::of(significant) {
            Form::Gzip => gzip::members(&bytes)?,
            Form::Zip => zip::entry(significant)?,
            Form::Snappy => snappy::chunks(significant)?,
            Form::HadoopSnappy => hadoop_snappy::blocks(significant)?,
            Form::Zstd => zstd::frames(significant)?,
            Form::Refused => return None,
            Form::Text => return Some(bytes),
        };
    }
    None
}
