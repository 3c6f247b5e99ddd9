//! Logs of AWS whose columns are fixed.

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::row::Row;
use super::table::{FormatName, Kind};
use super::{Ranges, alb};
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

    /// Whether AWS writes many records as the array `Records` of one document.
    fn in_array(&self) -> bool {
        false
    }

    /// Returns what a line says of the lines after it, if it is no record.
    fn header(&self, _line: &[u8]) -> Option<Header> {
        None
    }

    /// Whether each line begins with a time. So does each of an export, before the line itself.
    fn begins_with_time(&self) -> bool {
        false
    }

    /// The folders of the objects' keys, as a layout. `None` if there is none for each day, and only names
    /// have the day.
    fn key_folders(&self) -> Option<&'static str>;

    /// Splits a message into the fields of a row.
    fn split(&self, row: &mut Row<'_>) -> Result<(), Rejection>;
}

/// A line that is no record.
pub(crate) enum Header {
    /// It says nothing of the lines after it.
    Comment,
    /// For each field of the lines after it, which field of the log it is, if it is known.
    Order(Vec<Option<usize>>),
    /// The lines after it are a log of another kind.
    OtherKind(&'static str),
}

/// A column of a log. Any row may lack its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogColumn {
    pub(super) name: &'static str,
    pub(super) kind: FieldKind,
}

pub(super) const fn column(name: &'static str, kind: FieldKind) -> LogColumn {
    LogColumn { name, kind }
}

/// A compiled log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LogFormat {
    name: &'static str,
    log: &'static dyn Log,
    columns: Arc<[LogColumn]>,
    time: Option<usize>,
    /// What the object's own header says of the order of fields.
    order: Option<Vec<Option<usize>>>,
    /// The kind of the lines after the last header, if it is another.
    other: Option<&'static str>,
}

impl fmt::Debug for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFormat")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl LogFormat {
    pub(super) fn new(name: &'static str, log: &'static dyn Log) -> Self {
        let columns = log.columns();
        let time = columns.iter().position(|column| column.name == log.time());
        Self {
            name,
            log,
            columns: columns.into(),
            time,
            order: None,
            other: None,
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

    pub(super) fn in_array(&self) -> bool {
        self.log.in_array()
    }

    /// Takes a line. Returns whether it is no record.
    pub(super) fn header(&mut self, line: &[u8]) -> bool {
        match self.log.header(line) {
            None => return false,
            Some(Header::Comment) => {}
            Some(Header::Order(order)) => (self.order, self.other) = (Some(order), None),
            Some(Header::OtherKind(kind)) => self.other = Some(kind),
        }
        true
    }

    pub(super) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Ranges,
    ) -> Result<Fields<'a>, Rejection> {
        if let Some(kind) = self.other {
            return Err(Rejection::OtherKind(kind));
        }
        match self.read(message, ranges) {
            Ok(()) => Ok(Fields::Ranges {
                message,
                made: &ranges.made,
                ranges: &ranges.found,
                absent: b"",
            }),
            Err(rejection) => Err(self.explain(message, rejection)),
        }
    }

    fn read(&self, message: &[u8], ranges: &mut Ranges) -> Result<(), Rejection> {
        let order = self.order.as_deref();
        (self.log).split(&mut Row::new(message, &self.columns, order, ranges))
    }

    /// Returns why a message is rejected: maybe because it is of another log, which is in the same folder.
    #[cold]
    fn explain(&self, message: &[u8], rejection: Rejection) -> Rejection {
        self.other_kind(message)
            .map_or(rejection, Rejection::OtherKind)
    }

    pub(super) fn other_kind(&self, line: &[u8]) -> Option<&'static str> {
        kind_of(line, Some(self.name))
    }
}

/// What load balancers write into a folder to test whether they may
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html>).
const TEST_FILE: &[u8] = b"Enable AccessLog for ELB";

/// Returns the kind of the log that a message is a record of, if there is one beside that of the format
/// `except`.
pub(crate) fn kind_of(message: &[u8], except: Option<&str>) -> Option<&'static str> {
    static LOGS: LazyLock<Vec<LogFormat>> = LazyLock::new(|| {
        let logs = FormatName::ALL.iter().filter_map(|name| match name.kind() {
            Kind::Log(log) => Some(LogFormat::new(name.name(), log)),
            _ => None,
        });
        let unread = LogFormat::new("alb-health-check", &alb::HEALTH_CHECKS);
        logs.chain([unread]).collect()
    });
    if message.starts_with(TEST_FILE) {
        return Some("elb-test-file");
    }
    let mut ranges = Ranges::default();
    let mut others = LOGS.iter().filter(|log| Some(log.name) != except);
    let other = others.find(|log| log.read(message, &mut ranges).is_ok())?;
    Some(other.name)
}
