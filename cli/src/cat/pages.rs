//! The pages of a column chunk: decompressed, and their values one by one.
//!
//! They are decoded here because a file may be damaged: the crate's own decoders can panic then, and its codec
//! allocates what a page's header asks for.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

use super::hybrid::{Hybrid, take};

/// Bytes of the largest page. `colparquet` ends a page after 8 MiB of fields, and a field has at most
/// 2 MiB.
const MAX_PAGE: usize = 16 * 1024 * 1024;

/// What is wrong with a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage(String);

impl Damage {
    pub(super) fn of(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ParquetError> for Damage {
    fn from(error: ParquetError) -> Self {
        Self(error.to_string())
    }
}

/// A page of values.
#[derive(Debug)]
pub(super) struct DataPage {
    pub(super) rows: u64,
    /// Which rows have a value. `None` if all have.
    pub(super) levels: Option<Hybrid>,
    pub(super) values: Values,
}

/// The values of a page.
#[derive(Debug)]
pub(super) enum Values {
    Plain(Bytes),
    /// Indexes into the dictionary.
    Indexes(Hybrid),
}

/// The next page of a chunk.
#[derive(Debug)]
pub(super) enum AnyPage {
    Dictionary { values: Bytes, entries: usize },
    Skipped { rows: u64 },
    Data(DataPage),
}

/// Reads the pages of a chunk.
pub(super) struct Pages {
    reader: SerializedPageReader<Piece>,
    is_optional: bool,
    /// `None` if the chunk is not compressed.
    codec: Option<Decompressor<'static>>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl Pages {
    /// Takes the bytes of a chunk, which begins at this offset of the file. The caller has checked that its
    /// range is in the file.
    pub(super) fn new(
        chunk: &ColumnChunkMetaData,
        offset: u64,
        bytes: Bytes,
    ) -> Result<Self, Damage> {
        let codec = match chunk.compression() {
            Compression::UNCOMPRESSED => None,
            Compression::ZSTD(_) => Some(Decompressor::new().map_err(unusable)?),
            other => return Err(Damage(format!("pages that are compressed with {other}"))),
        };
        // The reader passes on the pages as they are, so that each is decompressed within its limit.
        let stored = chunk.clone().into_builder();
        let stored = stored.set_compression(Compression::UNCOMPRESSED).build()?;
        let piece = Arc::new(Piece { offset, bytes });
        Ok(Self {
            reader: SerializedPageReader::new(piece, &stored, 0, None)?,
            is_optional: chunk.column_descr().max_def_level() > 0,
            codec,
        })
    }

    /// Returns the next page. One of values is skipped, without decompressing it, if it has at most `skip`
    /// rows.
    pub(super) fn next(&mut self, skip: u64) -> Result<AnyPage, Damage> {
        let page = self.reader.get_next_page()?;
        match page.ok_or_else(|| Damage::of("fewer values than rows"))? {
            Page::DictionaryPage {
                buf, num_values, ..
            } => Ok(AnyPage::Dictionary {
                values: self.decompressed(buf)?,
                entries: num_values as usize,
            }),
            Page::DataPage { num_values, .. } if u64::from(num_values) <= skip => {
                Ok(AnyPage::Skipped {
                    rows: num_values.into(),
                })
            }
            Page::DataPage {
                buf,
                num_values,
                encoding,
                ..
            } => {
                let bytes = self.decompressed(buf)?;
                Ok(AnyPage::Data(self.data_page(
                    bytes,
                    num_values.into(),
                    encoding,
                )?))
            }
            Page::DataPageV2 { .. } => Err(Damage::of("pages of the second version")),
        }
    }

    fn data_page(
        &self,
        mut bytes: Bytes,
        rows: u64,
        encoding: Encoding,
    ) -> Result<DataPage, Damage> {
        let levels = match self.is_optional {
            true => {
                let length = take(&mut bytes, size_of::<u32>())?.get_u32_le();
                Some(Hybrid::new(take(&mut bytes, length as usize)?, 1)?)
            }
            false => None,
        };
        let values = match encoding {
            Encoding::PLAIN => Values::Plain(bytes),
            Encoding::RLE_DICTIONARY => {
                let width = take(&mut bytes, 1)?.get_u8();
                Values::Indexes(Hybrid::new(bytes, width)?)
            }
            other => return Err(Damage(format!("values that are encoded as {other}"))),
        };
        Ok(DataPage {
            rows,
            levels,
            values,
        })
    }

    fn decompressed(&mut self, page: Bytes) -> Result<Bytes, Damage> {
        let too_large = || Damage(format!("a page of more than {MAX_PAGE} bytes"));
        let size = match &self.codec {
            None => Some(page.len() as u64),
            Some(_) => get_frame_content_size(&page).map_err(|_| Damage::of("no frame of zstd"))?,
        };
        let size = size.and_then(|size| usize::try_from(size).ok());
        let size = size
            .filter(|size| *size <= MAX_PAGE)
            .ok_or_else(too_large)?;
        match &mut self.codec {
            None => Ok(page),
            Some(codec) => Ok(codec.decompress(&page, size).map_err(corrupt)?.into()),
        }
    }
}

fn unusable(error: io::Error) -> Damage {
    Damage(format!("zstd cannot be used: {error}"))
}

fn corrupt(error: io::Error) -> Damage {
    Damage(format!("corrupt zstd data ({error})"))
}

/// A part of a file.
struct Piece {
    offset: u64,
    bytes: Bytes,
}

impl Piece {
    fn slice(&self, range: Range<u64>) -> Result<Bytes> {
        let within = |at: u64| {
            let at = at
                .checked_sub(self.offset)
                .and_then(|at| usize::try_from(at).ok());
            at.filter(|at| *at <= self.bytes.len())
        };
        match (within(range.start), within(range.end)) {
            (Some(start), Some(end)) if start <= end => Ok(self.bytes.slice(start..end)),
            _ => Err(ParquetError::EOF("a page ends after its chunk".to_owned())),
        }
    }

    fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

impl Length for Piece {
    fn len(&self) -> u64 {
        self.end()
    }
}

impl ChunkReader for Piece {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.slice(start..self.end())?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.slice(start..start.saturating_add(length as u64))
    }
}
