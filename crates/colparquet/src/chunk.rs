//! A column chunk: the compressed pages of a column in a row group.

use std::io;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;
use zstd::zstd_safe::{self, CParameter, ParamSwitch};

use crate::failed;

/// The level of zstd. Levels 2 and 3 take more time, and the encodings leave them nothing to find.
const LEVEL: i32 = 1;

/// Bytes of the pages of a chunk that is not compressed. The frame and tables of zstd take about as
/// much space as they save, and a small object has one such chunk for each column.
const TINY: usize = 256;

/// What a page has, as far as it decides how zstd looks for repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing that another way would suit better.
    Any,
    /// Numbers of 64 bits that are in no order.
    Counts,
    /// Indexes of texts.
    Indexes,
}

impl Content {
    /// Returns the parameters in which it differs from the others. 0 is that of the level.
    fn parameters(self) -> [CParameter; 4] {
        let (min_match, hash_log, target_length, literals) = match self {
            Self::Any => (0, 0, 0, ParamSwitch::Auto),
            // Most of a number is zeros, which repeat those of the number before. Longer steps and a
            // small table pass over other repeats, whose distances take more space than they save.
            Self::Counts => (5, 10, 2, ParamSwitch::Enable),
            // What repeats is a pair of addresses: two indexes of two bytes.
            Self::Indexes => (4, 0, 0, ParamSwitch::Auto),
        };
        [
            CParameter::MinMatch(min_match),
            CParameter::HashLog(hash_log),
            CParameter::TargetLength(target_length),
            CParameter::LiteralCompressionMode(literals),
        ]
    }
}

/// Compresses pages. Its memory is reused for each.
pub(crate) struct Codec {
    zstd: Compressor<'static>,
    /// What the parameters are for.
    content: Content,
    compressed: Vec<u8>,
}

impl Codec {
    pub(crate) fn new() -> io::Result<Self> {
        let mut zstd = Compressor::new(LEVEL)?;
        // Four bytes with which every reader notices a damaged page, without knowing of them.
        zstd.include_checksum(true)?;
        Ok(Self {
            zstd,
            content: Content::Any,
            compressed: Vec::new(),
        })
    }

    fn compress(&mut self, page: &[u8], content: Content) -> io::Result<Bytes> {
        if std::mem::replace(&mut self.content, content) != content {
            for parameter in content.parameters() {
                self.zstd.set_parameter(parameter)?;
            }
        }
        self.compressed.clear();
        self.compressed
            .reserve(zstd_safe::compress_bound(page.len()));
        self.zstd.compress_to_buffer(page, &mut self.compressed)?;
        Ok(Bytes::copy_from_slice(&self.compressed))
    }
}

/// The pages of a chunk so far.
#[derive(Debug)]
pub(crate) struct Chunk {
    descriptor: ColumnDescPtr,
    pages: Vec<u8>,
    is_compressed: bool,
    rows: usize,
    uncompressed_bytes: usize,
    pages_of_indexes: i32,
    pages_of_values: i32,
}

impl Chunk {
    pub(crate) fn new(descriptor: ColumnDescPtr) -> Self {
        Self {
            descriptor,
            pages: Vec::new(),
            is_compressed: true,
            rows: 0,
            uncompressed_bytes: 0,
            pages_of_indexes: 0,
            pages_of_values: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(crate) fn bytes(&self) -> usize {
        self.pages.len()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.descriptor.clone());
    }

    /// Leaves out the codec if all pages together have few bytes. Call it before the first page.
    pub(crate) fn store_plain_if_tiny(&mut self, bytes: usize) {
        if self.is_empty() && bytes <= TINY {
            self.is_compressed = false;
        }
    }

    /// Adds a page of values, or of indexes into the dictionary.
    pub(crate) fn write_page(
        &mut self,
        page: &[u8],
        rows: usize,
        has_indexes: bool,
        content: Content,
        codec: &mut Codec,
    ) -> io::Result<()> {
        let (encoding, count) = match has_indexes {
            true => (Encoding::RLE_DICTIONARY, &mut self.pages_of_indexes),
            false => (Encoding::PLAIN, &mut self.pages_of_values),
        };
        *count += 1;
        self.rows += rows;
        let page = self.compressed(page, content, codec, |buf| Page::DataPage {
            buf,
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })?;
        self.uncompressed_bytes += write(page, &mut self.pages)?;
        Ok(())
    }

    fn compressed(
        &self,
        page: &[u8],
        content: Content,
        codec: &mut Codec,
        as_page: impl FnOnce(Bytes) -> Page,
    ) -> io::Result<CompressedPage> {
        let compressed = match self.is_compressed {
            true => codec.compress(page, content)?,
            false => Bytes::copy_from_slice(page),
        };
        Ok(CompressedPage::new(as_page(compressed), page.len()))
    }

    /// Returns the dictionary and all pages, as they are in the file, and what the footer says of them.
    pub(crate) fn close(
        &mut self,
        dictionary: &[u8],
        entries: usize,
        statistics: Statistics,
        codec: &mut Codec,
    ) -> io::Result<(Vec<u8>, ColumnCloseResult)> {
        let mut file = Vec::new();
        let mut stats = vec![page_stats(
            PageType::DATA_PAGE,
            Encoding::PLAIN,
            self.pages_of_values,
        )];
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        let has_dictionary = self.pages_of_indexes > 0;
        if has_dictionary {
            let page = self.compressed(dictionary, Content::Any, codec, |buf| {
                Page::DictionaryPage {
                    buf,
                    num_values: entries as u32,
                    encoding: Encoding::PLAIN,
                    is_sorted: false,
                }
            })?;
            self.uncompressed_bytes += write(page, &mut file)?;
            encodings.push(Encoding::RLE_DICTIONARY);
            let indexes = Encoding::RLE_DICTIONARY;
            stats.insert(0, page_stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1));
            stats.push(page_stats(
                PageType::DATA_PAGE,
                indexes,
                self.pages_of_indexes,
            ));
        }
        stats.retain(|stats| stats.count > 0);
        let first_data_page = file.len();
        file.append(&mut self.pages);
        let compression = match self.is_compressed {
            true => Compression::ZSTD(ZstdLevel::try_new(LEVEL).map_err(failed)?),
            false => Compression::UNCOMPRESSED,
        };
        let metadata = ColumnChunkMetaData::builder(self.descriptor.clone())
            .set_encodings(encodings)
            .set_page_encoding_stats(stats)
            .set_compression(compression)
            .set_num_values(self.rows as i64)
            .set_total_compressed_size(file.len() as i64)
            .set_total_uncompressed_size(self.uncompressed_bytes as i64)
            .set_dictionary_page_offset(has_dictionary.then_some(0))
            .set_data_page_offset(first_data_page as i64)
            .set_statistics(statistics)
            .build()
            .map_err(failed)?;
        let close = ColumnCloseResult {
            bytes_written: file.len() as u64,
            rows_written: self.rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((file, close))
    }
}

/// Appends a page and its header. Returns their size without compression.
fn write(page: CompressedPage, file: &mut Vec<u8>) -> io::Result<usize> {
    let mut file = TrackedWrite::new(file);
    let mut writer = SerializedPageWriter::new(&mut file);
    let spec = writer.write_page(page).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(spec.uncompressed_size)
}

fn page_stats(page_type: PageType, encoding: Encoding, count: i32) -> PageEncodingStats {
    PageEncodingStats {
        page_type,
        encoding,
        count,
    }
}
