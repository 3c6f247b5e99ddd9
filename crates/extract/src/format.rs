//! Formats: how a message becomes the fields of a record.
//!
//! A user names a format with [`FormatName`]. It is compiled once, into a [`Format`]. A new format is
//! one file and one line in the table of [`table`].

mod alb;
mod alb_connection;
mod cloudfront;
mod cloudtrail;
mod elb;
mod flow_logs;
mod json_log;
pub(crate) mod log;
mod message;
pub(crate) mod names;
mod network_firewall;
mod nlb;
mod numbers;
mod places;
mod quoted;
mod regex;
mod resolver;
mod row;
mod s3_access;
pub(crate) mod skydive;
pub(crate) mod spaced;
mod table;
mod tgw_flow_logs;
mod time;
mod tokens;
mod vpc_flow_logs;
mod waf;

use std::ops::Range;

pub use self::flow_logs::Field;
use self::flow_logs::FlowLogsFormat;
use self::log::LogFormat;
use self::message::MessageFormat;
use self::names::FieldLists;
use self::regex::RegexFormat;
pub use self::table::FormatName;
use self::table::Kind;
pub use self::vpc_flow_logs::{DEFAULT_FIELDS, FIELDS};
use crate::error::Reason;
use crate::record::Fields;
use crate::rejection::Rejection;
use crate::schema::{Column, FieldKind};
use crate::timestamp::{self, TimestampFormatter};

/// A compiled format. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    FlowLogs(FlowLogsFormat),
    Log(LogFormat),
    Regex(RegexFormat),
    Message(MessageFormat),
}

/// Parses a time, as milliseconds since 1970.
pub(crate) type ParseTime = fn(&[u8]) -> Option<i64>;

/// The formats of flow logs.
const FLOW_LOGS: [FormatName; 2] = [FormatName::VpcFlowLogs, FormatName::TgwFlowLogs];

/// The fields that a format has unless the user names others.
pub(crate) fn default_fields(name: FormatName) -> Option<FieldLists> {
    name.catalogue().map(|catalogue| catalogue.default.into())
}

impl Format {
    /// Compiles a regex. The error is the reason, in words.
    pub(crate) fn regex(pattern: &str) -> Result<Self, String> {
        RegexFormat::new(pattern).map(Self::Regex)
    }

    /// Compiles a format that is no regex. `fields` are those of flow logs. The error is the reason, in words.
    pub(crate) fn new(name: FormatName, fields: &FieldLists) -> Result<Self, String> {
        match name.kind() {
            Kind::FlowLogs(catalogue) => {
                FlowLogsFormat::new(catalogue, fields.lists()).map(Self::FlowLogs)
            }
            Kind::Skydive => {
                let catalogue = &vpc_flow_logs::CATALOGUE;
                FlowLogsFormat::new(catalogue, FieldLists::from(catalogue.default).lists())
                    .map(Self::FlowLogs)
            }
            Kind::Log(log) => Ok(Self::Log(LogFormat::new(name.name(), log))),
            Kind::Regex | Kind::Message => Ok(Self::Message(MessageFormat)),
        }
    }

    /// Returns the format's own columns.
    pub(crate) fn columns(&self) -> Vec<Column<'_>> {
        match self {
            Self::FlowLogs(format) => format.columns(),
            Self::Log(format) => format.columns(),
            Self::Regex(format) => format.columns(),
            Self::Message(format) => format.columns(),
        }
    }

    /// Splits a message into a field for each column. `ranges` are buffers for the format to use.
    #[inline]
    pub(crate) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Ranges,
    ) -> Result<Fields<'a>, Rejection> {
        match self {
            Self::FlowLogs(format) => format.split(message, ranges),
            Self::Log(format) => format.split(message, ranges),
            Self::Regex(format) => format.split(message, ranges),
            Self::Message(format) => Ok(format.split(message, ranges)),
        }
    }

    /// Returns the column with the time of a record, if there is one, and how to parse it.
    pub(crate) fn time_column(&self) -> Option<(usize, ParseTime)> {
        match self {
            Self::FlowLogs(format) => Some((format.time_column()?, timestamp::seconds)),
            Self::Log(format) => Some((format.time_column()?, timestamp::utc)),
            Self::Regex(_) | Self::Message(_) => None,
        }
    }

    /// Whether AWS writes many records as the array `Records` of one document.
    pub(crate) fn in_array(&self) -> bool {
        match self {
            Self::Log(format) => format.in_array(),
            Self::FlowLogs(_) | Self::Regex(_) | Self::Message(_) => false,
        }
    }

    /// Whether each line begins with a time.
    pub(crate) fn begins_with_time(&self) -> bool {
        match self {
            Self::Log(format) => format.begins_with_time(),
            Self::FlowLogs(_) | Self::Regex(_) | Self::Message(_) => false,
        }
    }

    /// Returns the kind of another log that a line is of, if the format is one of AWS's own logs.
    pub(crate) fn other_kind(&self, line: &[u8]) -> Option<&'static str> {
        match self {
            Self::Log(format) => format.other_kind(line),
            Self::FlowLogs(_) | Self::Regex(_) | Self::Message(_) => None,
        }
    }

    /// Leaves out line breaks at the end of a message that is a line.
    #[inline]
    pub(crate) fn without_line_break<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        match (self, message) {
            (Self::FlowLogs(_) | Self::Log(_), [.., b'\n' | b'\r']) => {
                let end = message
                    .iter()
                    .rposition(|byte| !matches!(byte, b'\n' | b'\r'));
                &message[..end.map_or(0, |end| end + 1)]
            }
            _ => message,
        }
    }

    /// Takes a line that may name the fields of the lines after it. Returns whether it does.
    ///
    /// # Errors
    ///
    /// Returns the reason why the lines after it cannot be read.
    pub(crate) fn header(&mut self, line: &[u8]) -> Result<bool, Reason> {
        match self {
            Self::FlowLogs(format) => format.header(line),
            Self::Log(format) => Ok(format.header(line)),
            Self::Regex(_) | Self::Message(_) => Ok(false),
        }
    }
}

