//! A column of any type: the values of the page, and the pages of the row group.

use std::{io, iter};

use parquet::column::writer::ColumnCloseResult;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use crate::batch::Field;
use crate::chunk::{Chunk, Codec, Content};
use crate::hybrid;
use crate::number::{Double, Native, Number};
use crate::parse::{double, whole};
use crate::presence::Presence;
use crate::schema::{Column, Kind};
use crate::text::Text;
use crate::time;

/// The values of a column since the row group began.
#[derive(Debug)]
pub(crate) struct ColumnEncoder {
    kind: Kind,
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
    Double(Number<Double>),
}

/// The values of a page, and the dictionary of the row group.
pub(crate) trait Values {
    /// Returns the values of the page, if they are indexes into the dictionary.
    fn indexes(&mut self) -> Option<&mut Vec<u16>>;

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
    pub(crate) fn new(descriptor: ColumnDescPtr, column: &Column, max_dictionary: usize) -> Self {
        let kind = column.kind;
        Self {
            kind,
            presence: (descriptor.max_def_level() > 0).then(Presence::default),
            values: match kind {
                Kind::Text => AnyValues::Text(Text::new(max_dictionary, column.has_filter)),
                Kind::Int => AnyValues::Int(Number::new()),
                Kind::BigInt | Kind::Timestamp => AnyValues::BigInt(Number::new()),
                Kind::Double => AnyValues::Double(Number::new()),
            },
            nulls: 0,
            chunk: Chunk::new(descriptor),
        }
    }

    /// Adds fields as they are written. They come after `rows` other rows of the page.
    #[inline]
    pub(crate) fn push<'f>(
        &mut self,
        fields: impl Iterator<Item = Option<Field<'f>>>,
        absent: &[u8],
        rows: usize,
    ) -> io::Result<()> {
        match &mut self.values {
            AnyValues::Text(values) => {
                push_fields(values, &mut self.presence, fields, rows, |values, field| {
                    values.push(field.bytes());
                    Ok(true)
                })
            }
            AnyValues::Int(values) => {
                let parse = |field| whole(field)?.try_into().ok();
                push_numbers(values, &mut self.presence, fields, absent, rows, parse)
            }
            AnyValues::BigInt(values) if self.kind == Kind::Timestamp => {
                let parse = |field: Field<'_>| time::micros(field.bytes()).or_else(|| whole(field));
                push_numbers(values, &mut self.presence, fields, absent, rows, parse)
            }
            AnyValues::BigInt(values) => {
                push_numbers(values, &mut self.presence, fields, absent, rows, whole)
            }
            AnyValues::Double(values) => {
                push_numbers(values, &mut self.presence, fields, absent, rows, double)
            }
        }
    }

    /// Adds a field as it is written. It comes after `rows` other rows of the page.
    #[inline]
    pub(crate) fn push_one(&mut self, field: &[u8], absent: &[u8], rows: usize) -> io::Result<()> {
        match &mut self.values {
            AnyValues::Text(values) => {
                values.push_neighbour(field);
                Ok(())
            }
            _ => self.push(iter::once(Some(Field::new(field))), absent, rows),
        }
    }

    /// Adds a number.
    #[inline]
    pub(crate) fn push_number(&mut self, number: i64) -> io::Result<()> {
        match &mut self.values {
            AnyValues::Text(_) | AnyValues::Double(_) => {
                return Err(invalid("a whole number in a column of another type"));
            }
            AnyValues::Int(values) => values.push(narrow(number)?),
            AnyValues::BigInt(values) => values.push(number),
        }
        Ok(())
    }

    /// Adds a row without a value, which comes after `rows` others of its page.
    pub(crate) fn push_null(&mut self, rows: usize) -> io::Result<()> {
        push_null(&mut self.presence, rows)
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
        let content = match (self.kind, has_indexes) {
            (Kind::BigInt, false) => Content::Counts,
            (Kind::Text, true) => Content::Indexes,
            _ => Content::Any,
        };
        (self.chunk).write_page(page, rows, has_indexes, content, codec)
    }

    /// Returns the chunk as it is in the file, and begins the next row group.
    pub(crate) fn end_group(
        &mut self,
        codec: &mut Codec,
    ) -> io::Result<(Vec<u8>, ColumnCloseResult)> {
        let nulls = std::mem::take(&mut self.nulls) as u64;
        let statistics = self.values.statistics(nulls);
        let filter = match &mut self.values {
            AnyValues::Text(text) => text.finish_filter()?,
            _ => None,
        };
        let (dictionary, entries) = self.values.dictionary();
        let mut chunk = self.chunk.close(dictionary, entries, statistics, codec)?;
        chunk.1.bloom_filter = filter;
        self.clear();
        Ok(chunk)
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
            AnyValues::Double($values) => $result,
        }
    };
}

impl Values for AnyValues {
    fn indexes(&mut self) -> Option<&mut Vec<u16>> {
        each!(self, values => values.indexes())
    }

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

/// Adds fields with `push`, which returns whether a field has a value. A field that is the one before has its
/// index: neighbouring rows often agree, and comparing is cheaper than parsing and hashing.
#[inline]
fn push_fields<'f, V: Values>(
    values: &mut V,
    presence: &mut Option<Presence>,
    fields: impl Iterator<Item = Option<Field<'f>>>,
    rows: usize,
    mut push: impl FnMut(&mut V, Field<'f>) -> io::Result<bool>,
) -> io::Result<()> {
    let mut before: Option<Field<'_>> = None;
    for (row, field) in (rows..).zip(fields) {
        let Some(field) = field else {
            push_null(presence, row)?;
            continue;
        };
        if let Some(before) = before
            && let Some(indexes) = values.indexes()
            && let Some(last) = indexes.last()
            && field.is(before)
        {
            indexes.push(*last);
            continue;
        }
        match push(values, field)? {
            true => before = Some(field),
            false => push_null(presence, row)?,
        }
    }
    Ok(())
}

/// Adds numbers as they are written. `absent` is none.
#[inline]
fn push_numbers<'f, T: Native>(
    values: &mut Number<T>,
    presence: &mut Option<Presence>,
    fields: impl Iterator<Item = Option<Field<'f>>>,
    absent: &[u8],
    rows: usize,
    parse: impl Fn(Field<'f>) -> Option<T>,
) -> io::Result<()> {
    push_fields(values, presence, fields, rows, |values, field| {
        match parse(field) {
            Some(number) => values.push(number),
            None if !absent.is_empty() && field.bytes() == absent => return Ok(false),
            None => return Err(not_a_number(field.bytes())),
        }
        Ok(true)
    })
}

#[inline]
fn push_null(presence: &mut Option<Presence>, rows: usize) -> io::Result<()> {
    match presence {
        Some(presence) => presence.push_null(rows),
        None => return Err(invalid("a row without a value that every row must have")),
    }
    Ok(())
}

#[inline]
fn narrow(number: i64) -> io::Result<i32> {
    i32::try_from(number).map_err(|_| invalid("a number that its column cannot hold"))
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
