//! Events become rows, or rejected lines, and are counted.

use std::io::Write;

use crate::bounds::MAX_HELD;
use crate::dialect::json::Number;
use crate::dialect::{Event, Events, Standing};
use crate::error::{Error, Reason};
use crate::format::{Format, Rejection};
use crate::options::Shape;
use crate::sink::{Lines, Sink};
use crate::timestamp::Clock;

/// Bytes of rows that a small object has: enough that most of those do not grow their buffer.
const SMALL: usize = 16 * 1024;

/// What became of an object's events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) written: u64,
    pub(crate) rejected: u64,
    pub(crate) control: u64,
}

/// Writes rows to one sink and rejected lines to another.
#[derive(Debug)]
pub(crate) struct Rows<S, R> {
    source: String,
    format: Format,
    clock: Clock,
    csv: Lines<S>,
    rejected: Lines<R>,
    counts: Counts,
    /// The counts before the events that wait for their document's `messageType`.
    held: Option<Counts>,
}

impl<S: Sink, R: Sink> Rows<S, R> {
    /// Rows of an object, with the header written.
    pub(crate) fn new(source: &str, shape: &Shape, csv: S, rejected: R) -> Result<Self, Error> {
        let mut csv = Lines::new(csv);
        csv.buffer().reserve(SMALL);
        csv.buffer().extend_from_slice(shape.header().as_bytes());
        csv.buffer().push(b'\n');
        csv.flush_blocks()?;
        Ok(Self {
            source: serde_json::to_string(source).map_err(std::io::Error::from)?,
            format: shape.format().clone(),
            clock: Clock::default(),
            csv,
            rejected: Lines::new(rejected),
            counts: Counts::default(),
            held: None,
        })
    }

    /// Completes both outputs and returns the counts and the bytes of CSV.gz.
    pub(crate) fn finish(self) -> Result<(Counts, u64), Error> {
        self.rejected.finish()?;
        Ok((self.counts, self.csv.finish()?))
    }

    fn write(&mut self, event: Event<'_>) -> Result<(), Error> {
        let row = self.csv.buffer();
        let begin = row.len();
        let written = match self.clock.write(event.timestamp, row) {
            Some(()) => self.format.write(event.message, row),
            None => Err(Rejection::Timestamp),
        };
        match written {
            Ok(()) => {
                row.push(b'\n');
                self.counts.written += 1;
            }
            Err(rejection) => {
                row.truncate(begin);
                self.reject(event, rejection)?;
            }
        }
        self.flush_unless_held()
    }

    fn reject(&mut self, event: Event<'_>, rejection: Rejection) -> Result<(), Error> {
        let Event { timestamp, message } = event;
        let line = self.rejected.buffer();
        write!(
            line,
            r#"{{"source":{},"reason":"{rejection}","timestamp":"#,
            self.source
        )?;
        if Number::is_number(timestamp) {
            line.extend_from_slice(timestamp);
        } else {
            write_json(timestamp, line)?;
        }
        line.extend_from_slice(br#","message":"#);
        write_json(message, line)?;
        line.extend_from_slice(b"}\n");
        self.counts.rejected += 1;
        Ok(())
    }

    fn flush_unless_held(&mut self) -> Result<(), Error> {
        if self.held.is_none() {
            self.csv.flush_blocks()?;
            self.rejected.flush_blocks()?;
        } else if self.csv.buffer().len() + self.rejected.buffer().len() > MAX_HELD {
            // The dialect knows the place.
            return Err(Reason::TooMuchHeld(MAX_HELD).in_text(0));
        }
        Ok(())
    }
}

impl<S: Sink, R: Sink> Events for Rows<S, R> {
    fn event(&mut self, event: Event<'_>, standing: Standing) -> Result<(), Error> {
        if standing == Standing::Undecided && self.held.is_none() {
            self.held = Some(self.counts);
            self.csv.mark();
            self.rejected.mark();
        }
        self.counts.events += 1;
        if standing == Standing::Control {
            self.counts.control += 1;
            return Ok(());
        }
        self.write(event)
    }

    fn undecodable(&mut self, event: Event<'_>, rejection: Rejection) -> Result<(), Error> {
        self.counts.events += 1;
        self.reject(event, rejection)?;
        self.flush_unless_held()
    }

    fn decide(&mut self, data: bool) -> Result<(), Error> {
        let Some(before) = self.held.take() else {
            return Ok(());
        };
        if !data {
            self.csv.back_to_mark();
            self.rejected.back_to_mark();
            self.counts = Counts {
                events: self.counts.events,
                control: before.control + (self.counts.events - before.events),
                ..before
            };
        }
        self.flush_unless_held()
    }
}

/// Appends text as a JSON string. What comes here has been checked to be UTF-8.
fn write_json(text: &[u8], line: &mut Vec<u8>) -> Result<(), Error> {
    serde_json::to_writer(line, &String::from_utf8_lossy(text)).map_err(std::io::Error::from)?;
    Ok(())
}
