//! The row that a message of a log becomes.

use std::ops::Range;

use super::Ranges;
use super::log::LogColumn;
use super::numbers::Field;
use super::spaced::ABSENT;
use super::time::{self, WriteTime};
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
    /// The next column to be filled.
    next: usize,
    pub(super) buffers: &'r mut Ranges,
}

impl<'r> Row<'r> {
    /// Returns a row without values. The buffers are reused for each.
    pub(super) fn new(
        message: &'r [u8],
        columns: &'r [LogColumn],
        order: Option<&'r [Option<usize>]>,
        buffers: &'r mut Ranges,
    ) -> Self {
        buffers.found.clear();
        buffers.found.resize(columns.len(), None);
        buffers.made.clear();
        Self {
            message,
            columns,
            order,
            next: 0,
            buffers,
        }
    }

    /// Begins again, after a part of the message was read in a wrong way.
    pub(super) fn restart(&mut self) {
        self.buffers.found.fill(None);
        self.buffers.made.clear();
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
        self.buffers.found[column].is_some()
    }

    /// Fills a column with a value: a part of the message, or of what is made.
    #[inline]
    pub(super) fn set_value(
        &mut self,
        column: usize,
        value: Range<usize>,
    ) -> Result<(), Rejection> {
        let kind = self.columns[column].kind;
        let is_right = match kind {
            FieldKind::Text | FieldKind::Json => true,
            FieldKind::Int | FieldKind::BigInt if self.field(&value).is_short_number() => true,
            FieldKind::Int => kind.holds(self.field(&value).text),
            // Load balancers write it for sizes that they do not know.
            FieldKind::BigInt => {
                let text = self.field(&value).text;
                kind.holds(text) || text == b"-1"
            }
            FieldKind::Double => self.field(&value).is_decimal(),
            FieldKind::Timestamp if colparquet::micros(self.field(&value).text).is_some() => true,
            FieldKind::Timestamp => {
                return self.set_written_time(column, value, time::write_utc);
            }
        };
        if !is_right {
            return Err(Rejection::FieldType(column));
        }
        self.buffers.found[column] = Some(value);
        Ok(())
    }

    /// Returns a part of the message, or of what is made.
    #[inline]
    fn field(&self, value: &Range<usize>) -> Field<'_> {
        let from = match value.start.checked_sub(self.message.len()) {
            None => &self.message[value.start..],
            Some(begin) => &self.buffers.made[begin..],
        };
        Field::of(from, value.len())
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
            self.buffers
                .made
                .extend_from_slice(&self.message[field.clone()]);
            self.buffers.made.push(after);
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
                self.buffers.made.push(between);
            }
            self.buffers
                .made
                .extend_from_slice(&self.message[field.clone()]);
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
                // A string ends at the first byte that is not plain, unless it has escapes.
                if json::plain_run(&self.message[range.start..]) < content.len() {
                    let begin = self.end();
                    json::unescape(content, &mut self.buffers.made)
                        .map_err(|_| Rejection::Escape)?;
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
        let text = self.field(&value).text;
        if !text.iter().all(u8::is_ascii_digit) {
            return self.set_value(column, value);
        }
        self.set_written_time(column, value, time::write_since_1970)
    }

    /// Fills a column with a time that is written in another way.
    fn set_written_time(
        &mut self,
        column: usize,
        value: Range<usize>,
        write: WriteTime,
    ) -> Result<(), Rejection> {
        let begin = self.end();
        let Ranges { made, times, .. } = self.buffers;
        let written = match self.message.get(value.clone()) {
            Some(text) => write(text, times, made),
            None => {
                let text = part(self.message, made, &value).to_vec();
                write(&text, times, made)
            }
        };
        written.ok_or(Rejection::FieldType(column))?;
        self.buffers.found[column] = Some(begin..self.end());
        Ok(())
    }

    /// Fills a column with an object of these members of the message, each a key and a value.
    pub(super) fn set_object(
        &mut self,
        column: usize,
        members: &[[Range<usize>; 2]],
    ) -> Result<(), Rejection> {
        let begin = self.end();
        self.buffers.made.push(b'{');
        for (number, [key, value]) in members.iter().enumerate() {
            if number > 0 {
                self.buffers.made.push(b',');
            }
            self.buffers
                .made
                .extend_from_slice(&self.message[key.clone()]);
            self.buffers.made.push(b':');
            self.buffers
                .made
                .extend_from_slice(&self.message[value.clone()]);
        }
        self.buffers.made.push(b'}');
        self.set_value(column, begin..self.end())
    }

    /// Where the next text that is made will begin.
    fn end(&self) -> usize {
        self.message.len() + self.buffers.made.len()
    }
}
