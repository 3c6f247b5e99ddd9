//! Sinks: how records become a file.
//!
//! ```text
//! Record ──► Sink (CsvSink) ──► blocks of bytes ──► BlockWriter (Gzip) ──► io::Write
//! rejected event ──► RejectedLines ─────┘
//! ```
//!
//! Another kind of file is another [`Sink`].

mod csv;
mod gzip;
mod lines;
mod rejected;

use std::io;

pub(crate) use csv::CsvSink;
#[cfg(feature = "stages")]
pub(crate) use csv::RowWriter;
pub use gzip::{Compression, Gzip};
#[cfg(feature = "stages")]
pub(crate) use lines::Lines;
pub(crate) use rejected::RejectedLines;

use crate::record::Record;

/// Writes records to a file.
pub(crate) trait Sink {
    /// Adds a record to the buffer.
    fn write(&mut self, record: &Record<'_>);

    /// Writes the full blocks of the buffer. The rest stays in it.
    fn write_full_blocks(&mut self) -> io::Result<()>;

    /// Completes the file and returns its size in bytes.
    fn finish(self) -> io::Result<u64>;
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
