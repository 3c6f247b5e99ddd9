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
    line: Line,
}

/// A row as a line.
pub(super) struct Line {
    style: Style,
    /// The columns of a line, in order.
    order: Vec<usize>,
    /// What a row without a value has in each column.
    absent: Vec<&'static [u8]>,
    /// The fields of the row, by column.
    fields: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Csv,
    Text,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn csv(columns: &FileColumns, gzip: Gzip<W>) -> io::Result<Self> {
        let order = (0..columns.len()).collect();
        let mut lines = Lines::new(gzip);
        let header = lines.buffer();
        header.extend_from_slice(columns.header().as_bytes());
        header.push(b'\n');
        let line = Line::new(columns, Style::Csv, order);
        Ok(Self { lines, line })
    }

    pub(super) fn text(columns: &FileColumns, gzip: Gzip<W>) -> io::Result<Self> {
        let order = columns.of_text().ok_or_else(|| {
            io::Error::other("the rows have not all of the 14 fields of a line of text")
        })?;
        let line = Line::new(columns, Style::Text, order);
        let lines = Lines::new(gzip);
        Ok(Self { lines, line })
    }

    pub(super) fn write<R: SortedRows>(
        &mut self,
        columns: &Columns,
        rows: &R,
        key: &R::Key,
        measures: &[i64],
    ) -> io::Result<()> {
        self.line.set(columns, rows, key, measures)?;
        self.line.write(self.lines.buffer());
        self.lines.write_full_blocks()
    }

    /// Completes the file. Returns its size in bytes.
    pub(super) fn finish(self) -> io::Result<u64> {
        self.lines.finish()
    }
}

impl Line {
    pub(super) fn new(columns: &FileColumns, style: Style, order: Vec<usize>) -> Self {
        Self {
            style,
            order,
            absent: columns.absent(),
            fields: vec![Vec::new(); columns.len()],
        }
    }

    /// Makes it the line of a row.
    pub(super) fn set<R: SortedRows>(
        &mut self,
        columns: &Columns,
        rows: &R,
        key: &R::Key,
        measures: &[i64],
    ) -> io::Result<()> {
        let Self { absent, fields, .. } = self;
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
        Ok(())
    }

    /// The field in a column, whether the line has it or not.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        &self.fields[column]
    }

    /// More than the bytes of the line.
    pub(super) fn most_bytes(&self) -> usize {
        self.fields.iter().map(|field| field.len() + 1).sum()
    }

    /// Appends the line.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        for (place, column) in self.order.iter().enumerate() {
            let field = &self.fields[*column];
            match self.style {
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
    }
}
