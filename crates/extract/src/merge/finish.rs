//! The end of a merge: files of all rows, or a part of a digest, and the parts of others.

use std::io::{self, Write};
use std::sync::Arc;

use super::digest::DigestFile;
use super::file::{MergedFile, RowFile, Rows};
use super::flow_log::{self, FlowLogs};
use super::run::{Run, ScratchFile, SortedRuns};
use super::sorted::Merged;
use super::table::SortedTable;
use super::{Merger, limit};
use crate::sink::Compression;

impl Merger {
    /// Adds the rows of a [part](Self::into_part) of the same digest.
    ///
    /// # Errors
    ///
    /// The error of a file, and if the part is none that this version has written.
    pub fn add_part(&mut self, part: Box<dyn ScratchFile>) -> io::Result<()> {
        self.runs.push(Run::of_part(part)?);
        limit(&mut self.runs, &self.columns, &mut self.new_file)
    }

    /// Begins the file of all committed records, of Parquet. `None` means that there are none.
    ///
    /// # Errors
    ///
    /// The error of a temporary file, or of `out`.
    pub fn into_file<W: Write + Send>(self, out: W) -> io::Result<Option<MergedFile<W>>> {
        if self.is_empty() {
            return Ok(None);
        }
        let file = RowFile::parquet(&self.schema, out)?;
        self.into_files(vec![file]).map(Some)
    }

    /// Begins a file of all committed records that is a part of a digest: sorted rows, to be
    /// [added](Self::add_part) to others. `None` means that there are none.
    ///
    /// # Errors
    ///
    /// The error of a temporary file, or of `out`.
    pub fn into_part<W: Write + Send>(self, out: W) -> io::Result<Option<MergedFile<W>>> {
        if self.is_empty() {
            return Ok(None);
        }
        self.into_files(vec![RowFile::part(out)?]).map(Some)
    }

    /// Begins files of the same rows, which may be none.
    ///
    /// # Errors
    ///
    /// The error of a temporary file, or of a writer.
    pub fn into_digest<W: Write + Send>(
        self,
        compression: &Compression,
        files: Vec<(DigestFile, W)>,
    ) -> io::Result<MergedFile<W>> {
        let begin = |(kind, out)| match kind {
            DigestFile::Parquet => RowFile::parquet(&self.schema, out),
            DigestFile::Csv => RowFile::csv(&self.file, compression, out),
            DigestFile::Text => RowFile::text(&self.file, compression, out),
        };
        let files = files.into_iter().map(begin).collect::<io::Result<_>>()?;
        self.into_files(files)
    }

    /// Begins the files of a flow log, of at most so many bytes each. `None` means that there are none.
    ///
    /// # Errors
    ///
    /// The error of a temporary file.
    pub fn into_flow_logs(
        self,
        compression: &Compression,
        max_bytes: u64,
    ) -> io::Result<Option<FlowLogs>> {
        if self.is_empty() {
            return Ok(None);
        }
        let columns = Arc::clone(&self.columns);
        let lines = flow_log::lines(&self.file);
        FlowLogs::new(self.into_rows()?, columns, lines, compression, max_bytes).map(Some)
    }

    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.merged.len() == 0
    }

    fn into_files<W: Write + Send>(self, files: Vec<RowFile<W>>) -> io::Result<MergedFile<W>> {
        let columns = Arc::clone(&self.columns);
        Ok(MergedFile::new(self.into_rows()?, columns, files))
    }

    fn into_rows(mut self) -> io::Result<Rows> {
        self.discard();
        let columns = Arc::clone(&self.columns);
        Ok(match self.runs.is_empty() {
            true => {
                let rows = SortedTable::new(self.merged, self.texts, Arc::clone(&columns));
                Rows::InMemory(Merged::new(rows, columns)?)
            }
            false => {
                self.spill()?;
                let rows = SortedRuns::new(self.runs, Arc::clone(&columns))?;
                Rows::InRuns(Merged::new(rows, columns)?)
            }
        })
    }
}
