//! The row that a message of a log becomes.

use std::ops::Range;

use super::log::LogColumn;
use super::spaced::ABSENT;
use super::time;
use crate::dialect::json;
use crate::record::part;
use crate::rejection::Rejection;
use crate::schema::FieldKind;

/// The row that a message becomes.
pub(crate) struct Row<'r> {
    pub(super) message: &'r [u8],
    pub(super) columns: &'r [LogColumn],
    /// What the header says of the order of fields, if there is one.
    pub(super) order: Option<&'r [Option<usize>]>,
    /// Places of the fields in the message, or after it in what is made.
    ranges: &'r mut [Option<Range<usize>>],
    /// The next column to be filled.
    next: usize,
    /// Text that is not in the message as it is in the row.
    made: &'r mut Vec<u8>,
}

impl<'r> Row<'r> {
    /// Returns a row without values. The buffers are reused for each.
    pub(super) fn new(
        message: &'r [u8],
        columns: &'r [LogColumn],
        order: Option<&'r [Option<usize>]>,
        ranges: &'r mut Vec<Option<Range<usize>>>,
        made: &'r mut Vec<u8>,
    ) -> Self {
        ranges.clear();
        ranges.resize(columns.len(), None);
        made.clear();
        Self {
            message,
            columns,
            order,
            ranges,
            next: 0,
            made,
        }
    }

    /// Begins again, after a part of the message was read in a wrong way.
    pub(super) fn restart(&mut self) {
        self.ranges.fill(None);
        self.made.clear();
        self.next = 0;
    }

    /// Fills the next column with a field of the message. [`ABSENT`] is no value.
    #[inline]
    pub(super) fn add(&mut self, field: Range<usize>) -> Result<(), Rejection> {
        let column = self.next;
        self.next += 1;
        self.set(column, field)
    }

    /// Fills the next column, unless the field is empty.
    #[inline]
    pub(super) fn add_text(&mut self, field: Range<usize>) -> Result<(), Rejection> {
        match field.is_empty() {
            true => self.skip(),
            false => self.add(field)?,
        }
        Ok(())
    }

    /// Leaves the next column without a value.
    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    /// Fills a column with a field of the message. [`ABSENT`] is no value.
    #[inline]
    pub(super) fn set(&mut self, column: usize, field: Range<usize>) -> Result<(), Rejection> {
        match self.message[field.clone()] == *ABSENT {
            true => Ok(()),
            false => self.set_value(column, field),
        }
    }

    /// Fills the next column, if there is a field.
    pub(super) fn add_if(&mut self, field: Option<Range<usize>>) -> Result<(), Rejection> {
        match field {
            Some(field) => self.add(field),
            None => {
                self.skip();
                Ok(())
            }
        }
    }

    /// Whether a column has a value.
    pub(super) fn has(&self, column: usize) -> bool {
        self.ranges[column].is_some()
    }

    /// Fills a column with a value: a part of the message, or of what is made.
    #[inline]
    pub(super) fn set_value(
        &mut self,
        column: usize,
        value: Range<usize>,
    ) -> Result<(), Rejection> {
        let text = part(self.message, self.made, &value);
        let kind = self.columns[column].kind;
        let is_right = match kind {
            FieldKind::Text | FieldKind::Json => true,
            FieldKind::Int | FieldKind::BigInt if is_short_number(text) => true,
            FieldKind::Int => kind.holds(text),
            // Load balancers write it for sizes that they do not know.
            FieldKind::BigInt => kind.holds(text) || text == b"-1",
            FieldKind::Double => is_decimal(text),
            FieldKind::Timestamp if colparquet::micros(text).is_some() => true,
            FieldKind::Timestamp => {
                let begin = self.end();
                let message = self.message;
                let written = match message.get(value) {
                    Some(text) => time::write_utc(text, self.made),
                    None => {
                        let text = text.to_vec();
                        time::write_utc(&text, self.made)
                    }
                };
                written.ok_or(Rejection::FieldType(column))?;
                self.ranges[column] = Some(begin..self.end());
                return Ok(());
            }
        };
        if !is_right {
            return Err(Rejection::FieldType(column));
        }
        self.ranges[column] = Some(value);
        Ok(())
    }

