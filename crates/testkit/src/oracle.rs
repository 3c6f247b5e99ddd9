//! The oracle: the right result for an object, and for a whole stash.
//!
//! It works in the simplest way, with the whole object in memory and one step after another. Of
//! `rehose_extract` it uses nothing but the options, because a common mistake would hide itself.

pub mod cloudwatch;
pub mod gzip;
pub mod regex;
pub mod rows;
pub mod stash;

use rehose_extract::{DialectName, Options};

/// The maximum number of gzip layers.
const MAX_LAYERS: usize = 3;

/// The maximum number of bytes of white space before the magic number of gzip.
const MAX_LEADING_SPACE: usize = 4096;

/// A log event: its timestamp as written, and its message decoded, or as written if it cannot be
/// decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub timestamp: String,
    pub message: Result<String, String>,
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
    let documents = match options.with_defaults().dialect {
        Some(DialectName::Regex) => None,
        _ => Some(cloudwatch::documents(&text)?),
    };
    let mut expected = Expected {
        csv: rows::header(options),
        documents: documents
            .as_ref()
            .map_or(0, |documents| documents.len() as u64),
        bytes_decoded: text.len() as u64,
        ..Expected::default()
    };
    let events = match documents {
        None => regex::events(options.event_regex.as_deref()?, &text),
        Some(documents) => {
            let (data, control): (Vec<_>, Vec<_>) = documents
                .into_iter()
                .partition(|document| document.message_type == "DATA_MESSAGE");
            expected.control = control.iter().map(|d| d.events.len() as u64).sum();
            data.into_iter()
                .flat_map(|document| document.events)
                .collect()
        }
    };
    for event in &events {
        match rows::row(options, event) {
            Ok(row) => {
                expected.csv += &row;
                expected.written += 1;
            }
            Err(reason) => {
                expected.rejected_lines += &rows::rejected_line(source, reason, event);
                expected.rejected += 1;
            }
        }
    }
    expected.events = expected.written + expected.rejected + expected.control;
    Some(expected)
}

/// Returns the text inside all layers of gzip, or `None` if a layer is faulty.
pub fn peel(object: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = object.to_vec();
    for _ in 0..=MAX_LAYERS {
        let significant = bytes.trim_ascii_start();
        let space = bytes.len() - significant.len();
        if significant == [0x1f] && space < MAX_LEADING_SPACE {
            return None;
        }
        if !significant.starts_with(&[0x1f, 0x8b]) || space >= MAX_LEADING_SPACE {
            return Some(bytes);
        }
        bytes = gzip::members(&bytes)?;
    }
    None
}
