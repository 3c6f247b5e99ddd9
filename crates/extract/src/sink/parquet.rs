//! Parquet (<https://parquet.apache.org/docs/file-format/>), with a column for each field.

use std::fmt;
use std::io::{self, Write};

use super::{Compression, Sink};
use crate::format::spaced::{self, ABSENT};
use crate::record::{Fields, Record};

/// Writes records as rows of a Parquet file.
pub(crate) struct ParquetSink<W: Write + Send> {
    writer: colparquet::Writer<W>,
    /// The ends of a record's fields.
    ends: Vec<u32>,
    compression: Compression,
}

impl<W: Write + Send> ParquetSink<W> {
    pub(crate) fn new(
        schema: &colparquet::Schema,
        compression: &Compression,
        inner: W,
    ) -> io::Result<Self> {
        let encoder = compression.column_encoder(schema).with_absent(ABSENT);
        Ok(Self {
            ends: Vec::new(),
            writer: colparquet::Writer::new(encoder, inner)?,
            compression: compression.clone(),
        })
    }
}

impl<W: Write + Send> fmt::Debug for ParquetSink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetSink")
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> Sink for ParquetSink<W> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let Self { writer, ends, .. } = self;
        match record.timestamp {
            Some(milliseconds) => writer.number(0, milliseconds * 1000)?,
            None => writer.field(0, None)?,
        }
        let mut column = 1;
        match record.fields {
            Fields::Spaced(message) => {
                spaced::find_ends(message, ends);
                writer.fields(column, message, ends)?;
                column += ends.len();
            }
            Fields::Ranges {
                message,
                made,
                ranges,
                absent,
            } => {
                let end = message.len() + made.len();
                let absent_at = (!absent.is_empty()).then_some(end..end + absent.len());
                let ranges = ranges
                    .iter()
                    .map(|range| range.clone().or(absent_at.clone()));
                column += ranges.len();
                writer.ranges(1, &[message, made, absent], ranges)?;
            }
        }
        for value in record.origin.iter() {
            writer.field(column, (!value.is_empty()).then_some(value))?;
            column += 1;
        }
        writer.end_row()
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        let (bytes, encoder) = self.writer.finish()?;
        self.compression.keep_columns(encoder);
        Ok(bytes)
    }
}
