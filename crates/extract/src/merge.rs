//! Merging: the records of many objects as the rows of one file, in which records of a flow that continue
//! each other are one row.
//!
//! ```text
//! records of an object ─► staged ─┬─ commit ──► table ─┬─► sorted, merged ─► file
//!                                 └─ discard           └─► runs ─► merged ─┘
//!                                                          (when memory is full)
//! ```
//!
//! Rows are merged if all their columns are equal but the [measures](crate::Measure), and one begins at
//! most a gap after the other ends. Neither the order of the objects nor the memory decides which, because
//! the rows of a key are looked at in the order of their time in the end.
//!
//! The rows have a total order, so the same objects give the same bytes.

mod columns;
mod digest;
mod file;
mod file_columns;
mod filer;
mod finish;
mod flow_log;
mod home;
mod lines;
mod object_sums;
mod run;
mod selection;
mod sorted;
mod staging;
mod sums;
mod table;
mod texts;

use std::fmt;
use std::io;
use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashTable;

use self::columns::{Columns, RECORDS};
pub use self::digest::{DigestFile, DigestRows, FoldPorts};
pub use self::file::{MergedFile, Summary};
use self::file_columns::FileColumns;
pub use self::filer::Homeless;
pub use self::flow_log::{FlowLogFile, FlowLogWriter, FlowLogs, check_flow_log};
pub use self::home::{Home, is_account, is_region, region_in};
pub use self::object_sums::ObjectSums;
pub(crate) use self::object_sums::SumSink;
pub use self::run::ScratchFile;
use self::run::{Run, SortedRuns};
pub use self::selection::Selection;
use self::selection::Selector;
use self::sorted::Merged;
pub(crate) use self::staging::MergeSink;
use self::staging::{More, number};
use self::sums::RowSums;
pub use self::sums::Sums;
use self::table::{SortedTable, Table};
use self::texts::{NONE, Texts};
use crate::schema::{Column, FieldKind};
use crate::shape::Shape;

/// The most runs. More are merged into one, so that few files are open.
const MAX_RUNS: usize = 64;

/// How records are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeSettings {
    /// The most seconds between the end of a row and the start of one that continues it. `None` merges
    /// no rows.
    pub gap: Option<u32>,
    /// Bytes of rows in memory. When there are more, they are sorted and written to a temporary file.
    pub memory: usize,
}

/// The records of an object that were committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The sums over them.
    pub sums: Sums,
    /// Records that were not taken because they name another account or region, or none.
    pub out_of_scope: u64,
}

/// Returns a new temporary file.
pub type NewScratchFile = Box<dyn FnMut() -> io::Result<Box<dyn ScratchFile>> + Send>;

/// Merges the records of objects.
///
/// Convert each object with [`Transcoder::merging`](crate::Transcoder::merging), and then
/// [commit](Self::commit) its records, or [discard](Self::discard) them if the object has a fault.
pub struct Merger {
    columns: Arc<Columns>,
    file: FileColumns,
    schema: colparquet::Schema,
    /// What is added to the key of a record when it has its fields.
    more: Option<More>,
    /// Which records are taken. `None` for all.
    selection: Option<Selector>,
    /// Records of the object that are in the selection's time but not of its accounts and regions.
    out_of_scope: u64,
    memory: usize,
    new_file: NewScratchFile,
    texts: Texts,
    /// For each part of the key, its last text.
    last: Vec<u32>,
    /// The ends of a record's fields.
    ends: Vec<u32>,
    /// The records of the object that is being converted.
    staged: Table,
    sums: RowSums,
    /// Runs of records of this object, when there was no more memory.
    staged_runs: Vec<Run>,
    merged: Table,
    /// The last row of each key in `merged`.
    latest: HashTable<u32>,
    hasher: RandomState,
    runs: Vec<Run>,
}

impl Merger {
    /// Returns a merger for objects of this shape.
    ///
    /// # Errors
    ///
    /// If Parquet cannot hold the columns. There is no known way to make it so.
    pub fn new(
        shape: &Shape,
        settings: MergeSettings,
        new_file: NewScratchFile,
    ) -> io::Result<Self> {
        let columns = Columns::new(shape, settings.gap);
        let file = FileColumns::of_merge(shape);
        Self::with(columns, file, settings.memory, new_file)
    }

