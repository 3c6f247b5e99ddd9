//! Formats: how a message becomes the fields of a record.
//!
//! A user names a format with [`FormatName`]. It is compiled once, into a [`Format`]. A new format is
//! one file and one line in each match of this file.

mod flow_logs;
mod message;
pub(crate) mod names;
mod regex;
pub(crate) mod spaced;
mod tgw_flow_logs;
mod vpc_flow_logs;

use std::ops::Range;

pub use self::flow_logs::Field;
use self::flow_logs::{Catalogue, FlowLogsFormat};
use self::message::MessageFormat;
use self::names::FieldLists;
use self::regex::RegexFormat;
pub use self::vpc_flow_logs::{DEFAULT_FIELDS, FIELDS};
use crate::options::FormatName;
use crate::record::Fields;
use crate::rejection::Rejection;
use crate::schema::{Column, FieldKind};

/// A compiled format. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    FlowLogs(FlowLogsFormat),
    Regex(RegexFormat),
    Message(MessageFormat),
}

/// The catalogue of fields of a format that has one.
fn catalogue(name: FormatName) -> Option<&'static Catalogue> {
    match name {
        FormatName::VpcFlowLogs => Some(&vpc_flow_logs::CATALOGUE),
        FormatName::TgwFlowLogs => Some(&tgw_flow_logs::CATALOGUE),
        FormatName::Regex | FormatName::Message => None,
    }
}

/// The fields that a format has unless the user names others.
pub(crate) fn default_fields(name: FormatName) -> Option<FieldLists> {
    catalogue(name).map(|catalogue| catalogue.default.into())
}

impl Format {
    pub(crate) fn message() -> Self {
        Self::Message(MessageFormat)
    }

    /// Compiles a regex. The error is the reason, in words.
    pub(crate) fn regex(pattern: &str) -> Result<Self, String> {
        RegexFormat::new(pattern).map(Self::Regex)
    }

    /// Compiles the fields of a format of flow logs. The error is the reason, in words.
    pub(crate) fn flow_logs(name: FormatName, fields: &FieldLists) -> Result<Self, String> {
        match catalogue(name) {
            Some(catalogue) => FlowLogsFormat::new(catalogue, fields.lists()).map(Self::FlowLogs),
            None => Ok(Self::message()),
        }
    }

    /// Returns the format's own columns.
    pub(crate) fn columns(&self) -> Vec<Column<'_>> {
        match self {
            Self::FlowLogs(format) => format.columns(),
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
            Self::Regex(format) => format.split(message, ranges),
            Self::Message(format) => Ok(format.split(message, ranges)),
        }
    }

    /// Returns the column with the time of a record, in seconds since 1970, if there is one.
    pub(crate) fn time_column(&self) -> Option<usize> {
        match self {
            Self::FlowLogs(format) => format.time_column(),
            Self::Regex(_) | Self::Message(_) => None,
        }
    }

    /// Takes a line that may name the fields of the lines after it. Returns whether it does.
    ///
    /// # Errors
    ///
    /// Returns the names that are no columns of the output.
    pub(crate) fn header(&mut self, line: &[u8]) -> Result<bool, Vec<String>> {
        match self {
            Self::FlowLogs(format) => format.header(line),
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
pub(crate) fn record_named_by(line: &[u8]) -> Option<KnownRecord> {
    let names = std::str::from_utf8(line).ok()?;
    let list: Vec<String> = names.split_ascii_whitespace().map(str::to_owned).collect();
    let fields = FieldLists::from(list.clone());
    [FormatName::VpcFlowLogs, FormatName::TgwFlowLogs]
        .into_iter()
        .find_map(|format| {
            Format::flow_logs(format, &fields).ok()?;
            let known = record_of(format, list.len());
            let is_whole =
                known.is_some_and(|known| known.is_whole && known.fields == list.join(" "));
            let version = list
                .iter()
                .filter_map(|name| catalogue(format)?.version_of(name))
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
    let mut formats = [FormatName::VpcFlowLogs, FormatName::TgwFlowLogs];
    formats.sort_by_key(|other| *other != format);
    let known = formats.into_iter().filter_map(|format| {
        let record = catalogue(format)?.record(count)?;
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
    let formats = [FormatName::VpcFlowLogs, FormatName::TgwFlowLogs];
    formats.into_iter().find_map(|format| {
        let catalogue = catalogue(format)?;
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
