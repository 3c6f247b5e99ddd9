//! Rows out, gzipped. The same rows are always the same bytes.

use std::fmt;
use std::io::{self, Write};

use libdeflater::{CompressionLvl, Compressor};

/// Uncompressed bytes that are handed over at a time: few enough to be in the cache still.
const ROWS: usize = 64 * 1024;

/// Uncompressed bytes of a member of libdeflate, which compresses only wholes: so many times
/// deflate's window of 32 KiB that beginning anew costs next to nothing, and few enough to keep
/// memory low.
const MEMBER: usize = 512 * 1024;

/// Compresses what is put into its buffer to `W`.
pub(crate) struct GzipWriter<W: Write> {
    encoder: Encoder,
    buffer: Vec<u8>,
    mark: usize,
    compressed: Vec<u8>,
    written: u64,
    inner: W,
}

/// What compresses. It is made with the first block: most objects have nothing rejected.
enum Encoder {
    /// All blocks become one member.
    Rows(Option<rowdeflate::Encoder>),
    /// Each block becomes a member.
    Level(CompressionLvl, Option<Compressor>),
}

impl Encoder {
    fn block(&self) -> usize {
        match self {
            Self::Rows(_) => ROWS,
            Self::Level(..) => MEMBER,
        }
    }

    fn encode(&mut self, block: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Rows(encoder) => encoder.get_or_insert_default().write(block, out),
            Self::Level(level, compressor) => {
                let compressor = compressor.get_or_insert_with(|| Compressor::new(*level));
                out.resize(compressor.gzip_compress_bound(block.len()), 0);
                let length = compressor
                    .gzip_compress(block, out)
                    .map_err(|error| io::Error::other(error.to_string()))?;
                out.truncate(length);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Self::Rows(encoder) = self
            && let Some(encoder) = encoder.take()
        {
            encoder.finish(out);
        }
    }
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
    /// A writer that compresses as the level says, or, if there is none, as suits rows.
    pub(crate) fn new(level: Option<CompressionLvl>, inner: W) -> Self {
        Self {
            encoder: level.map_or(Encoder::Rows(None), |level| Encoder::Level(level, None)),
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
        let size = self.encoder.block();
        if self.buffer.len() < size {
            return Ok(());
        }
        let full = self.buffer.len() - self.buffer.len() % size;
        self.write_blocks(full)?;
        self.buffer.drain(..full);
        Ok(())
    }

    /// Writes what is left and returns how many bytes have been written in all.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.write_blocks(self.buffer.len())?;
        self.encoder.finish(&mut self.compressed);
        self.written += self.compressed.len() as u64;
        self.inner.write_all(&self.compressed)?;
        self.inner.flush()?;
        Ok(self.written)
    }

    fn write_blocks(&mut self, length: usize) -> io::Result<()> {
        for block in self.buffer[..length].chunks(self.encoder.block()) {
            self.encoder.encode(block, &mut self.compressed)?;
            self.written += self.compressed.len() as u64;
            self.inner.write_all(&self.compressed)?;
            self.compressed.clear();
        }
        Ok(())
    }
}
