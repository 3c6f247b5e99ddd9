//! Logs of AWS whose columns are fixed.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::Ranges;
use super::spaced::ABSENT;
use super::time;
use crate::record::Fields;
use crate::rejection::Rejection;
use crate::schema::{Column, FieldKind};

/// A kind of log.
pub(crate) trait Log: Sync {
    /// Returns the names and types of the columns.
    fn columns(&self) -> Vec<LogColumn>;

    /// The name of the column with the time of a record.
    fn time(&self) -> &'static str {
        "time"
    }

    /// The page that documents the log.
    fn fact(&self) -> &'static str;

    /// Whether each line begins with a time. So does each of an export, before the line itself.
    fn begins_with_time(&self) -> bool {
        false
    }

    /// Splits a message into the fields of a row.
    fn split(&self, row: &mut Row<'_>) -> Result<(), Rejection>;
}

/// A column of a log. Any row may lack its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogColumn {
    pub(super) name: &'static str,
    pub(super) kind: FieldKind,
}

/// A compiled log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LogFormat {
    log: &'static dyn Log,
    columns: Arc<[LogColumn]>,
    time: Option<usize>,
}

impl fmt::Debug for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFormat")
            .field("fact", &self.log.fact())
            .finish_non_exhaustive()
    }
}

impl LogFormat {
    pub(super) fn new(log: &'static dyn Log) -> Self {
        let columns = log.columns();
        let time = columns.iter().position(|column| column.name == log.time());
        Self {
            log,
            columns: columns.into(),
            time,
        }
    }

    pub(super) fn columns(&self) -> Vec<Column<'_>> {
        let column = |column: &LogColumn| Column {
            name: column.name,
            kind: column.kind,
            is_optional: true,
            measure: None,
            fact: self.log.fact(),
        };
        self.columns.iter().map(column).collect()
    }

    pub(super) fn time_column(&self) -> Option<usize> {
        self.time
    }

    pub(super) fn begins_with_time(&self) -> bool {
        self.log.begins_with_time()
    }

    pub(super) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Ranges,
    ) -> Result<Fields<'a>, Rejection> {
        let Ranges { found, made, .. } = ranges;
        found.clear();
        found.resize(self.columns.len(), None);
        made.clear();
        self.log.split(&mut Row {
            message,
            columns: &self.columns,
            ranges: found,
            next: 0,
            made,
        })?;
        Ok(Fields::Ranges {
            message,
            made,
            ranges: found,
            absent: b"",
        })
    }
}

/// The row that a message becomes.
pub(crate) struct Row<'r> {
    pub(super) message: &'r [u8],
    pub(super) columns: &'r [LogColumn],
    /// Places of the fields in the message, or after it in what is made.
    ranges: &'r mut [Option<Range<usize>>],
    /// The next column to be filled.
    next: usize,
    /// Text that is not in the message as it is in the row.
    made: &'r mut Vec<u8>,
}

impl Row<'_> {
    /// Begins again, after a part of the message was read in a wrong way.
    pub(super) fn restart(&mut self) {
        self.ranges.fill(None);
        self.made.clear();
        self.next = 0;
    }

    /// Fills the next column with a field of the message. [`ABSENT`] is no value.
    #[inline]
    pub(super) fn add(&mut self, field: Range<usize>) -> Result<(), Rejection> {
        let column = self.next;
        self.next += 1;
        self.set(column, field)
    }

    /// Fills the next column, unless the field is empty.
    #[inline]
    pub(super) fn add_text(&mut self, field: Range<usize>) -> Result<(), Rejection> {
        match field.is_empty() {
            true => self.skip(),
            false => self.add(field)?,
        }
        Ok(())
    }

    /// Leaves the next column without a value.
    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    /// Fills a column with a field of the message. [`ABSENT`] is no value.
    #[inline]
    pub(super) fn set(&mut self, column: usize, field: Range<usize>) -> Result<(), Rejection> {
        match self.message[field.clone()] == *ABSENT {
            true => Ok(()),
            false => self.set_value(column, field),
        }
    }

    /// Fills a column with a value of the message.
    #[inline]
    pub(super) fn set_value(
        &mut self,
        column: usize,
        value: Range<usize>,
    ) -> Result<(), Rejection> {
        let text = &self.message[value.clone()];
        let kind = self.columns[column].kind;
        let range = match kind {
            FieldKind::Text | FieldKind::Json => Some(value),
            FieldKind::Int => kind.holds(text).then_some(value),
            // Load balancers write it for sizes that they do not know.
            FieldKind::BigInt => (kind.holds(text) || text == b"-1").then_some(value),
            FieldKind::Double => is_decimal(text).then_some(value),
            FieldKind::Timestamp if colparquet::micros(text).is_some() => Some(value),
            FieldKind::Timestamp => self.make(time::write_utc, value),
        };
        if range.is_none() {
            return Err(Rejection::FieldType(column));
        }
        self.ranges[column] = range;
        Ok(())
    }

    /// Fills a column with text that is made of a part of the message. `make` appends it, or returns `None` if
    /// it cannot.
    fn make(
        &mut self,
        make: impl FnOnce(&[u8], &mut Vec<u8>) -> Option<()>,
        part: Range<usize>,
    ) -> Option<Range<usize>> {
        let begin = self.message.len() + self.made.len();
        make(&self.message[part], self.made)?;
        Some(begin..self.message.len() + self.made.len())
    }
}

/// Whether a text is a decimal number: digits, possibly with a fraction, possibly after a minus sign.
pub(super) fn is_decimal(text: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = text.strip_prefix(b"-").unwrap_or(text);
    match memchr::memchr(b'.', text) {
        Some(point) => digits(&text[..point]) && digits(&text[point + 1..]),
        None => digits(text),
    }
}
