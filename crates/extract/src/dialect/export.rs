//! The dialect `export`: what an export task of CloudWatch Logs writes, a time in ISO 8601 before each
//! message (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html>).
//!
//! A line without a time continues the event before it.

use super::lines::Lines;
use crate::bounds::MAX_MESSAGE;
use crate::error::{Error, Reason};
use crate::event::{Event, EventSink, Time};
use crate::rejection::Rejection;

/// The shortest time: `2020-02-01T00:00:00Z`.
const SHORTEST: usize = 20;

/// The longest time that is looked for: with nanoseconds.
const LONGEST: usize = 30;

/// Finds the events of an export.
#[derive(Debug, Default)]
pub(crate) struct ExportParser {
    lines: Lines,
    event: Option<OpenEvent>,
}

/// An event that the next line may continue.
#[derive(Debug, Default)]
struct OpenEvent {
    time: Vec<u8>,
    message: Vec<u8>,
    offset: u64,
}

impl ExportParser {
    pub(crate) fn push(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<(), Error> {
        let Self { lines, event } = self;
        lines.push(text, &mut |line, offset| take(event, line, offset, events))
    }

    pub(crate) fn finish(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        let Self { lines, event } = self;
        lines.finish(&mut |line, offset| take(event, line, offset, events))?;
        emit(event.take(), events)
    }
}

/// Takes a line: the beginning of an event, or the continuation of the one before.
fn take(
    open: &mut Option<OpenEvent>,
    line: &[u8],
    offset: u64,
    events: &mut dyn EventSink,
) -> Result<(), Error> {
    if let Some((time, message)) = split_time(line) {
        emit(open.take(), events)?;
        *open = Some(OpenEvent {
            time: time.to_vec(),
            message: message.to_vec(),
            offset,
        });
        return Ok(());
    }
    match open {
        Some(event) => {
            event.message.push(b'\n');
            event.message.extend_from_slice(line);
            match event.message.len() > MAX_MESSAGE {
                true => Err(Reason::MessageTooLong(MAX_MESSAGE).in_text(offset)),
                false => Ok(()),
            }
        }
        None if line.trim_ascii().is_empty() => Ok(()),
        // Nothing before it that it could continue.
        None => emit(
            Some(OpenEvent {
                message: line.to_vec(),
                offset,
                ..OpenEvent::default()
            }),
            events,
        ),
    }
}

fn emit(event: Option<OpenEvent>, events: &mut dyn EventSink) -> Result<(), Error> {
    let Some(open) = event else {
        return Ok(());
    };
    // The export ends each message with one line break, which is not the message's own.
    let message = open.message.strip_suffix(b"\r").unwrap_or(&open.message);
    let event = Event {
        time: Time::Guessed(&open.time),
        message,
        id: b"",
        extracted_fields: b"",
        offset: open.offset,
    };
    let reason = open.time.is_empty().then_some(Rejection::Timestamp);
    events.take(&event, reason)
}

/// Splits a line that begins with a time and a space.
fn split_time(line: &[u8]) -> Option<(&[u8], &[u8])> {
    // The space is after the time.
    let end = memchr::memchr(b' ', &line[..line.len().min(LONGEST + 1)])
        .or_else(|| (line.len() <= LONGEST).then_some(line.len()))?;
    let (time, message) = line.split_at(end);
    let is_time = time.len() >= SHORTEST
        && time[4] == b'-'
        && time[10] == b'T'
        && time.ends_with(b"Z")
        && time[..4].iter().all(u8::is_ascii_digit);
    is_time.then_some((time, message.strip_prefix(b" ").unwrap_or(message)))
}
