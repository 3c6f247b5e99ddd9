//! Records: what a format makes of an event, and what a sink writes to a file.

use std::ops::Range;

use crate::dialect::Event;
use crate::format::Format;
use crate::rejection::Rejection;
use crate::timestamp::TimestampParser;

/// A row of the output, before it has a file format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Milliseconds since 1970, within [`TIMESTAMPS`](crate::bounds::TIMESTAMPS).
    pub(crate) timestamp: i64,
    /// A value for each column after `timestamp`.
    pub(crate) fields: Fields<'a>,
}

/// The fields of a record: parts of its message, in the order of the columns.
///
/// Fields are borrowed, so a record needs no allocation. [`iter`](Self::iter) gives the fields of both
/// variants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fields<'a> {
    /// A message that consists of the fields, with one space between any two.
    ///
    /// No field is empty or has a comma, quote, backslash or line break. A CSV sink can therefore
    /// copy the message and turn spaces into commas, in a loop that the compiler vectorises.
    Spaced(&'a [u8]),
    /// Any fields.
    Ranges {
        message: &'a [u8],
        ranges: &'a [Range<usize>],
    },
}

impl<'a> Fields<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let (spaced, ranged) = match self {
            Self::Spaced(message) => (Some(message.split(|byte| *byte == b' ')), None),
            Self::Ranges { message, ranges } => (
                None,
                Some(ranges.iter().map(|range| &message[range.clone()])),
            ),
        };
        (spaced.into_iter().flatten()).chain(ranged.into_iter().flatten())
    }
}

/// Makes records of events. Its buffers are reused for each event.
#[derive(Debug)]
pub(crate) struct RecordBuilder {
    format: Format,
    timestamps: TimestampParser,
    ranges: Vec<Range<usize>>,
}

impl RecordBuilder {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            timestamps: TimestampParser::default(),
            ranges: Vec::new(),
        }
    }

    /// Returns the record of an event.
    #[inline]
    pub(crate) fn record<'a>(&'a mut self, event: Event<'a>) -> Result<Record<'a>, Rejection> {
        let timestamp = self.timestamps.parse(event.timestamp);
        Ok(Record {
            timestamp: timestamp.ok_or(Rejection::Timestamp)?,
            fields: self.format.split(event.message, &mut self.ranges)?,
        })
    }
}
