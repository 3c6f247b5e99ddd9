//! Gzip. The same blocks always give the same bytes.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use libdeflater::{CompressionLvl, Compressor};

use super::BlockWriter;
use crate::bounds::{MAX_LEVEL, MIN_LEVEL};

/// Bytes in a block for rowdeflate. A block of this size is still in the core's cache when it is
/// compressed.
const ROWDEFLATE_BLOCK: usize = 64 * 1024;

/// Bytes in a block for libdeflate. libdeflate cannot stream, so each block is a member, and begins
/// with an empty window. That costs little for a block of sixteen windows. A larger block would take
/// more memory.
const LIBDEFLATE_BLOCK: usize = 512 * 1024;

/// The way in which files are compressed.
///
/// Clones share a pool of encoders. Creating an encoder's tables costs more than compressing a small
/// object, so encoders are reused from object to object.
#[derive(Debug, Clone, Default)]
pub struct Compression {
    /// The level of libdeflate. `None` selects rowdeflate.
    level: Option<CompressionLvl>,
    /// Encoders of rowdeflate that no file uses.
    idle: Arc<Mutex<Vec<rowdeflate::Encoder>>>,
}

impl Compression {
    /// Compresses with libdeflate at a level from [`MIN_LEVEL`] to [`MAX_LEVEL`]; any other level
    /// counts as the nearest of these. Without a level, compresses with [`rowdeflate`]: at least as
    /// small as zlib at level 6, and faster than any level of libdeflate with the same ratio.
    pub fn new(level: Option<u8>) -> Self {
        let level = level.map(|level| {
            let level = level.clamp(MIN_LEVEL, MAX_LEVEL);
            CompressionLvl::new(level.into()).unwrap_or_default()
        });
        Self {
            level,
            idle: Arc::default(),
        }
    }

    /// Returns a writer that compresses to `inner`.
    pub fn writer<W: Write>(&self, inner: W) -> Gzip<W> {
        Gzip {
            compression: self.clone(),
            encoder: None,
            compressed: Vec::new(),
            bytes_out: 0,
            inner,
        }
    }

    fn encoder(&self) -> Encoder {
        match self.level {
            Some(level) => Encoder::Libdeflate(Compressor::new(level)),
            None => Encoder::Rowdeflate(self.idle().pop().unwrap_or_default()),
        }
    }

    fn idle(&self) -> impl std::ops::DerefMut<Target = Vec<rowdeflate::Encoder>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compresses blocks to a writer.
pub struct Gzip<W: Write> {
    compression: Compression,
    /// Taken for the first block. Most files of rejected lines have no block.
    encoder: Option<Encoder>,
    compressed: Vec<u8>,
    bytes_out: u64,
    inner: W,
}

enum Encoder {
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
    fn write_out(&mut self) -> io::Result<()> {
        self.bytes_out += self.compressed.len() as u64;
        self.inner.write_all(&self.compressed)?;
        self.compressed.clear();
        Ok(())
    }
}

impl<W: Write> BlockWriter for Gzip<W> {
    fn block_size(&self) -> usize {
        match self.compression.level {
            Some(_) => LIBDEFLATE_BLOCK,
            None => ROWDEFLATE_BLOCK,
        }
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        let compression = &self.compression;
        let encoder = (self.encoder).get_or_insert_with(|| compression.encoder());
        encoder.encode(block, &mut self.compressed)?;
        self.write_out()
    }

    fn finish(mut self) -> io::Result<u64> {
        if let Some(Encoder::Rowdeflate(mut encoder)) = self.encoder.take() {
            encoder.finish(&mut self.compressed);
            self.compression.idle().push(encoder);
            self.write_out()?;
        }
        self.inner.flush()?;
        Ok(self.bytes_out)
    }
}
