//! Rows that are encoded together, column by column.

use std::ops::Range;

use crate::text::equal;

/// The most rows of a batch: enough that a column's code and tables are used many times in a row, and few
/// enough that the rows are still in the core's nearest cache for the last column.
const MAX_ROWS: usize = 64;

/// Bytes of rows, after which a batch ends.
const MAX_BYTES: usize = 16 * 1024;

/// Bytes after the rows, so that a word can be read from any field on.
const PADDING: [u8; WORD] = [0; WORD];

/// Fields of rows that stand in one text each.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The column of the first field.
    first: usize,
    /// The fields of a row. None without rows.
    fields: usize,
    /// The rows of the page before the batch.
    rows_before: usize,
    rows: usize,
    /// The texts.
    text: Vec<u8>,
    /// The places of all fields in it.
    places: Vec<Place>,
}

/// Where a field begins and ends.
type Place = [u32; 2];

/// The place of a field that has no value.
const NOWHERE: Place = [u32::MAX; 2];

impl Batch {
    /// Whether fields in this number of columns can be added.
    #[inline]
    pub(crate) fn has(&self, first: usize, fields: usize) -> bool {
        self.rows == 0 || (self.first, self.fields) == (first, fields)
    }

    /// Whether one of the rows has a field in this column.
    #[inline]
    pub(crate) fn has_column(&self, column: usize) -> bool {
        (self.first..self.first + self.fields).contains(&column)
    }

    /// Adds a row, which comes after `rows` others of its page. Each field begins a byte after the end of the
    /// one before.
    #[inline]
    pub(crate) fn push(&mut self, rows: usize, first: usize, text: &[u8], ends: &[u32]) {
        self.begin_row(rows, first, ends.len());
        let offset = self.text.len() as u32;
        self.text.extend_from_slice(text);
        if let [first, ..] = ends {
            self.places.push([offset, offset + first]);
        }
        let place = |[before, end]: &[u32; 2]| [offset + before + 1, offset + end];
        self.places.extend(ends.array_windows().map(place));
    }

    /// Adds a row, which comes after `rows` others of its page. Its fields are in texts that count as one.
    #[inline]
    pub(crate) fn push_ranges(
        &mut self,
        rows: usize,
        first: usize,
        texts: &[&[u8]],
        ranges: impl ExactSizeIterator<Item = Option<Range<usize>>>,
    ) {
        self.begin_row(rows, first, ranges.len());
        let offset = self.text.len();
        for text in texts {
            self.text.extend_from_slice(text);
        }
        self.places.extend(ranges.map(|range| match range {
            Some(range) => [range.start, range.end].map(|place| (offset + place) as u32),
            None => NOWHERE,
        }));
    }

    #[inline]
    fn begin_row(&mut self, rows: usize, first: usize, fields: usize) {
        if self.rows == 0 {
            (self.first, self.fields) = (first, fields);
            self.rows_before = rows;
        }
        self.rows += 1;
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.rows == MAX_ROWS || self.text.len() >= MAX_BYTES
    }

    pub(crate) fn rows_before(&self) -> usize {
        self.rows_before
    }

    /// Ends the batch, so that its columns can be read.
    pub(crate) fn end(&mut self) {
        self.text.extend_from_slice(&PADDING);
    }

    /// Returns the columns, and the fields of each.
    pub(crate) fn columns(
        &self,
    ) -> impl Iterator<Item = (usize, impl Iterator<Item = Option<Field<'_>>>)> {
        (0..self.fields).map(|place| {
            let places = self.places[place..].iter().step_by(self.fields);
            let field = |place: &Place| {
                (*place != NOWHERE).then(|| {
                    let [begin, end] = place.map(|place| place as usize);
                    let word = self.text[begin..].first_chunk().copied();
                    Field {
                        bytes: &self.text[begin..end],
                        word: u64::from_le_bytes(word.unwrap_or_default()),
                    }
                })
            };
            (self.first + place, places.map(field))
        })
    }

    pub(crate) fn clear(&mut self) {
        (self.fields, self.rows) = (0, 0);
        self.text.clear();
        self.places.clear();
    }
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    bytes: &'a [u8],
    /// Its first eight bytes. If it is shorter, the others are any.
    word: u64,
}

impl<'a> Field<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let word = bytes.first_chunk().copied().unwrap_or_else(|| {
            let mut word = [0; WORD];
            word[..bytes.len()].copy_from_slice(bytes);
            word
        });
        Self {
            bytes,
            word: u64::from_le_bytes(word),
        }
    }

    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn word(self) -> u64 {
        self.word
    }

    /// Whether two fields are equal. Most are short, and are compared without a loop or a call.
    #[inline(always)]
    pub(crate) fn is(self, other: Self) -> bool {
        let length = self.bytes.len();
        length == other.bytes.len()
            && match length {
                0 => true,
                1..=WORD => (self.word ^ other.word) << (u64::BITS - u8::BITS * length as u32) == 0,
                _ => self.word == other.word && equal(self.bytes, other.bytes),
            }
    }
}

/// Bytes that are read at once.
const WORD: usize = size_of::<u64>();
