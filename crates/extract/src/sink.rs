//! Sinks: how records become a file.
//!
//! ```text
//! Record ──┬► CsvSink ──► blocks of bytes ──► BlockWriter (Gzip) ──► io::Write
//!          └► ParquetSink ──────────────────────────────────────────────┘
//! rejected event ──► RejectedLines ──► blocks of bytes ──► BlockWriter (Gzip) ──► io::Write
//! ```
//!
//! Another kind of file is another [`Sink`].

mod compression;
mod csv;
mod gzip;
mod lines;
mod parquet;
mod rejected;

use std::fmt;
use std::io;

pub use compression::Compression;
pub(crate) use csv::{CsvSink, RowWriter, write_value};
pub use gzip::Gzip;
pub(crate) use lines::Lines;
pub(crate) use parquet::ParquetSink;
pub(crate) use rejected::RejectedLines;

use crate::record::Record;

/// Writes records to a file.
pub(crate) trait Sink: fmt::Debug {
    /// Writes a record. A part of it may stay in memory until the file is completed.
    fn write(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// Completes the file and returns its size in bytes.
    fn finish(self: Box<Self>) -> io::Result<u64>;
}

/// Writes a file in blocks of bytes. Implement it to compress on another thread.
pub trait BlockWriter {
    /// Returns the size of a block in bytes. Only the last block is smaller, and none is larger.
    fn block_size(&self) -> usize;

    /// Writes the next block.
    ///
    /// # Errors
    ///
    /// Returns the error of the underlying writer. The file is then incomplete.
    fn write(&mut self, block: &[u8]) -> io::Result<()>;

    /// Completes the file. Returns the number of bytes written, which is 0 if there was no block.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    fn finish(self) -> io::Result<u64>;
}
