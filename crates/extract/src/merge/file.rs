//! The file of merged rows.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::columns::{Columns, NOTHING, Place};
use super::run::SortedRuns;
use super::sorted::{Merged, Part, SortedRows};
use super::table::{SortedTable, Table};
use super::texts::Texts;
use crate::format::spaced::ABSENT;

/// The sums of columns, by name: `records`, and of flow logs `packets`, `bytes` and others.
///
/// They are sums modulo 2⁶⁴, so that equal rows have equal sums whatever the values are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sums(BTreeMap<String, u64>);

impl Sums {
    /// Adds other sums.
    pub fn add(&mut self, other: &Self) {
        for (name, more) in &other.0 {
            match self.0.get_mut(name) {
                Some(sum) => *sum = sum.wrapping_add(*more),
                None => _ = self.0.insert(name.clone(), *more),
            }
        }
    }

    /// The sum of a column, which is 0 if there is none of this name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The sums by column.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, sum)| (name.as_str(), *sum))
    }
}

impl FromIterator<(String, u64)> for Sums {
    fn from_iter<T: IntoIterator<Item = (String, u64)>>(sums: T) -> Self {
        Self(sums.into_iter().collect())
    }
}

/// Sums over rows by the places of their measures: names are looked up once for many rows.
#[derive(Debug)]
pub(super) struct RowSums(Vec<u64>);

impl RowSums {
    pub(super) fn new(columns: &Columns) -> Self {
        Self(vec![0; columns.sums.len()])
    }

    #[inline]
    pub(super) fn add(&mut self, columns: &Columns, measures: &[i64]) {
        for (sum, (measure, _)) in self.0.iter_mut().zip(&columns.sums) {
            if measures[*measure] != NOTHING {
                *sum = sum.wrapping_add(measures[*measure] as u64);
            }
        }
    }

    /// The sums by name. The next ones begin at zero.
    pub(super) fn take(&mut self, columns: &Columns) -> Sums {
        let names = columns.sums.iter().map(|(_, name)| name.clone());
        let sums = names.zip(self.0.iter().copied()).collect();
        self.clear();
        sums
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }
}

/// The result of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows in the file.
    pub rows: u64,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The sums over the rows.
    pub sums: Sums,
}

/// A file of merged rows that is being written.
pub struct MergedFile<W: Write + Send> {
    columns: Arc<Columns>,
    rows: Rows,
    writer: colparquet::Writer<W>,
    written: u64,
    sums: RowSums,
}

enum Rows {
    InMemory(Merged<SortedTable<Table, Texts>>),
    InRuns(Merged<SortedRuns>),
}

impl<W: Write + Send> MergedFile<W> {
    pub(super) fn in_memory(
        rows: Merged<SortedTable<Table, Texts>>,
        columns: Arc<Columns>,
        schema: &colparquet::Schema,
        out: W,
    ) -> io::Result<Self> {
        Self::new(Rows::InMemory(rows), columns, schema, out)
    }

    pub(super) fn in_runs(
        rows: Merged<SortedRuns>,
        columns: Arc<Columns>,
        schema: &colparquet::Schema,
        out: W,
    ) -> io::Result<Self> {
        Self::new(Rows::InRuns(rows), columns, schema, out)
    }

    fn new(
        rows: Rows,
        columns: Arc<Columns>,
        schema: &colparquet::Schema,
        out: W,
    ) -> io::Result<Self> {
        let encoder = colparquet::Encoder::new(schema).with_absent(ABSENT);
        Ok(Self {
            sums: RowSums::new(&columns),
            columns,
            rows,
            writer: colparquet::Writer::new(encoder, out)?,
            written: 0,
        })
    }

    /// Writes up to this many rows. Returns whether there are more.
    ///
    /// # Errors
    ///
    /// The error of the writer or of a temporary file. The file is then incomplete.
    pub fn write(&mut self, limit: usize) -> io::Result<bool> {
        let Self {
            columns,
            rows,
            writer,
            written,
            sums,
        } = self;
        let mut output = Output {
            columns,
            writer,
            written,
            sums,
        };
        match rows {
            Rows::InMemory(rows) => output.write(rows, limit),
            Rows::InRuns(rows) => output.write(rows, limit),
        }
    }

    /// Writes the rows that are left, and completes the file.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn finish(mut self) -> io::Result<Summary> {
        while self.write(usize::MAX)? {}
        let (bytes, _) = self.writer.finish()?;
        Ok(Summary {
            rows: self.written,
            bytes,
            sums: self.sums.take(&self.columns),
        })
    }
}

/// What a row is written to.
struct Output<'a, W: Write + Send> {
    columns: &'a Columns,
    writer: &'a mut colparquet::Writer<W>,
    written: &'a mut u64,
    sums: &'a mut RowSums,
}

impl<W: Write + Send> Output<'_, W> {
    fn write<R: SortedRows>(&mut self, rows: &mut Merged<R>, limit: usize) -> io::Result<bool> {
        for _ in 0..limit {
            let Some(key) = rows.advance()? else {
                return Ok(false);
            };
            self.write_key(&rows.rows, &key)?;
            self.write_measures(rows.measures())?;
            self.writer.end_row()?;
            *self.written += 1;
            self.sums.add(self.columns, rows.measures());
        }
        Ok(!rows.is_empty())
    }

    fn write_key<R: SortedRows>(&mut self, rows: &R, key: &R::Key) -> io::Result<()> {
        let mut columns = self.columns.columns.iter();
        rows.try_each_part(key, |part| {
            // The last part is no column.
            let Some(column) = columns.next() else {
                return Ok(());
            };
            match part {
                Part::Text(text) => self.writer.field(*column, text),
                Part::Number(Some(number)) => self.writer.number(*column, number.into()),
                Part::Number(None) => self.writer.field(*column, None),
            }
        })
    }

    fn write_measures(&mut self, measures: &[i64]) -> io::Result<()> {
        for (column, place) in self.columns.places.iter().enumerate() {
            let Place::Measure(measure) = place else {
                continue;
            };
            match measures[*measure] {
                NOTHING => self.writer.field(column, None)?,
                milliseconds if column == 0 => self.writer.number(0, milliseconds * 1000)?,
                number => self.writer.number(column, number)?,
            }
        }
        let records = measures.last().copied().unwrap_or_default();
        self.writer.number(self.columns.places.len(), records)
    }
}
