//! Formats: how a message becomes the fields of a record.
//!
//! A user names a format with [`FormatName`](crate::FormatName). It is compiled once, into a
//! [`Format`].

pub(crate) mod message;
pub(crate) mod regex;
pub(crate) mod vpc_flow_logs;

use std::ops::Range;

use self::message::MessageFormat;
use self::regex::RegexFormat;
use self::vpc_flow_logs::VpcFlowLogsFormat;
use crate::record::Fields;
use crate::rejection::Rejection;

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