    fn with(
        columns: Columns,
        file: FileColumns,
        memory: usize,
        new_file: NewScratchFile,
    ) -> io::Result<Self> {
        Ok(Self {
            schema: file.in_parquet(columns.sorted_by.clone())?,
            file,
            memory,
            more: columns.ports.map(More::Folded),
            selection: None,
            out_of_scope: 0,
            new_file,
            texts: Texts::default(),
            last: vec![NONE; columns.parts.len()],
            ends: Vec::new(),
            staged: Table::new(&columns),
            sums: RowSums::new(&columns),
            staged_runs: Vec::new(),
            merged: Table::new(&columns),
            latest: HashTable::new(),
            hasher: RandomState::new(),
            runs: Vec::new(),
            columns: Arc::new(columns),
        })
    }

    /// Adds the records of the object that has been converted. Returns their sums.
    ///
    /// # Errors
    ///
    /// The error of a temporary file. Drop the merger then.
    pub fn commit(&mut self) -> io::Result<Committed> {
        self.runs.append(&mut self.staged_runs);
        for row in 0..self.staged.len() {
            self.merge(row);
        }
        self.staged.clear();
        limit(&mut self.runs, &self.columns, &mut self.new_file)?;
        Ok(Committed {
            sums: self.sums.take(&self.columns),
            out_of_scope: std::mem::take(&mut self.out_of_scope),
        })
    }

    /// Forgets the records of the object that has been converted.
    pub fn discard(&mut self) {
        self.staged_runs.clear();
        self.staged.clear();
        self.sums.clear();
        self.out_of_scope = 0;
        self.forget_homeless();
    }

    fn memory_used(&self) -> usize {
        let rows = self.staged.len() + self.merged.len();
        rows * self.staged.row_memory() + self.texts.memory()
    }

    /// Adds a staged record to the last row of its key, or as a row of its own.
    #[inline]
    fn merge(&mut self, row: usize) {
        let Self {
            columns,
            staged,
            merged,
            latest,
            hasher,
            ..
        } = self;
        let (key, measures) = (staged.key(row), staged.measures(row));
        if !columns.do_merge() {
            merged.push(key, measures);
            return;
        }
        let hash = hasher.hash_one(key);
        match latest.find_mut(hash, |row| merged.key(*row as usize) == key) {
            Some(row) => {
                if !columns.add(merged.measures_mut(*row as usize), measures) {
                    *row = merged.len() as u32;
                    merged.push(key, measures);
                }
            }
            None => {
                let row = merged.len() as u32;
                merged.push(key, measures);
                latest.insert_unique(hash, row, |row| hasher.hash_one(merged.key(*row as usize)));
            }
        }
    }

    /// Writes all rows in memory to runs: those of this object to runs of its own, because it may still
    /// have a fault.
    #[cold]
    fn spill(&mut self) -> io::Result<()> {
        for (table, runs) in [
            (&mut self.merged, &mut self.runs),
            (&mut self.staged, &mut self.staged_runs),
        ] {
            if table.len() > 0 {
                let rows = SortedTable::new(&*table, &self.texts, Arc::clone(&self.columns));
                let mut rows = Merged::new(rows, Arc::clone(&self.columns))?;
                runs.push(Run::write(&mut rows, &self.columns, (self.new_file)()?)?);
                table.clear();
            }
        }
        self.latest.clear();
        self.texts.clear();
        self.last.fill(NONE);
        if let Some(More::Filed(filer)) = &mut self.more {
            filer.forget_texts();
        }
        limit(&mut self.staged_runs, &self.columns, &mut self.new_file)
    }
}

/// Merges runs into one, if there are [`MAX_RUNS`].
fn limit(
    runs: &mut Vec<Run>,
    columns: &Arc<Columns>,
    new_file: &mut NewScratchFile,
) -> io::Result<()> {
    if runs.len() < MAX_RUNS {
        return Ok(());
    }
    let rows = SortedRuns::new(std::mem::take(runs), Arc::clone(columns))?;
    let mut rows = Merged::new(rows, Arc::clone(columns))?;
    runs.push(Run::write(&mut rows, columns, new_file()?)?);
    Ok(())
}

impl fmt::Debug for Merger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merger")
            .field("staged", &self.staged.len())
            .field("merged", &self.merged.len())
            .field("runs", &self.runs.len())
            .finish_non_exhaustive()
    }
}

/// The column after all others: from how many records a row is made.
pub(crate) const RECORDS_COLUMN: Column<'static> = Column {
    name: RECORDS,
    kind: FieldKind::BigInt,
    is_optional: false,
    measure: Some(crate::schema::Measure::Sum),
    fact: "",
};
