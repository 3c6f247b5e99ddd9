//! How an event's message becomes columns.

pub(crate) mod message;
pub(crate) mod regex;
pub(crate) mod vpc_flow_logs;

use std::fmt;

use message::MessageFormat;
use regex::RegexFormat;
use vpc_flow_logs::VpcFlowLogsFormat;

/// A format, ready for use.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    VpcFlowLogs(VpcFlowLogsFormat),
    Regex(RegexFormat),
    Message(MessageFormat),
}

impl Format {
    /// The names of the columns after `timestamp`.
    pub(crate) fn columns(&self) -> Vec<&str> {
        match self {
            Self::VpcFlowLogs(format) => format.columns(),
            Self::Regex(format) => format.columns(),
            Self::Message(format) => format.columns(),
        }
    }

    /// Appends a message's columns to a row, each after a comma. What a rejected message leaves in
    /// the row is the caller's to remove.
    pub(crate) fn write(&self, message: &[u8], row: &mut Vec<u8>) -> Result<(), Rejection> {
        match self {
            Self::VpcFlowLogs(format) => format.write(message, row),
            Self::Regex(format) => format.write(message, row),
            Self::Message(format) => {
                format.write(message, row);
                Ok(())
            }
        }
    }
}

/// Why an event is not a row. The event is kept, with this name, among the rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The timestamp is not an integer, or outside the years 1 to 9999.
    Timestamp,
    /// The message has more or fewer fields than the format.
    FieldCount,
    /// A comma, quote, backslash or line break in a field.
    Character,
    /// The message regex does not match.
    NoMatch,
    /// The event regex found a message that is not the content of a JSON string.
    Escape,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timestamp => "timestamp",
            Self::FieldCount => "field-count",
            Self::Character => "character",
            Self::NoMatch => "no-match",
            Self::Escape => "escape",
        })
    }
}

/// Appends a comma and a field, quoted as RFC 4180 has it where it must be.
fn write_quoted(field: &[u8], row: &mut Vec<u8>) {
    row.push(b',');
    if field.is_empty() {
        return;
    }
    let begin = row.len();
    // Every byte a quote, doubled, and a quote at either end.
    row.resize(begin + 2 * field.len() + 2, 0);
    let mut writer = csv_core::Writer::new();
    let (_, _, written) = writer.field(field, &mut row[begin..]);
    let end = begin + written;
    let (_, written) = writer.finish(&mut row[end..]);
    row.truncate(end + written);
}
