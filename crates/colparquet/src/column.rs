//! A column of any type: the values of the page, and the pages of the row group.

use std::io;

use parquet::column::writer::ColumnCloseResult;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use crate::chunk::{Chunk, Codec};
use crate::hybrid;
use crate::number::{Native, Number};
use crate::presence::Presence;
use crate::schema::Kind;
use crate::text::Text;

/// The values of a column since the row group began.
#[derive(Debug)]
pub(crate) struct ColumnEncoder {
    /// Only an optional column has them.
    presence: Option<Presence>,
    values: AnyValues,
    nulls: usize,
    chunk: Chunk,
}

#[derive(Debug)]
enum AnyValues {
    Text(Text),
    Int(Number<i32>),
    BigInt(Number<i64>),
}

/// The values of a page, and the dictionary of the row group.
pub(crate) trait Values {
    /// Appends the values and begins the next page. Returns whether they are indexes into the dictionary.
    fn end_page(&mut self, is_first: bool, page: &mut Vec<u8>) -> bool;

    /// Returns the dictionary's page and the number of its entries.
    fn dictionary(&self) -> (&[u8], usize);

    /// Returns the range of all values.
    fn statistics(&self, nulls: u64) -> Statistics;

    /// Returns the memory of the values and the dictionary, in bytes.
    fn bytes(&self) -> usize;

    /// Begins the next row group.
    fn clear(&mut self);
}

/// Moves the values of a page to it: indexes if there are any, and else plain ones. Returns whether they
/// are indexes.
pub(crate) fn write_values(
    indexes: &mut Vec<u16>,
    plain: &mut Vec<u8>,
    page: &mut Vec<u8>,
) -> bool {
    if indexes.is_empty() {
        page.append(plain);
        return false;
    }
    hybrid::write_indexes(indexes, page);
    indexes.clear();
    true
}

/// Whether a dictionary takes less space than its entries in their rows: a quarter of a page's rows must
/// repeat an entry. A few bytes for each index are saved then, and the entries are no longer beside their
/// like in other rows, which costs some.
pub(crate) fn dictionary_pays(new_entries: usize, rows: usize) -> bool {
    4 * new_entries <= 3 * rows
}

impl ColumnEncoder {
    pub(crate) fn new(descriptor: ColumnDescPtr, kind: Kind, max_dictionary: usize) -> Self {
        Self {
            presence: (descriptor.max_def_level() > 0).then(Presence::default),
            values: match kind {
                Kind::Text => AnyValues::Text(Text::new(max_dictionary)),
                Kind::Int => AnyValues::Int(Number::new()),
                Kind::BigInt | Kind::Timestamp => AnyValues::BigInt(Number::new()),
            },
            nulls: 0,
            chunk: Chunk::new(descriptor),
        }
    }

    /// Adds a field as it is written.
    #[inline]
    pub(crate) fn push(&mut self, field: &[u8]) -> io::Result<()> {
        match &mut self.values {
            AnyValues::Text(values) => values.push(field),
            AnyValues::Int(values) => values.push(parse(field)?),
            AnyValues::BigInt(values) => values.push(parse(field)?),
        }
        self.push_presence();
        Ok(())
    }

    /// Adds a number.
    #[inline]
    pub(crate) fn push_number(&mut self, number: i64) -> io::Result<()> {
        match &mut self.values {
            AnyValues::Text(_) => return Err(invalid("a number in a column of text")),
            AnyValues::Int(values) => values.push(narrow(number)?),
            AnyValues::BigInt(values) => values.push(number),
        }
        self.push_presence();
        Ok(())
    }

    /// Adds a row without a value, which comes after `rows` others of its page.
    pub(crate) fn push_null(&mut self, rows: usize) -> io::Result<()> {
        match &mut self.presence {
            Some(presence) => presence.push_null(rows),
            None => return Err(invalid("a row without a value that every row must have")),
        }
        Ok(())
    }

    #[inline]
    fn push_presence(&mut self) {
        if let Some(presence) = &mut self.presence {
            presence.push_value();
        }
    }

