//! CSV as in RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>), with line feeds.

use std::fmt;
use std::io;

use super::lines::Lines;
use super::{BlockWriter, Sink};
use crate::options::LineBreaks;
use crate::record::{Fields, Record};
use crate::timestamp::TimestampFormatter;

/// Bytes to reserve for rows. The rows of most small objects fit.
const RESERVED: usize = 16 * 1024;

/// Writes records as lines of CSV.
#[derive(Debug)]
pub(crate) struct CsvSink<W> {
    rows: RowWriter,
    lines: Lines<W>,
}

impl<W: BlockWriter> CsvSink<W> {
    /// Returns a sink whose first line is the header.
    pub(crate) fn new(header: &str, line_breaks: LineBreaks, writer: W) -> io::Result<Self> {
        let mut lines = Lines::new(writer);
        lines.buffer().reserve(RESERVED);
        lines.buffer().extend_from_slice(header.as_bytes());
        lines.buffer().push(b'\n');
        lines.write_full_blocks()?;
        Ok(Self {
            rows: RowWriter::new(line_breaks),
            lines,
        })
    }
}

impl<W: BlockWriter + fmt::Debug> Sink for CsvSink<W> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.rows.write(record, self.lines.buffer());
        self.lines.write_full_blocks()
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        self.lines.finish()
    }
}

/// Formats records as lines of CSV.
#[derive(Debug, Default)]
pub(crate) struct RowWriter {
    timestamps: TimestampFormatter,
    line_breaks: LineBreaks,
    /// A field with escapes. Reused for each field.
    escaped: Vec<u8>,
}

impl RowWriter {
    pub(crate) fn new(line_breaks: LineBreaks) -> Self {
        Self {
            line_breaks,
            ..Self::default()
        }
    }

    /// Appends a line.
    #[inline]
    pub(crate) fn write(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        if let Some(timestamp) = record.timestamp {
            line.extend_from_slice(self.timestamps.format(timestamp));
        }
        match record.fields {
            Fields::Spaced(message) => write_spaced(message, line),
            fields => {
                for field in fields.iter() {
                    self.write_field(field, line);
                }
            }
        }
        for value in record.origin.iter() {
            self.write_field(value, line);
        }
        line.push(b'\n');
    }

    /// Appends a comma and a field.
    pub(crate) fn write_field(&mut self, field: &[u8], line: &mut Vec<u8>) {
        if is_plain(field) {
            line.push(b',');
            line.extend_from_slice(field);
            return;
        }
        if self.line_breaks == LineBreaks::Keep || !field.iter().any(|b| escape(*b).is_some()) {
            return write_field(field, line);
        }
        self.escaped.clear();
        for byte in field {
            match escape(*byte) {
                Some(letter) => self.escaped.extend_from_slice(&[b'\\', letter]),
                None => self.escaped.push(*byte),
            }
        }
        write_field(&self.escaped, line);
    }
}

/// Whether a field is written as it is, without quotes and escapes. Most are.
///
/// Every byte of a block takes the same steps, so that the compiler can vectorise the loop.
fn is_plain(field: &[u8]) -> bool {
    let has_special = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(false, |any, byte| any | is_special(*byte))
    };
    let (blocks, rest) = field.as_chunks::<16>();
    !blocks.iter().any(|block| has_special(block)) && !has_special(rest)
}

/// Whether a byte may need quotes or an escape.
fn is_special(byte: u8) -> bool {
    (byte == b',') | (byte == b'"') | (byte == b'\\') | (byte == b'\n') | (byte == b'\r')
}

/// Returns the letter after the backslash for a byte that [`LineBreaks::Escape`] replaces.
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\\' => Some(b'\\'),
        _ => None,
    }
}

/// Appends the fields of [`Fields::Spaced`]. They need no quotes.
///
/// Every byte takes the same steps, so that the compiler can vectorise the loop.
#[inline]
fn write_spaced(message: &[u8], line: &mut Vec<u8>) {
    line.push(b',');
    let begin = line.len();
    line.extend_from_slice(message);
    for byte in &mut line[begin..] {
        *byte ^= u8::from(*byte == b' ') * (b' ' ^ b',');
    }
}

/// Appends a comma and a field, in quotes if it needs them.
fn write_field(field: &[u8], line: &mut Vec<u8>) {
    line.push(b',');
    write_value(field, line);
}

/// Appends a field, in quotes if it needs them.
pub(crate) fn write_value(field: &[u8], line: &mut Vec<u8>) {
    // csv-core would write quotes.
    if field.is_empty() {
        return;
    }
    let begin = line.len();
    // At most, every byte is a quote to be doubled, between two more.
    line.resize(begin + 2 * field.len() + 2, 0);
    let mut writer = csv_core::Writer::new();
    let (_, _, written) = writer.field(field, &mut line[begin..]);
    let end = begin + written;
    let (_, written) = writer.finish(&mut line[end..]);
    line.truncate(end + written);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_field_is_copied_only_if_nothing_would_change_it(
            field in "([a-z é]{0,40}[,\"\\\\\n\r]?){0,2}",
        ) {
            let escaped = field.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r");
            for (line_breaks, text) in [(LineBreaks::Keep, &field), (LineBreaks::Escape, &escaped)] {
                let (mut general, mut line) = (Vec::new(), Vec::new());
                write_field(text.as_bytes(), &mut general);
                RowWriter::new(line_breaks).write_field(field.as_bytes(), &mut line);
                prop_assert_eq!(line, general);
            }
        }

        #[test]
        fn spaced_fields_give_the_line_of_the_general_path(
            message in "[a-z0-9.:é-]{1,40}( [a-z0-9.:é-]{1,40}){0,30}",
        ) {
            let (mut spaced, mut general) = (Vec::new(), Vec::new());
            write_spaced(message.as_bytes(), &mut spaced);
            for field in Fields::Spaced(message.as_bytes()).iter() {
                write_field(field, &mut general);
            }
            prop_assert_eq!(spaced, general);
        }
    }
}
