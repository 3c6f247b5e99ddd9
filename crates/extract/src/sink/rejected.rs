//! Rejected events as lines of JSON.

use std::io::{self, Write};

use super::BlockWriter;
use super::lines::Lines;
use crate::dialect::Event;
use crate::dialect::json::Number;
use crate::rejection::Rejection;

/// Writes `{"source":…,"reason":…,"timestamp":…,"message":…}` for each rejected event.
#[derive(Debug)]
pub(crate) struct RejectedLines<W> {
    /// The name of the object, as a JSON string.
    source: String,
    /// The router marks and writes these lines.
    pub(crate) lines: Lines<W>,
}

impl<W: BlockWriter> RejectedLines<W> {
    pub(crate) fn new(source: &str, writer: W) -> io::Result<Self> {
        Ok(Self {
            source: serde_json::to_string(source)?,
            lines: Lines::new(writer),
        })
    }

    /// Adds an event to the buffer.
    pub(crate) fn write(&mut self, event: Event<'_>, reason: Rejection) -> io::Result<()> {
        let Event { timestamp, message } = event;
        let line = self.lines.buffer();
        write!(
            line,
            r#"{{"source":{},"reason":"{reason}","timestamp":"#,
            self.source
        )?;
        if Number::is_number(timestamp) {
            line.extend_from_slice(timestamp);
        } else {
            write_string(timestamp, line)?;
        }
        line.extend_from_slice(br#","message":"#);
        write_string(message, line)?;
        line.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Appends a JSON string. The text has been checked to be UTF-8, so nothing is replaced.
fn write_string(text: &[u8], line: &mut Vec<u8>) -> io::Result<()> {
    Ok(serde_json::to_writer(line, &String::from_utf8_lossy(text))?)
}
