//! Rejections: why an event becomes no row, and how many events became none.
//!
//! A parser finds `Document`, `Event`, `Message`, `Escape` and `RawData`, the record builder
//! `Timestamp`, and the formats the others.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema::Column;

/// The reason why an event is not a record. A rejected event is kept, with the name of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// There is no timestamp, or none between the years 1 and 9999.
    Timestamp,
    /// The message has this number of fields, and the format another.
    FieldCount(usize),
    /// The field in the column at this index is not of its type.
    FieldType(usize),
    /// A field has a comma, quote, backslash or line break.
    Character,
    /// A field in quotes does not end, or something other than a space follows it.
    Quotes,
    /// The message is not a JSON object.
    Json,
    /// The column at this index lacks a value, and every record has one.
    FieldMissing(usize),
    /// The column at this index has two values.
    FieldRepeated(usize),
    /// The message is a record of another kind of log.
    OtherKind(&'static str),
    /// The message regex does not match, or the message has not the structure of the format.
    NoMatch,
    /// The message is not the content of a JSON string.
    Escape,
    /// The message is not a JSON string.
    Message,
    /// An element of `logEvents` is not an event, or has a key twice.
    Event,
    /// A JSON document is none that the dialect knows.
    Document,
    /// The `rawData` of an error record cannot be decoded or read.
    RawData,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timestamp => "timestamp",
            Self::FieldCount(_) => "field-count",
            Self::FieldType(_) => "field-type",
            Self::Character => "character",
            Self::Quotes => "quotes",
            Self::Json => "json",
            Self::FieldMissing(_) => "field-missing",
            Self::FieldRepeated(_) => "field-repeated",
            Self::OtherKind(_) => "other-kind",
            Self::NoMatch => "no-match",
            Self::Escape => "escape",
            Self::Message => "message",
            Self::Event => "event",
            Self::Document => "document",
            Self::RawData => "raw-data",
        })
    }
}

impl Rejection {
    /// Returns what belongs to the reason: the number of fields, the column's name, or the kind of log.
    pub(crate) fn detail<'a>(self, columns: impl Fn() -> Vec<Column<'a>>) -> Option<String> {
        match self {
            Self::FieldCount(count) => Some(count.to_string()),
            Self::FieldType(place) | Self::FieldMissing(place) | Self::FieldRepeated(place) => {
                columns().get(place).map(|column| column.name.to_owned())
            }
            Self::OtherKind(kind) => Some(kind.to_owned()),
            _ => None,
        }
    }
}

/// The most kinds of rejections that are told apart by their detail. More are counted by their reason.
const MAX_DETAILS: usize = 16;

/// Rejected events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionCount {
    /// The name of the [`Rejection`].
    pub reason: String,
    /// For `field-count` the number of fields, for `field-type` and the like the column, for `other-kind` the
    /// kind of log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The number of events.
    pub count: u64,
    /// Offset of the first one in the decoded text.
    pub offset: u64,
}

/// Counts rejected events by reason and detail, in the order in which the kinds came.
#[derive(Debug, Clone, Default)]
pub(crate) struct RejectionCounts {
    kinds: Vec<(Rejection, RejectionCount)>,
}

impl RejectionCounts {
    pub(crate) fn add<'a>(
        &mut self,
        rejection: Rejection,
        offset: u64,
        columns: impl Fn() -> Vec<Column<'a>>,
    ) {
        if let Some((_, known)) = self.kinds.iter_mut().find(|(known, _)| *known == rejection) {
            known.count += 1;
            return;
        }
        let reason = rejection.to_string();
        let detail = match self.kinds.len() < MAX_DETAILS {
            true => rejection.detail(columns),
            false => None,
        };
        let same = |(_, known): &&mut (Rejection, RejectionCount)| {
            known.reason == reason && known.detail == detail
        };
        match self.kinds.iter_mut().find(same) {
            Some((_, known)) => known.count += 1,
            None => self.kinds.push((
                rejection,
                RejectionCount {
                    reason,
                    detail,
                    count: 1,
                    offset,
                },
            )),
        }
    }

    pub(crate) fn into_counts(self) -> Vec<RejectionCount> {
        self.kinds.into_iter().map(|(_, count)| count).collect()
    }

    /// Returns the offset of the first rejected event.
    pub(crate) fn first_offset(&self) -> Option<u64> {
        self.kinds.first().map(|(_, count)| count.offset)
    }

    /// Returns the kind of log whose records all rejected events are, if there is one.
    pub(crate) fn other_kind(&self) -> Option<&'static str> {
        match self.kinds.as_slice() {
            [(Rejection::OtherKind(kind), _)] => Some(kind),
            _ => None,
        }
    }

    /// Whether every rejected event is for one of the reasons that `is_such` accepts.
    pub(crate) fn all(&self, is_such: impl Fn(Rejection) -> bool) -> bool {
        self.kinds.iter().all(|(rejection, _)| is_such(*rejection))
    }
}
