//! Rows out, gzipped. The same rows are always the same bytes.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use libdeflater::{CompressionLvl, Compressor};

use super::BlockWriter;
use crate::bounds::{MAX_LEVEL, MIN_LEVEL};

/// Bytes of rows that are compressed at a time: few enough to be in the cache still.
const ROWS: usize = 64 * 1024;

/// Bytes of rows in a member of libdeflate, which compresses only wholes: so many times deflate's
/// window of 32 KiB that beginning anew costs next to nothing, and few enough to keep memory low.
const MEMBER: usize = 512 * 1024;

/// How rows are compressed. Clones share their encoders: the tables of one cost more to make than
/// the rows of a small object to compress, so it is kept from one object to another.
#[derive(Debug, Clone, Default)]
pub struct Compression {
    level: Option<CompressionLvl>,
    idle: Arc<Mutex<Vec<rowdeflate::Encoder>>>,
}

impl Compression {
    /// By libdeflate at a level from [`MIN_LEVEL`] to [`MAX_LEVEL`] (others count as the nearest),
    /// or without one by [`rowdeflate`]: at least as small as by zlib's level 6, and faster than by
    /// any level that gives as little.
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

    /// A sink that compresses to `inner`.
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

/// CSV.gz, or lines of JSON, gzipped.
pub struct Gzip<W: Write> {
    compression: Compression,
    /// Taken with the first block: most objects have nothing rejected.
    encoder: Option<Encoder>,
    compressed: Vec<u8>,
    written: u64,
    inner: W,
}

/// What compresses.
enum Encoder {
    /// All blocks become one member.
    Rows(rowdeflate::Encoder),
    /// Each block becomes a member.
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
