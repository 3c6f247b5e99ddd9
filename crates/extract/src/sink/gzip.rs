//! Gzip. The same blocks always give the same bytes.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use libdeflater::{CompressionLvl, Compressor};

use super::BlockWriter;
use crate::bounds::{MAX_LEVEL, MIN_LEVEL};

/// The block for rowdeflate, in bytes: small enough to be in the cache still.
const ROWS: usize = 64 * 1024;

/// The block for libdeflate, in bytes. libdeflate has no streaming, so each block is a member. This is
/// sixteen of deflate's windows, so the empty window at its beginning costs little, and small enough
/// to keep memory low.
const MEMBER: usize = 512 * 1024;

/// The way in which files are compressed.
///
/// Clones share a pool of encoders. Creating an encoder's tables costs more than compressing a small
/// object, so encoders are reused from object to object.
#[derive(Debug, Clone, Default)]
pub struct Compression {
    level: Option<CompressionLvl>,
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
    pub fn to<W: Write>(&self, inner: W) -> Gzip<W> {
        Gzip {
            compression: self.clone(),
            encoder: None,
            compressed: Vec::new(),
            written: 0,
            inner,
        }
    }

    fn encoder(&self) -> Encoder {
        match self.level {
            Some(level) => Encoder::Level(Compressor::new(level)),
            None => Encoder::Rows(self.idle().pop().unwrap_or_default()),
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
    written: u64,
    inner: W,
}

enum Encoder {
    /// Makes one member of all blocks.
    Rows(rowdeflate::Encoder),
    /// Makes a member of each block.
    Level(Compressor),
}

impl Encoder {
    fn encode(&mut self, block: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Rows(encoder) => encoder.write(block, out),
            Self::Level(compressor) => {
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
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Gzip<W> {
    fn write_out(&mut self) -> io::Result<()> {
        self.written += self.compressed.len() as u64;
        self.inner.write_all(&self.compressed)?;
        self.compressed.clear();
        Ok(())
    }
}

impl<W: Write> BlockWriter for Gzip<W> {
    fn block_size(&self) -> usize {
        match self.compression.level {
            Some(_) => MEMBER,
            None => ROWS,
        }
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        let compression = &self.compression;
        let encoder = (self.encoder).get_or_insert_with(|| compression.encoder());
        encoder.encode(block, &mut self.compressed)?;
        self.write_out()
    }

    fn finish(mut self) -> io::Result<u64> {
        if let Some(Encoder::Rows(mut encoder)) = self.encoder.take() {
            encoder.finish(&mut self.compressed);
            self.compression.idle().push(encoder);
            self.write_out()?;
        }
        self.inner.flush()?;
        Ok(self.written)
    }
}
