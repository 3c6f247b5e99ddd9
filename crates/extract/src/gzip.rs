//! Rows out: gzip members back to back.
//!
//! A block of rows is compressed as a whole, which is what the fastest encoders want, and becomes a
//! member of its own. Where the blocks end depends on the rows alone, so the same rows are always
//! the same bytes.

use std::fmt;
use std::io::{self, Write};

use libdeflater::{CompressionLvl, Compressor};

/// Uncompressed bytes of a member: so many times deflate's window of 32 KiB that beginning anew
/// costs next to nothing, and few enough to keep memory low.
const BLOCK: usize = 512 * 1024;

/// Compresses what is put into its buffer to `W`.
pub(crate) struct GzipWriter<W: Write> {
    level: CompressionLvl,
    /// Made with the first block: most objects have nothing rejected.
    compressor: Option<Compressor>,
    buffer: Vec<u8>,
    mark: usize,
    compressed: Vec<u8>,
    written: u64,
    inner: W,
}

impl<W: Write> fmt::Debug for GzipWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GzipWriter")
            .field("buffered", &self.buffer.len())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl<W: Write> GzipWriter<W> {
    pub(crate) fn new(level: CompressionLvl, inner: W) -> Self {
        Self {
            level,
            compressor: None,
            buffer: Vec::new(),
            mark: 0,
            compressed: Vec::new(),
            written: 0,
            inner,
        }
    }

    /// Where to append. Nothing leaves before [`flush_blocks`](Self::flush_blocks).
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Remembers this place, for [`back_to_mark`](Self::back_to_mark) before the next flush.
    pub(crate) fn mark(&mut self) {
        self.mark = self.buffer.len();
    }

    /// Forgets what was appended since the mark.
    pub(crate) fn back_to_mark(&mut self) {
        self.buffer.truncate(self.mark);
    }

    /// Writes the blocks that are full.
    pub(crate) fn flush_blocks(&mut self) -> io::Result<()> {
        if self.buffer.len() < BLOCK {
            return Ok(());
        }
        let buffer = std::mem::take(&mut self.buffer);
        let (blocks, rest) = buffer.as_chunks::<BLOCK>();
        for block in blocks {
            self.write_member(block)?;
        }
        let full = buffer.len() - rest.len();
        self.buffer = buffer;
        self.buffer.drain(..full);
        Ok(())
    }

    /// Writes what is left and returns how many bytes have been written in all.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush_blocks()?;
        if !self.buffer.is_empty() {
            let buffer = std::mem::take(&mut self.buffer);
            self.write_member(&buffer)?;
        }
        self.inner.flush()?;
        Ok(self.written)
    }

    fn write_member(&mut self, block: &[u8]) -> io::Result<()> {
        let compressor = (self.compressor).get_or_insert_with(|| Compressor::new(self.level));
        let bound = compressor.gzip_compress_bound(block.len());
        if self.compressed.len() < bound {
            self.compressed.resize(bound, 0);
        }
        let length = compressor
            .gzip_compress(block, &mut self.compressed)
            .map_err(|error| io::Error::other(error.to_string()))?;
        self.written += length as u64;
        self.inner.write_all(&self.compressed[..length])
    }
}