/// A documented record of flow logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRecord {
    /// The format whose record it is.
    pub format: FormatName,
    /// The version of its last field.
    pub version: u8,
    /// Whether it has every field up to that version. Otherwise it has the first ones, in the
    /// documentation's order.
    pub is_whole: bool,
    /// Its fields, as a list for the option `fields`.
    pub fields: String,
}

/// Returns the record that a line of field names describes, if it is one.
///
/// # Errors
///
/// [`Reason::UnknownFields`] if it names others.
pub(crate) fn record_of_header(line: &[u8]) -> Result<Option<KnownRecord>, Reason> {
    let catalogues = FLOW_LOGS.into_iter().filter_map(FormatName::catalogue);
    let mut catalogues = catalogues.filter(|catalogue| catalogue.is_header(line));
    let Some(catalogue) = catalogues.next() else {
        return Ok(None);
    };
    let names = names::names_of_line(line);
    match record_named_by(&names) {
        Some(record) => Ok(Some(record)),
        None => Err(Reason::UnknownFields(catalogue.unknown(&names))),
    }
}

/// Returns the record that has these fields, if there is one.
fn record_named_by(list: &[String]) -> Option<KnownRecord> {
    let fields = FieldLists::from(list.to_vec());
    FLOW_LOGS.into_iter().find_map(|format| {
        Format::new(format, &fields).ok()?;
        let known = record_of(format, list.len());
        let is_whole = known.is_some_and(|known| known.is_whole && known.fields == list.join(" "));
        let version = list
            .iter()
            .filter_map(|name| format.catalogue()?.version_of(name))
            .max()?;
        Some(KnownRecord {
            format,
            version,
            is_whole,
            fields: list.join(" "),
        })
    })
}

/// Returns the documented record that has this number of fields. A whole one comes before a part of one,
/// and of two whole ones that of the given format.
pub(crate) fn record_of(format: FormatName, count: usize) -> Option<KnownRecord> {
    let mut formats = FLOW_LOGS;
    formats.sort_by_key(|other| *other != format);
    let known = formats.into_iter().filter_map(|format| {
        let record = format.catalogue()?.record(count)?;
        Some(KnownRecord {
            format,
            version: record.version,
            is_whole: record.is_whole,
            fields: record.fields,
        })
    });
    known.min_by_key(|record| !record.is_whole)
}

/// Returns the types of columns, if they are fields of one kind of flow logs.
pub(crate) fn kinds_of(columns: &[&str]) -> Option<Vec<FieldKind>> {
    FLOW_LOGS.into_iter().find_map(|format| {
        let catalogue = format.catalogue()?;
        let kind = |column: &&str| catalogue.field_of(column).map(|field| field.kind);
        columns.iter().map(kind).collect()
    })
}

/// Buffers for the fields of a message. A missing range is a field that the message does not have.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    /// In the message's order.
    found: Vec<Option<Range<usize>>>,
    /// In the columns' order.
    arranged: Vec<Option<Range<usize>>>,
    /// Text that the message does not have.
    made: Vec<u8>,
    /// The ends of fields in the message.
    ends: Vec<u32>,
    /// Writes the times that the message has in another notation.
    times: TimestampFormatter,
}

impl Ranges {
    /// Finds the fields of a message between spaces, and arranges them by the index that each column has.
    fn arrange(&mut self, message: &[u8], fields: &[Option<usize>]) {
        self.found.clear();
        self.found.extend(spaced::fields(message).map(Some));
        self.arranged.clear();
        for field in fields {
            let range = field.and_then(|field| self.found.get(field)?.clone());
            self.arranged.push(range);
        }
    }
}
