//! Rejected events as lines of JSON.

use std::io::{self, Write};

use super::BlockWriter;
use super::lines::Lines;
use crate::dialect::json::Number;
use crate::event::Event;
use crate::origin::Origin;
use crate::rejection::Rejection;

/// Writes `{"source":…,"reason":…,"timestamp":…,"message":…}` for each rejected event, with `detail`,
/// `log_group` and `log_stream` before `timestamp` if they are known.
#[derive(Debug)]
pub(crate) struct RejectedLines<W> {
    /// The name of the object, as a JSON string.
    source: String,
    /// The router writes these lines.
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
    pub(crate) fn write(
        &mut self,
        event: &Event<'_>,
        origin: &Origin,
        reason: Rejection,
        detail: Option<&str>,
    ) -> io::Result<()> {
        let line = self.lines.buffer();
        write!(line, r#"{{"source":{},"reason":"{reason}""#, self.source)?;
        let known = [
            ("detail", detail.unwrap_or_default().as_bytes()),
            ("log_group", &origin.log_group),
            ("log_stream", &origin.log_stream),
        ];
        for (key, value) in known {
            if !value.is_empty() {
                write!(line, r#","{key}":"#)?;
                write_string(value, line)?;
            }
        }
        line.extend_from_slice(br#","timestamp":"#);
        let timestamp = event.time.text();
        if Number::is_number(timestamp) {
            line.extend_from_slice(timestamp);
        } else {
            write_string(timestamp, line)?;
        }
        line.extend_from_slice(br#","message":"#);
        write_string(event.message, line)?;
        line.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Appends a JSON string. The text has been checked to be UTF-8, so nothing is replaced.
fn write_string(text: &[u8], line: &mut Vec<u8>) -> io::Result<()> {
    Ok(serde_json::to_writer(line, &String::from_utf8_lossy(text))?)
}
