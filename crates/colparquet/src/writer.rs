//! A file: rows into pages, pages into row groups.

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;

use crate::batch::Batch;
use crate::chunk::Codec;
use crate::column::ColumnEncoder;
use crate::failed;
use crate::schema::{Kind, Schema};

/// The most rows of a page: few enough that its values are still in the core's cache when they are
/// compressed, and enough for the codec to find repeats.
const MAX_PAGE_ROWS: usize = 20_000;

/// Bytes of the fields of a page's rows, after which it ends. Rows of flow logs have fewer; other
/// messages can have 2 MiB each.
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The most rows of a row group. Readers work in parallel by row groups, and expect about a million
/// (<https://duckdb.org/docs/stable/guides/performance/file_formats> recommends up to that).
const MAX_GROUP_ROWS: usize = 1024 * 1024;

/// Bytes of compressed pages and of dictionaries, after which a row group ends. They are kept in memory
/// until then, because the file has all pages of a column together.
const MAX_GROUP_BYTES: usize = 12 * 1024 * 1024;

/// Bytes of the largest dictionary. A larger one costs more cache misses than it saves space.
const MAX_DICTIONARY: usize = 1024 * 1024;

/// Bytes of the dictionaries of all columns together.
const MAX_DICTIONARIES: usize = 8 * 1024 * 1024;

/// What a file says of its writer. Readers trust the statistics of a writer whose name and version they
/// can parse. The version is that of the encoding, which decides the bytes, and not of the product.
const CREATED_BY: &str = "rehose version 1";

/// The buffers and tables of the columns, and the codec. Creating them costs more than encoding a small
/// file, so use one for many files.
pub struct Encoder {
    schema: Schema,
    columns: Vec<ColumnEncoder>,
    codec: Option<Codec>,
    /// What a column of numbers has as NULL.
    absent: &'static [u8],
    /// Rows that are not yet in the columns.
    batch: Batch,
    /// A page before compression.
    page: Vec<u8>,
}

impl Encoder {
    /// Returns an encoder for files with these columns.
    pub fn new(schema: &Schema) -> Self {
        let columns = schema.columns();
        let texts = columns.iter().filter(|column| column.kind == Kind::Text);
        let max_dictionary = MAX_DICTIONARY.min(MAX_DICTIONARIES / texts.count().max(1));
        let encoder = |(column, descriptor): (&crate::Column, _)| {
            ColumnEncoder::new(Arc::clone(descriptor), column, max_dictionary)
        };
        let descriptors = schema.descriptor().columns();
        Self {
            schema: schema.clone(),
            columns: columns.iter().zip(descriptors).map(encoder).collect(),
            codec: None,
            absent: b"",
            batch: Batch::default(),
            page: Vec::new(),
        }
    }

    /// In a column of numbers, takes this text for NULL.
    pub fn with_absent(self, absent: &'static [u8]) -> Self {
        Self { absent, ..self }
    }

