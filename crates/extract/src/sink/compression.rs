//! The encoders of files, which many files share.

use std::io::Write;
use std::ops::DerefMut;
use std::sync::{Arc, Mutex, PoisonError};

use libdeflater::{CompressionLvl, Compressor};

use super::gzip::{Encoder, Gzip};
use crate::bounds::{MAX_LEVEL, MIN_LEVEL};

/// The way in which files are compressed.
///
/// Clones share a pool of encoders. Creating an encoder's tables costs more than compressing a small
/// object, so encoders are reused from object to object.
#[derive(Debug, Clone, Default)]
pub struct Compression {
    /// The level of libdeflate. `None` selects rowdeflate.
    level: Option<CompressionLvl>,
    /// Encoders that no file uses.
    idle: Arc<Mutex<Idle>>,
}

#[derive(Debug, Default)]
struct Idle {
    rows: Vec<rowdeflate::Encoder>,
    columns: Vec<colparquet::Encoder>,
}

impl Compression {
    /// Gzips with libdeflate at a level from [`MIN_LEVEL`] to [`MAX_LEVEL`]; any other level counts as the
    /// nearest of these. Without a level, gzips with [`rowdeflate`]: at least as small as zlib at level 6,
    /// and faster than any level of libdeflate with the same ratio. Parquet has its own codec.
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

    /// Returns a writer that gzips to `inner`.
    pub fn writer<W: Write>(&self, inner: W) -> Gzip<W> {
        Gzip::new(self.clone(), inner)
    }

    pub(super) fn has_level(&self) -> bool {
        self.level.is_some()
    }

    pub(super) fn gzip_encoder(&self) -> Encoder {
        match self.level {
            Some(level) => Encoder::Libdeflate(Compressor::new(level)),
            None => Encoder::Rowdeflate(self.idle().rows.pop().unwrap_or_default()),
        }
    }

    /// Takes an encoder that is not used any more.
    pub(super) fn keep_rows(&self, encoder: rowdeflate::Encoder) {
        self.idle().rows.push(encoder);
    }

    pub(super) fn column_encoder(&self, schema: &colparquet::Schema) -> colparquet::Encoder {
        // An encoder of another schema will not be used again: a process writes one shape at a time.
        let idle = self.idle().columns.pop();
        idle.filter(|encoder| encoder.is_for(schema))
            .unwrap_or_else(|| colparquet::Encoder::new(schema))
    }

    /// Takes an encoder that is not used any more.
    pub(super) fn keep_columns(&self, encoder: colparquet::Encoder) {
        self.idle().columns.push(encoder);
    }

    fn idle(&self) -> impl DerefMut<Target = Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
