//! The dialect `lines`: one record per line. Firehose's message extraction writes such objects
//! (<https://docs.aws.amazon.com/firehose/latest/dev/Message_extraction.html>), and so do flow logs that
//! are delivered to S3, after a line with the names of their fields
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).

use regex::bytes::Regex;

use super::recognise::BYTE_ORDER_MARK;
use crate::bounds::MAX_MESSAGE;
use crate::error::{Error, Reason};
use crate::event::{Event, EventSink, Time};
use crate::rejection::Rejection;

/// Finds the lines of a text.
#[derive(Debug)]
pub(crate) struct LineParser {
    lines: Lines,
    time_regex: Option<Regex>,
}

impl LineParser {
    pub(crate) fn new(time_regex: Option<Regex>) -> Self {
        Self {
            lines: Lines::default(),
            time_regex,
        }
    }

    pub(crate) fn push(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<(), Error> {
        let Self { lines, time_regex } = self;
        lines.push(text, &mut |line, offset| {
            emit(line, offset, time_regex, events)
        })
    }

    pub(crate) fn finish(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        let Self { lines, time_regex } = self;
        lines.finish(&mut |line, offset| emit(line, offset, time_regex, events))
    }
}

/// Passes a line on.
fn emit(
    line: &[u8],
    offset: u64,
    time_regex: &Option<Regex>,
    events: &mut dyn EventSink,
) -> Result<(), Error> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Ok(());
    }
    match events.header(line) {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        Err(reason) => return Err(reason.in_text(offset)),
    }
    let time = match time_regex {
        None => Time::InMessage,
        Some(regex) => {
            let groups = regex.captures(line);
            let time = groups.and_then(|groups| groups.name("timestamp"));
            Time::Formatted(time.map_or(b"", |time| time.as_bytes()))
        }
    };
    let event = Event {
        time,
        message: line,
        id: b"",
        extracted_fields: b"",
        offset,
    };
    // A NUL is in no log: the object is something else, or it is damaged here.
    let has_nul = memchr::memchr(0, line).is_some();
    events.take(&event, has_nul.then_some(Rejection::Character))
}

/// Takes a line without its line feed, and its offset.
type NextLine<'a> = &'a mut dyn FnMut(&[u8], u64) -> Result<(), Error>;

/// Cuts a text into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line that has not ended yet.
    held: Vec<u8>,
    /// Offset of the next byte in the text.
    offset: u64,
}

impl Lines {
    /// Passes on each line that ends, without its line feed, with its offset.
    pub(super) fn push(&mut self, mut text: &[u8], next: NextLine<'_>) -> Result<(), Error> {
        while let Some(end) = memchr::memchr(b'\n', text) {
            let (line, rest) = (&text[..end], &text[end + 1..]);
            self.check(line.len())?;
            let begin = self.offset - self.held.len() as u64;
            self.offset += end as u64 + 1;
            text = rest;
            if self.held.is_empty() {
                next(without_mark(line), begin)?;
            } else {
                self.held.extend_from_slice(line);
                next(without_mark(&self.held), begin)?;
                self.held.clear();
            }
        }
        self.check(text.len())?;
        self.held.extend_from_slice(text);
        self.offset += text.len() as u64;
        Ok(())
    }

    /// Passes on the last line, if it has no line feed.
    pub(super) fn finish(&mut self, next: NextLine<'_>) -> Result<(), Error> {
        let begin = self.offset - self.held.len() as u64;
        match self.held.is_empty() {
            true => Ok(()),
            false => next(without_mark(&self.held), begin),
        }
    }

    /// Fails if a line is longer than a message may be.
    fn check(&self, more: usize) -> Result<(), Error> {
        let begin = self.offset - self.held.len() as u64;
        match self.held.len() + more > MAX_MESSAGE {
            true => Err(Reason::MessageTooLong(MAX_MESSAGE).in_text(begin + MAX_MESSAGE as u64)),
            false => Ok(()),
        }
    }
}

/// Leaves out a byte order mark. One within a text is the beginning of an object that was appended.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}