    /// Compresses the page, whose buffer is reused for each. `is_only` if it will be the only one of the
    /// row group.
    pub(crate) fn end_page(
        &mut self,
        rows: usize,
        is_only: bool,
        page: &mut Vec<u8>,
        codec: &mut Codec,
    ) -> io::Result<()> {
        page.clear();
        if let Some(presence) = &mut self.presence {
            self.nulls += presence.nulls();
            presence.end_page(rows, page);
        }
        let is_first = self.chunk.is_empty();
        let has_indexes = self.values.end_page(is_first, page);
        if is_only {
            let dictionary = self.values.dictionary().0;
            let bytes = page.len() + if has_indexes { dictionary.len() } else { 0 };
            self.chunk.store_plain_if_tiny(bytes);
        }
        self.chunk.write_page(page, rows, has_indexes, codec)
    }

    /// Returns the chunk as it is in the file, and begins the next row group.
    pub(crate) fn end_group(
        &mut self,
        codec: &mut Codec,
    ) -> io::Result<(Vec<u8>, ColumnCloseResult)> {
        let nulls = std::mem::take(&mut self.nulls) as u64;
        let statistics = self.values.statistics(nulls);
        let (dictionary, entries) = self.values.dictionary();
        let chunk = self.chunk.close(dictionary, entries, statistics, codec);
        self.clear();
        chunk
    }

    /// Returns the memory that it uses until the row group ends, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.values.bytes() + self.chunk.bytes()
    }

    /// Forgets the row group.
    pub(crate) fn clear(&mut self) {
        self.nulls = 0;
        self.presence.iter_mut().for_each(Presence::clear);
        self.values.clear();
        self.chunk.clear();
    }
}

macro_rules! each {
    ($self:ident, $values:ident => $result:expr) => {
        match $self {
            AnyValues::Text($values) => $result,
            AnyValues::Int($values) => $result,
            AnyValues::BigInt($values) => $result,
        }
    };
}

impl Values for AnyValues {
    fn end_page(&mut self, is_first: bool, page: &mut Vec<u8>) -> bool {
        each!(self, values => values.end_page(is_first, page))
    }

    fn dictionary(&self) -> (&[u8], usize) {
        each!(self, values => values.dictionary())
    }

    fn statistics(&self, nulls: u64) -> Statistics {
        each!(self, values => values.statistics(nulls))
    }

    fn bytes(&self) -> usize {
        each!(self, values => values.bytes())
    }

    fn clear(&mut self) {
        each!(self, values => values.clear());
    }
}

/// Parses decimal digits.
#[inline]
fn parse<T: Native>(field: &[u8]) -> io::Result<T> {
    digits(field)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| not_a_number(field))
}

#[inline]
fn narrow<T: Native>(number: i64) -> io::Result<T> {
    T::try_from(number).map_err(|_| invalid("a number that its column cannot hold"))
}

#[inline]
fn digits(field: &[u8]) -> Option<i64> {
    /// More digits may overflow 64 bits.
    const SAFE: usize = 18;
    if field.is_empty() || field.len() > SAFE {
        return long(field);
    }
    let (mut number, rest) = match field.split_first_chunk() {
        Some((eight, rest)) => (eight_digits(*eight)?, rest),
        None => (0, field),
    };
    let mut is_valid = true;
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        is_valid &= digit < 10;
        number = number * 10 + i64::from(digit);
    }
    is_valid.then_some(number)
}

/// Parses eight digits at once: pairs of digits, then pairs of pairs, and then both halves.
#[inline]
fn eight_digits(digits: [u8; 8]) -> Option<i64> {
    const UPPER: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let bytes = u64::from_le_bytes(digits);
    // Only a digit has 3 as its upper half, and still has it after 6 is added.
    let after = bytes.wrapping_add(0x0606_0606_0606_0606) & UPPER;
    if bytes & UPPER | after >> 4 != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = bytes & !UPPER;
    let pairs = ones * 10 + (ones >> 8);
    let (even, odd) = (pairs & 0x00ff_0000_00ff, pairs >> 16 & 0x00ff_0000_00ff);
    let number = even.wrapping_mul(100 + (1_000_000 << 32));
    let number = number.wrapping_add(odd.wrapping_mul(1 + (10_000 << 32)));
    Some((number >> 32) as i64)
}

#[cold]
fn long(field: &[u8]) -> Option<i64> {
    match field.iter().all(u8::is_ascii_digit) {
        true => std::str::from_utf8(field).ok()?.parse().ok(),
        false => None,
    }
}

#[cold]
fn not_a_number(field: &[u8]) -> io::Error {
    invalid(&format!(
        "{:?} in a column of numbers, which it cannot hold",
        String::from_utf8_lossy(field)
    ))
}

#[cold]
fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.to_owned())
}