    /// Fills a column with the text of two fields, with a byte after each.
    pub(super) fn set_joined(
        &mut self,
        column: usize,
        fields: &[Range<usize>; 2],
        after: [u8; 2],
    ) -> Result<(), Rejection> {
        let begin = self.end();
        for (field, after) in fields.iter().zip(after) {
            self.made.extend_from_slice(&self.message[field.clone()]);
            self.made.push(after);
        }
        self.set_value(column, begin..self.end())
    }

    /// Fills a column with fields, between which it puts a byte.
    pub(super) fn set_list(
        &mut self,
        column: usize,
        fields: &[Range<usize>],
        between: u8,
    ) -> Result<(), Rejection> {
        let begin = self.end();
        for (number, field) in fields.iter().enumerate() {
            if number > 0 {
                self.made.push(between);
            }
            self.made.extend_from_slice(&self.message[field.clone()]);
        }
        self.set_value(column, begin..self.end())
    }

    /// Fills a column with a JSON value of the message. `null` is no value. A string is decoded, unless the
    /// column has JSON.
    pub(super) fn set_json(&mut self, column: usize, value: Range<usize>) -> Result<(), Rejection> {
        let kind = self.columns[column].kind;
        match &self.message[value.clone()] {
            b"null" => Ok(()),
            [b'"', content @ .., b'"'] if kind != FieldKind::Json => {
                let mut range = value.start + 1..value.end - 1;
                if memchr::memchr(b'\\', content).is_some() {
                    let begin = self.end();
                    json::unescape(content, self.made).map_err(|_| Rejection::Escape)?;
                    range = begin..self.end();
                }
                match kind {
                    FieldKind::Text => self.set_value(column, range),
                    _ if content == ABSENT => Ok(()),
                    FieldKind::Timestamp => self.set_time(column, range),
                    _ => self.set_value(column, range),
                }
            }
            _ if kind == FieldKind::Timestamp => self.set_time(column, value),
            _ => self.set_value(column, value),
        }
    }

    /// Fills a column with a time, which may be a number. In a line, a number is no time: lines of other logs
    /// have numbers in its place.
    fn set_time(&mut self, column: usize, value: Range<usize>) -> Result<(), Rejection> {
        let text = part(self.message, self.made, &value);
        if !text.iter().all(u8::is_ascii_digit) {
            return self.set_value(column, value);
        }
        let (text, begin) = (text.to_vec(), self.end());
        time::write_since_1970(&text, self.made).ok_or(Rejection::FieldType(column))?;
        self.set_value(column, begin..self.end())
    }

    /// Fills a column with an object of these members of the message, each a key and a value.
    pub(super) fn set_object(
        &mut self,
        column: usize,
        members: &[[Range<usize>; 2]],
    ) -> Result<(), Rejection> {
        let begin = self.end();
        self.made.push(b'{');
        for (number, [key, value]) in members.iter().enumerate() {
            if number > 0 {
                self.made.push(b',');
            }
            self.made.extend_from_slice(&self.message[key.clone()]);
            self.made.push(b':');
            self.made.extend_from_slice(&self.message[value.clone()]);
        }
        self.made.push(b'}');
        self.set_value(column, begin..self.end())
    }

    /// Where the next text that is made will begin.
    fn end(&self) -> usize {
        self.message.len() + self.made.len()
    }
}

/// Whether a text is digits, and so few of them that any number's type holds them.
#[inline]
fn is_short_number(text: &[u8]) -> bool {
    matches!(text.len(), 1..=9) && text.iter().all(u8::is_ascii_digit)
}

/// Whether a text is a decimal number: digits, possibly with a fraction, possibly after a minus sign.
pub(super) fn is_decimal(text: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = text.strip_prefix(b"-").unwrap_or(text);
    match memchr::memchr(b'.', text) {
        Some(point) => digits(&text[..point]) && digits(&text[point + 1..]),
        None => digits(text),
    }
}
