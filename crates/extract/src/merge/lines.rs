//! Merged rows as lines: CSV, or the text of flow logs.

use std::io::{self, Write};

use super::columns::{Columns, NOTHING};
use super::file::try_each_column;
use super::file_columns::FileColumns;
use super::sorted::{Part, SortedRows};
use crate::sink::{Gzip, Lines, write_value};

/// Writes rows as lines, in gzip.
pub(super) struct LineWriter<W: Write> {
    lines: Lines<Gzip<W>>,
    style: Style,
    /// The columns of a line, in order.
    order: Vec<usize>,
    /// What a row without a value has in each column.
    absent: Vec<&'static [u8]>,
    /// The fields of the row, by column.
    fields: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Csv,
    Text,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn csv(columns: &FileColumns, gzip: Gzip<W>) -> io::Result<Self> {
        let order = (0..columns.len()).collect();
        let mut writer = Self::new(columns, Style::Csv, order, gzip);
        let line = writer.lines.buffer();
        line.extend_from_slice(columns.header().as_bytes());
        line.push(b'\n');
        Ok(writer)
    }

    pub(super) fn text(columns: &FileColumns, gzip: Gzip<W>) -> io::Result<Self> {
        let order = columns.of_text().ok_or_else(|| {
            io::Error::other("the rows have not all of the 14 fields of a line of text")
        })?;
        Ok(Self::new(columns, Style::Text, order, gzip))
    }

    fn new(columns: &FileColumns, style: Style, order: Vec<usize>, gzip: Gzip<W>) -> Self {
        Self {
            lines: Lines::new(gzip),
            style,
            order,
            absent: columns.absent(),
            fields: vec![Vec::new(); columns.len()],
        }
    }

    pub(super) fn write<R: SortedRows>(
        &mut self,
        columns: &Columns,
        rows: &R,
        key: &R::Key,
        measures: &[i64],
    ) -> io::Result<()> {
        let Self {
            lines,
            style,
            order,
            absent,
            fields,
        } = self;
        try_each_column(columns, rows, key, |column, part| {
            let field = &mut fields[column];
            field.clear();
            match part {
                Part::Text(text) => field.extend_from_slice(text.unwrap_or(absent[column])),
                Part::Number(Some(number)) => write!(field, "{number}")?,
                Part::Number(None) => field.extend_from_slice(absent[column]),
            }
            Ok(())
        })?;
        for (column, measure) in &columns.measured {
            let field = &mut fields[*column];
            field.clear();
            match measures[*measure] {
                NOTHING => field.extend_from_slice(absent[*column]),
                number => write!(field, "{number}")?,
            }
        }
        let line = lines.buffer();
        for (place, column) in order.iter().enumerate() {
            let field = &fields[*column];
            match style {
                Style::Csv => {
                    if place > 0 {
                        line.push(b',');
                    }
                    write_value(field, line);
                }
                Style::Text => {
                    if place > 0 {
                        line.push(b' ');
                    }
                    line.extend_from_slice(field);
                }
            }
        }
        line.push(b'\n');
        lines.write_full_blocks()
    }

    /// Completes the file. Returns its size in bytes.
    pub(super) fn finish(self) -> io::Result<u64> {
        self.lines.finish()
    }
}
