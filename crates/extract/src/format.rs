//! Formats: how a message becomes the fields of a record.
//!
//! A user names a format with [`FormatName`](crate::FormatName). It is compiled once, into a
//! [`Format`].

pub(crate) mod message;
pub(crate) mod regex;
pub(crate) mod vpc_flow_logs;

use std::fmt;
use std::ops::Range;

use self::message::MessageFormat;
use self::regex::RegexFormat;
use self::vpc_flow_logs::VpcFlowLogsFormat;
use crate::record::Fields;

/// A compiled format. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    VpcFlowLogs(VpcFlowLogsFormat),
    Regex(RegexFormat),
    Message(MessageFormat),
}

impl Format {
    /// Returns the columns after `timestamp`.
    pub(crate) fn schema(&self) -> Vec<Column<'_>> {
        match self {
            Self::VpcFlowLogs(format) => format.schema(),
            Self::Regex(format) => format.schema(),
            Self::Message(format) => format.schema(),
        }
    }

    /// Splits a message into a field for each column. `ranges` is a buffer for the format to use.
    #[inline]
    pub(crate) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Vec<Range<usize>>,
    ) -> Result<Fields<'a>, Rejection> {
        match self {
            Self::VpcFlowLogs(format) => format.split(message, ranges),
            Self::Regex(format) => format.split(message, ranges),
            Self::Message(format) => Ok(format.split(message, ranges)),
        }
    }
}

/// A column of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its values.
    pub kind: FieldKind,
}

/// The type of a field or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number of up to 32 bits.
    Int,
    /// A whole number of up to 64 bits.
    BigInt,
    /// Any text.
    Text,
}

/// The reason why an event is not a record. A rejected event is kept, with the name of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The timestamp is not an integer, or it is outside the years 1 to 9999.
    Timestamp,
    /// The message has more or fewer fields than the format.
    FieldCount,
    /// A field has a comma, quote, backslash or line break.
    Character,
    /// The message regex does not match.
    NoMatch,
    /// The event regex matches a message that is not the content of a JSON string.
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