    /// Whether it encodes files of this very schema.
    pub fn is_for(&self, schema: &Schema) -> bool {
        self.schema.is(schema)
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// Writes a file.
///
/// Add the fields of a row, each once and in any order, and then [end](Self::end_row) the row. Fields that
/// stand in one text can be added [together](Self::fields), which is faster.
///
/// The memory is that of a page's values, of the dictionaries, and of a row group's compressed pages,
/// each of which is limited. After an error the file is incomplete; drop the writer.
pub struct Writer<W: Write + Send> {
    encoder: Encoder,
    file: SerializedFileWriter<W>,
    /// Of the page.
    rows: usize,
    /// Of the row group, without the page.
    rows_before: usize,
    /// Of the fields of the page.
    bytes: usize,
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// Returns the error of the underlying writer.
    pub fn new(encoder: Encoder, inner: W) -> io::Result<Self> {
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_created_by(CREATED_BY.to_owned())
            .set_sorting_columns(encoder.schema.sorting_columns())
            .set_offset_index_disabled(true)
            .build();
        let root = Arc::clone(encoder.schema.root());
        let file = SerializedFileWriter::new(inner, root, Arc::new(properties)).map_err(failed)?;
        Ok(Self {
            encoder,
            file,
            rows: 0,
            rows_before: 0,
            bytes: 0,
        })
    }

    /// Adds a field of the row, as it is written: text, a decimal number, or a time as [`micros`](crate::micros)
    /// reads it or in microseconds. `None` is NULL.
    ///
    /// # Errors
    ///
    /// If the column cannot hold the value. The caller should have checked it, as a part of the row has
    /// been written by now.
    ///
    /// # Panics
    ///
    /// If there is no such column.
    #[inline]
    pub fn field(&mut self, column: usize, field: Option<&[u8]>) -> io::Result<()> {
        self.encode_batch_of(column)?;
        let Encoder {
            columns, absent, ..
        } = &mut self.encoder;
        match field {
            Some(field) => {
                self.bytes += field.len();
                columns[column].push_one(field, absent, self.rows)
            }
            None => columns[column].push_null(self.rows),
        }
    }

    /// Adds fields of the row, as they are written, to as many columns from `first`. They stand in one
    /// text: `ends` has the end of each, and a byte later the next begins.
    ///
    /// # Errors
    ///
    /// As for [`field`](Self::field), but maybe at a later call.
    ///
    /// # Panics
    ///
    /// If there are no such columns, or if the ends do not rise or are not in the text. It may do so at a
    /// later call.
    #[inline]
    pub fn fields(&mut self, first: usize, text: &[u8], ends: &[u32]) -> io::Result<()> {
        if !self.encoder.batch.has(first, ends.len()) {
            self.encode_batch()?;
        }
        self.bytes += text.len();
        self.encoder.batch.push(self.rows, first, text, ends);
        Ok(())
    }

    /// Adds fields of the row, as they are written, to as many columns from `first`. They stand in texts that
    /// count as one, each at its range. No range is NULL.
    ///
    /// # Errors
    ///
    /// As for [`field`](Self::field), but maybe at a later call.
    ///
    /// # Panics
    ///
    /// If there are no such columns, or if a range is not in the texts. It may do so at a later call.
    #[inline]
    pub fn ranges(
        &mut self,
        first: usize,
        texts: &[&[u8]],
        ranges: impl ExactSizeIterator<Item = Option<Range<usize>>>,
    ) -> io::Result<()> {
        let Encoder { batch, .. } = &self.encoder;
        if !batch.has(first, ranges.len()) {
            self.encode_batch()?;
        }
        self.bytes += texts.iter().map(|text| text.len()).sum::<usize>();
        (self.encoder.batch).push_ranges(self.rows, first, texts, ranges);
        Ok(())
    }

    /// Adds a number of the row: an integer, or the microseconds of a time.
    ///
    /// # Errors
    ///
    /// As for [`field`](Self::field).
    ///
    /// # Panics
    ///
    /// If there is no such column.
    #[inline]
    pub fn number(&mut self, column: usize, number: i64) -> io::Result<()> {
        self.encode_batch_of(column)?;
        self.encoder.columns[column].push_number(number)
    }

    /// Ends a row, to which every field has been added.
    ///
    /// # Errors
    ///
    /// Returns the error of the underlying writer.
    #[inline]
    pub fn end_row(&mut self) -> io::Result<()> {
        self.rows += 1;
        if self.encoder.batch.is_full() {
            self.encode_batch()?;
        }
        match self.rows == MAX_PAGE_ROWS || self.bytes >= MAX_PAGE_BYTES {
            true => self.end_page(),
            false => Ok(()),
        }
    }

    /// Completes the file. Returns its size in bytes, and the encoder for the next one.
    ///
    /// # Errors
    ///
    /// Returns the error of the underlying writer.
    pub fn finish(mut self) -> io::Result<(u64, Encoder)> {
        self.encode_page(self.rows_before == 0)?;
        self.end_group()?;
        self.file.finish().map_err(failed)?;
        Ok((self.file.bytes_written() as u64, self.encoder))
    }

    /// Encodes the batch if it has fields of this column.
    #[inline]
    fn encode_batch_of(&mut self, column: usize) -> io::Result<()> {
        match self.encoder.batch.has_column(column) {
            true => self.encode_batch(),
            false => Ok(()),
        }
    }

    /// Moves the batch to the columns.
    #[inline(never)]
    fn encode_batch(&mut self) -> io::Result<()> {
        let Encoder {
            columns,
            absent,
            batch,
            ..
        } = &mut self.encoder;
        batch.end();
        for (column, fields) in batch.columns() {
            columns[column].push(fields, absent, batch.rows_before())?;
        }
        batch.clear();
        Ok(())
    }

    #[cold]
    fn end_page(&mut self) -> io::Result<()> {
        self.encode_page(false)?;
        let bytes: usize = self.encoder.columns.iter().map(ColumnEncoder::bytes).sum();
        match self.rows_before >= MAX_GROUP_ROWS - MAX_PAGE_ROWS || bytes >= MAX_GROUP_BYTES {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    /// Encodes the rows of the page, if there are any. `is_only` if it will be the only page of the row
    /// group.
    fn encode_page(&mut self, is_only: bool) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.encode_batch()?;
        let Encoder {
            columns,
            codec,
            page,
            ..
        } = &mut self.encoder;
        let codec = match codec {
            Some(codec) => codec,
            None => codec.insert(Codec::new()?),
        };
        for column in columns {
            column.end_page(self.rows, is_only, page, codec)?;
        }
        self.rows_before += self.rows;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Writes the row group, if it has rows.
    fn end_group(&mut self) -> io::Result<()> {
        let Encoder { columns, codec, .. } = &mut self.encoder;
        let (Some(codec), 1..) = (codec, self.rows_before) else {
            return Ok(());
        };
        self.rows_before = 0;
        let mut group = self.file.next_row_group().map_err(failed)?;
        for column in columns {
            let (chunk, close) = column.end_group(codec)?;
            group
                .append_column(&Bytes::from(chunk), close)
                .map_err(failed)?;
        }
        group.close().map_err(failed)?;
        Ok(())
    }
}

impl<W: Write + Send> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("encoder", &self.encoder)
            .field("rows", &(self.rows_before + self.rows))
            .finish_non_exhaustive()
    }
}
