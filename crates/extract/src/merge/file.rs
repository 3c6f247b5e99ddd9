//! The files of merged rows.

use std::io::{self, Write};
use std::sync::Arc;

use super::columns::{Columns, NOTHING};
use super::digest::PORTS;
use super::file_columns::FileColumns;
use super::lines::LineWriter;
use super::run::{RunWriter, SortedRuns};
use super::sorted::{Merged, Part, SortedRows};
use super::sums::{RowSums, Sums};
use super::table::{SortedTable, Table};
use super::texts::Texts;
use crate::format::spaced::ABSENT;
use crate::sink::Compression;

/// The result of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows in the file.
    pub rows: u64,
    /// The size of the file in bytes, or of all files.
    pub bytes: u64,
    /// The sums over the rows.
    pub sums: Sums,
}

/// Files of merged rows that are being written: mostly one.
pub struct MergedFile<W: Write + Send> {
    columns: Arc<Columns>,
    rows: Rows,
    files: Vec<RowFile<W>>,
    written: u64,
    sums: RowSums,
}

pub(super) enum Rows {
    InMemory(Merged<SortedTable<Table, Texts>>),
    InRuns(Merged<SortedRuns>),
}

impl<W: Write + Send> MergedFile<W> {
    pub(super) fn new(rows: Rows, columns: Arc<Columns>, files: Vec<RowFile<W>>) -> Self {
        Self {
            sums: RowSums::new(&columns),
            columns,
            rows,
            files,
            written: 0,
        }
    }

    /// Writes up to this many rows. Returns whether there are more.
    ///
    /// # Errors
    ///
    /// The error of a writer or of a temporary file. The files are then incomplete.
    pub fn write(&mut self, limit: usize) -> io::Result<bool> {
        let Self {
            columns,
            rows,
            files,
            written,
            sums,
        } = self;
        let mut output = Output {
            columns,
            files,
            written,
            sums,
        };
        match rows {
            Rows::InMemory(rows) => output.write(rows, limit),
            Rows::InRuns(rows) => output.write(rows, limit),
        }
    }

    /// Writes the rows that are left, and completes the files.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn finish(mut self) -> io::Result<Summary> {
        while self.write(usize::MAX)? {}
        let mut bytes = 0;
        for file in self.files {
            bytes += file.finish()?;
        }
        Ok(Summary {
            rows: self.written,
            bytes,
            sums: self.sums.take(&self.columns),
        })
    }
}

/// What rows are written to.
struct Output<'a, W: Write + Send> {
    columns: &'a Columns,
    files: &'a mut [RowFile<W>],
    written: &'a mut u64,
    sums: &'a mut RowSums,
}

impl<W: Write + Send> Output<'_, W> {
    fn write<R: SortedRows>(&mut self, rows: &mut Merged<R>, limit: usize) -> io::Result<bool> {
        for _ in 0..limit {
            let Some(key) = rows.advance()? else {
                return Ok(false);
            };
            for file in &mut *self.files {
                file.write(self.columns, &rows.rows, &key, rows.measures())?;
            }
            *self.written += 1;
            self.sums.add(self.columns, rows.measures());
        }
        Ok(!rows.is_empty())
    }
}

/// A file of rows.
pub(super) enum RowFile<W: Write + Send> {
    Parquet(Box<colparquet::Writer<W>>),
    Lines(LineWriter<W>),
    Part(RunWriter<W>),
}

impl<W: Write + Send> RowFile<W> {
    pub(super) fn parquet(schema: &colparquet::Schema, out: W) -> io::Result<Self> {
        let encoder = colparquet::Encoder::new(schema).with_absent(ABSENT);
        let writer = colparquet::Writer::new(encoder, out)?;
        Ok(Self::Parquet(Box::new(writer)))
    }

    pub(super) fn csv(columns: &FileColumns, gzip: &Compression, out: W) -> io::Result<Self> {
        LineWriter::csv(columns, gzip.writer(out)).map(Self::Lines)
    }

    pub(super) fn text(columns: &FileColumns, gzip: &Compression, out: W) -> io::Result<Self> {
        LineWriter::text(columns, gzip.writer(out)).map(Self::Lines)
    }

    pub(super) fn part(out: W) -> io::Result<Self> {
        RunWriter::of_part(out).map(Self::Part)
    }

    #[inline]
    fn write<R: SortedRows>(
        &mut self,
        columns: &Columns,
        rows: &R,
        key: &R::Key,
        measures: &[i64],
    ) -> io::Result<()> {
        match self {
            Self::Parquet(writer) => write_parquet(writer, columns, rows, key, measures),
            Self::Lines(writer) => writer.write(columns, rows, key, measures),
            Self::Part(writer) => writer.write(columns, rows, key, measures),
        }
    }

    fn finish(self) -> io::Result<u64> {
        match self {
            Self::Parquet(writer) => writer.finish().map(|(bytes, _)| bytes),
            Self::Lines(writer) => writer.finish(),
            Self::Part(writer) => writer.finish().map(|(bytes, _)| bytes),
        }
    }
}

/// Calls `each` with the column of every part of a key that has one.
pub(super) fn try_each_column<R: SortedRows>(
    columns: &Columns,
    rows: &R,
    key: &R::Key,
    mut each: impl FnMut(usize, Part<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let folded = columns.ports.as_ref().map(|ports| ports.column);
    let mut numbers = columns.columns.iter();
    rows.try_each_part(key, |part| {
        // The last parts are in no column.
        let Some(column) = numbers.next() else {
            return Ok(());
        };
        match part {
            Part::Number(Some(port)) if folded == Some(*column) => {
                let name = PORTS.get(port as usize).map(|name| name.as_bytes());
                each(*column, Part::Text(name))
            }
            Part::Number(None) if folded == Some(*column) => each(*column, Part::Text(None)),
            part => each(*column, part),
        }
    })
}

fn write_parquet<W: Write + Send, R: SortedRows>(
    writer: &mut colparquet::Writer<W>,
    columns: &Columns,
    rows: &R,
    key: &R::Key,
    measures: &[i64],
) -> io::Result<()> {
    try_each_column(columns, rows, key, |column, part| match part {
        Part::Text(text) => writer.field(column, text),
        Part::Number(Some(number)) => writer.number(column, number.into()),
        Part::Number(None) => writer.field(column, None),
    })?;
    for (column, measure) in &columns.measured {
        match measures[*measure] {
            NOTHING => writer.field(*column, None)?,
            milliseconds if *column == 0 && columns.has_time => {
                writer.number(0, milliseconds * 1000)?;
            }
            number => writer.number(*column, number)?,
        }
    }
    writer.end_row()
}
