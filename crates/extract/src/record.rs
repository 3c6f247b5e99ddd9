//! Records: what a format makes of an event, and what a sink writes to a file.

use std::ops::Range;

use crate::event::{Event, Time};
use crate::format::{Format, Ranges};
use crate::origin::OriginValues;
use crate::rejection::Rejection;
use crate::timestamp::{TimeFormat, TimestampParser};

/// A row of the output, before it has a file format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Milliseconds since 1970, within [`TIMESTAMPS`](crate::bounds::TIMESTAMPS). `None` if neither
    /// the event nor its message has a time.
    pub(crate) timestamp: Option<i64>,
    /// A value for each column of the format.
    pub(crate) fields: Fields<'a>,
    /// The values of the columns after those of the format.
    pub(crate) origin: OriginValues<'a>,
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
    /// Any fields. A missing range is a field that the message does not have.
    Ranges {
        message: &'a [u8],
        /// What the format has made of the message. It counts as the text after it.
        made: &'a [u8],
        ranges: &'a [Option<Range<usize>>],
        /// The value of a field that the message does not have.
        absent: &'a [u8],
    },
}

impl<'a> Fields<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let (spaced, ranged) = match self {
            Self::Spaced(message) => (Some(message.split(|byte| *byte == b' ')), None),
            Self::Ranges {
                message,
                made,
                ranges,
                absent,
            } => {
                let field = move |range: &'a Option<Range<usize>>| match range {
                    Some(range) => part(message, made, range),
                    None => absent,
                };
                (None, Some(ranges.iter().map(field)))
            }
        };
        (spaced.into_iter().flatten()).chain(ranged.into_iter().flatten())
    }

    /// Returns the field in a column of the format.
    #[inline]
    pub(crate) fn get(self, column: usize) -> Option<&'a [u8]> {
        match self {
            Self::Ranges {
                message,
                made,
                ranges,
                absent,
            } => {
                let range = ranges.get(column)?.as_ref();
                Some(range.map_or(absent, |range| part(message, made, range)))
            }
            Self::Spaced(_) => self.iter().nth(column),
        }
    }
}

/// Returns the fields of [`Fields::Ranges`]. `None` is a field that the message does not have and for which
/// the format has no word.
#[inline]
pub(crate) fn ranged<'a>(
    message: &'a [u8],
    made: &'a [u8],
    ranges: &'a [Option<Range<usize>>],
    absent: &'a [u8],
) -> impl Iterator<Item = Option<&'a [u8]>> {
    let absent = (!absent.is_empty()).then_some(absent);
    (ranges.iter()).map(move |range| match range {
        Some(range) => Some(part(message, made, range)),
        None => absent,
    })
}

/// Returns a part of a message, or of what is made of it.
#[inline]
pub(crate) fn part<'a>(message: &'a [u8], made: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    match range.start.checked_sub(message.len()) {
        None => &message[range.clone()],
        Some(begin) => &made[begin..range.end - message.len()],
    }
}

/// Makes the time and the fields of records. Its buffers are reused for each event.
#[derive(Debug)]
pub(crate) struct RecordBuilder {
    format: Format,
    timestamps: TimestampParser,
    time_format: TimeFormat,
    ranges: Ranges,
}

impl RecordBuilder {
    pub(crate) fn new(format: Format, time_format: TimeFormat) -> Self {
        Self {
            format,
            timestamps: TimestampParser::default(),
            time_format,
            ranges: Ranges::default(),
        }
    }

    /// Returns the format, which may learn the layout of an object from its header.
    pub(crate) fn format(&mut self) -> &mut Format {
        &mut self.format
    }

    /// Returns the time and the fields of an event.
    #[inline]
    pub(crate) fn build<'a>(
        &'a mut self,
        event: &Event<'a>,
    ) -> Result<(Option<i64>, Fields<'a>), Rejection> {
        let message = self.format.without_line_break(event.message);
        let timestamp = match event.time {
            Time::Milliseconds(text) => self.timestamps.milliseconds(text),
            Time::Guessed(text) => self.timestamps.guess(text),
            Time::Formatted(text) => self.time_format.parse(text),
            Time::InMessage => {
                let fields = self.format.split(message, &mut self.ranges)?;
                let Some((column, parse)) = self.format.time_column() else {
                    return Ok((None, fields));
                };
                let time = fields.get(column).and_then(parse);
                return Ok((Some(time.ok_or(Rejection::Timestamp)?), fields));
            }
        };
        let timestamp = timestamp.ok_or(Rejection::Timestamp)?;
        let Self { format, ranges, .. } = self;
        match format.split(message, ranges) {
            Ok(fields) => Ok((Some(timestamp), fields)),
            Err(rejection) => Err(explain(format, event, rejection)),
        }
    }
}

/// Returns why an event is rejected. The time before a message may be that of a line of another log, which only
/// looks like an export.
#[cold]
fn explain(format: &Format, event: &Event<'_>, rejection: Rejection) -> Rejection {
    let Time::Guessed(time) = event.time else {
        return rejection;
    };
    let line = [time, b" ", event.message].concat();
    format
        .other_kind(&line)
        .map_or(rejection, Rejection::OtherKind)
}
