//! Gzip. The same blocks always give the same bytes.

use std::fmt;
use std::io::{self, Write};

use libdeflater::Compressor;

use super::{BlockWriter, Compression};

/// Bytes in a block for rowdeflate. A block of this size is still in the core's cache when it is
/// compressed.
const ROWDEFLATE_BLOCK: usize = 64 * 1024;

/// Bytes in a block for libdeflate. libdeflate cannot stream, so each block is a member, and begins
/// with an empty window. That costs little for a block of sixteen windows. A larger block would take
/// more memory.
const LIBDEFLATE_BLOCK: usize = 512 * 1024;

/// Compresses blocks to a writer.
pub struct Gzip<W: Write> {
    compression: Compression,
    /// Taken for the first block. Most files of rejected lines have no block.
    encoder: Option<Encoder>,
    compressed: Vec<u8>,
    bytes_out: u64,
    inner: W,
}

pub(super) enum Encoder {
    /// Makes one member of all blocks.
    Rowdeflate(rowdeflate::Encoder),
    /// Makes a member of each block.
    Libdeflate(Compressor),
}

impl Encoder {
    fn encode(&mut self, block: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Rowdeflate(encoder) => encoder.write(block, out),
            Self::Libdeflate(compressor) => {
                out.resize(compressor.gzip_compress_bound(block.len()), 0);
                let length = compressor
                    .gzip_compress(block, out)
                    .map_err(|error| io::Error::other(error.to_string()))?;
                out.truncate(length);
            }
        }
        Ok(())
    }
}

impl<W: Write> fmt::Debug for Gzip<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gzip")
            .field("compression", &self.compression)
            .field("bytes_out", &self.bytes_out)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Gzip<W> {
    pub(super) fn new(compression: Compression, inner: W) -> Self {
        Self {
            compression,
            encoder: None,
            compressed: Vec::new(),
            bytes_out: 0,
            inner,
        }
    }

    /// The bytes that have been written so far, without those that the encoder holds back.
    pub(crate) fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.bytes_out += self.compressed.len() as u64;
        self.inner.write_all(&self.compressed)?;
        self.compressed.clear();
        Ok(())
    }
}

impl<W: Write> BlockWriter for Gzip<W> {
    fn block_size(&self) -> usize {
        match self.compression.has_level() {
            true => LIBDEFLATE_BLOCK,
            false => ROWDEFLATE_BLOCK,
        }
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        let compression = &self.compression;
        let encoder = (self.encoder).get_or_insert_with(|| compression.gzip_encoder());
        encoder.encode(block, &mut self.compressed)?;
        self.write_out()
    }

    fn finish(mut self) -> io::Result<u64> {
        if let Some(Encoder::Rowdeflate(mut encoder)) = self.encoder.take() {
            encoder.finish(&mut self.compressed);
            self.compression.keep_rows(encoder);
            self.write_out()?;
        }
        self.inner.flush()?;
        Ok(self.bytes_out)
    }
}
