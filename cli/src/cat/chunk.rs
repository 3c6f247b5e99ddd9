//! The values of a column in a row group, by row.

use std::ops::Range;

use bytes::{Buf, Bytes};
use parquet::file::metadata::ColumnChunkMetaData;

use super::columns::ValueKind;
use super::hybrid::take;
use super::output::Value;
use super::pages::{AnyPage, Damage, DataPage, Pages, Values};

/// The type of a column in Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Text,
    Int,
    BigInt,
    Double,
    /// Microseconds since 1970.
    Time,
}

impl Stored {
    pub(super) fn kind(self) -> ValueKind {
        match self {
            Self::Text => ValueKind::Text,
            Self::Int | Self::BigInt => ValueKind::Number,
            Self::Double => ValueKind::Double,
            Self::Time => ValueKind::Time,
        }
    }
}

/// Goes through the rows of a chunk.
///
/// Pages before the row that is asked for are not decompressed.
#[derive(Debug)]
pub(super) struct Chunk {
    stored: Stored,
    offset: u64,
    pages: Pages,
    dictionary: Dictionary,
    page: DataPage,
    /// The rows of the page that are left.
    left: u64,
    /// The number of rows that have been read or skipped.
    rows: u64,
    current: Current,
}

/// The value of a row.
#[derive(Debug)]
enum Current {
    Null,
    /// A number, microseconds, or the bits of a double.
    Number(i64),
    /// Text in its page.
    Text(Bytes),
    /// Text in the dictionary.
    Entry(Range<usize>),
}

#[derive(Debug, Default)]
struct Dictionary {
    bytes: Bytes,
    /// Where the entries of text are.
    texts: Vec<Range<usize>>,
    numbers: Vec<i64>,
}

impl Chunk {
    /// Takes the bytes of a chunk, which begins at this offset of the file. The caller has checked that its
    /// range is in the file.
    pub(super) fn new(
        chunk: &ColumnChunkMetaData,
        stored: Stored,
        offset: u64,
        bytes: Bytes,
    ) -> Result<Self, Damage> {
        Ok(Self {
            stored,
            offset,
            pages: Pages::new(chunk, offset, bytes)?,
            dictionary: Dictionary::default(),
            page: DataPage {
                rows: 0,
                levels: None,
                values: Values::Plain(Bytes::new()),
            },
            left: 0,
            rows: 0,
            current: Current::Null,
        })
    }

    /// Returns the offset of its first byte in the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the value of a row, counted from 0. Rows must be asked for in order; the last one may be
    /// asked for again.
    #[inline]
    pub(super) fn value(&mut self, row: u64) -> Result<Value<'_>, Damage> {
        while self.rows <= row {
            if self.left == 0 && !self.begin_page(row)? {
                continue;
            }
            self.read()?;
        }
        Ok(match &self.current {
            Current::Null => Value::Null(self.stored.kind()),
            Current::Number(microseconds) if self.stored == Stored::Time => {
                Value::Time(*microseconds)
            }
            Current::Number(bits) if self.stored == Stored::Double => Value::Double(*bits),
            Current::Number(number) => Value::Number(*number),
            Current::Text(text) => Value::Text(text),
            Current::Entry(range) => Value::Text(&self.dictionary.bytes[range.clone()]),
        })
    }

    /// Reads the next page, or skips it if the row comes after it. Returns whether there are values to read.
    #[cold]
    fn begin_page(&mut self, row: u64) -> Result<bool, Damage> {
        match self.pages.next(row - self.rows)? {
            AnyPage::Skipped { rows } => {
                self.rows += rows;
                Ok(false)
            }
            AnyPage::Dictionary { values, entries } => {
                self.dictionary = Dictionary::read(self.stored, values, entries)?;
                Ok(false)
            }
            AnyPage::Data(page) => {
                self.left = page.rows;
                self.page = page;
                Ok(self.left > 0)
            }
        }
    }

    /// Reads the value of the next row.
    #[inline]
    fn read(&mut self) -> Result<(), Damage> {
        self.left -= 1;
        self.rows += 1;
        let is_present = match &mut self.page.levels {
            Some(levels) => levels.next()? == 1,
            None => true,
        };
        if !is_present {
            self.current = Current::Null;
            return Ok(());
        }
        self.current = match &mut self.page.values {
            Values::Plain(bytes) => match self.stored {
                Stored::Text => Current::Text(text(bytes)?),
                stored => Current::Number(number(stored, bytes)?),
            },
            Values::Indexes(indexes) => self.dictionary.entry(self.stored, indexes.next()?)?,
        };
        Ok(())
    }
}

impl Dictionary {
    fn read(stored: Stored, bytes: Bytes, entries: usize) -> Result<Self, Damage> {
        let mut dictionary = Self {
            bytes: bytes.clone(),
            ..Self::default()
        };
        let mut rest = bytes;
        for _ in 0..entries {
            match stored {
                Stored::Text => {
                    let length = text(&mut rest)?.len();
                    let end = dictionary.bytes.len() - rest.len();
                    dictionary.texts.push(end - length..end);
                }
                stored => dictionary.numbers.push(number(stored, &mut rest)?),
            }
        }
        Ok(dictionary)
    }

    #[inline]
    fn entry(&self, stored: Stored, index: u32) -> Result<Current, Damage> {
        let index = index as usize;
        let entry = match stored {
            Stored::Text => self.texts.get(index).cloned().map(Current::Entry),
            _ => self.numbers.get(index).copied().map(Current::Number),
        };
        entry.ok_or_else(|| Damage::of("an index beyond the dictionary"))
    }
}

fn text(bytes: &mut Bytes) -> Result<Bytes, Damage> {
    let length = take(bytes, size_of::<u32>())?.get_u32_le();
    take(bytes, length as usize)
}

fn number(stored: Stored, bytes: &mut Bytes) -> Result<i64, Damage> {
    Ok(match stored {
        Stored::Int => take(bytes, size_of::<i32>())?.get_i32_le().into(),
        Stored::BigInt | Stored::Time | Stored::Double | Stored::Text => {
            take(bytes, size_of::<i64>())?.get_i64_le()
        }
    })
}
