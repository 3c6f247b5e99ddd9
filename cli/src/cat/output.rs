//! Rows as CSV or as lines of JSON.

use std::io::{self, Write};

use rehose_extract::LineBreaks;
use rehose_extract::files::{CsvFields, Timestamps};

use super::columns::{Column, ValueKind};
use super::error::Problem;

/// Bytes that are written at a time.
const BLOCK: usize = 64 * 1024;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Json,
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null(ValueKind),
    /// Text as the event has it.
    Text(&'a [u8]),
    /// Text as a file of CSV has it, without quotes: its line breaks may be escaped.
    Written(&'a [u8]),
    /// A number as it is written.
    Digits(&'a [u8]),
    Number(i64),
    /// The bits of a decimal number.
    Double(i64),
    /// Microseconds since 1970.
    Time(i64),
}

/// Why a value cannot be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueFault {
    NotUtf8,
    NoTime,
}

impl ValueFault {
    pub(super) fn at(self, row: u64, column: &Column) -> Problem {
        let column = column.name.clone();
        match self {
            Self::NotUtf8 => Problem::NotUtf8 { row, column },
            Self::NoTime => Problem::NoTime { row, column },
        }
    }
}

/// Prints rows. Nothing of a row is written before it ends.
#[derive(Debug)]
pub(super) struct Printer<W> {
    form: Form,
    out: W,
    buffer: Vec<u8>,
    /// Where the row begins in the buffer.
    row: usize,
    /// For JSON, the names of the columns with the colon after them.
    keys: Vec<Vec<u8>>,
    /// The number of values in the row so far.
    values: usize,
    escaping: CsvFields,
    keeping: CsvFields,
    timestamps: Timestamps,
}

impl<W: Write> Printer<W> {
    pub(super) fn new(form: Form, out: W) -> Self {
        Self {
            form,
            out,
            buffer: Vec::new(),
            row: 0,
            keys: Vec::new(),
            values: 0,
            escaping: CsvFields::new(LineBreaks::Escape),
            keeping: CsvFields::new(LineBreaks::Keep),
            timestamps: Timestamps::default(),
        }
    }

    /// Takes the names of the columns, and prints the header if there is one.
    pub(super) fn begin(&mut self, names: &[String]) -> io::Result<()> {
        match self.form {
            Form::Csv => {
                for name in names {
                    self.csv(&Value::Written(name.as_bytes()));
                }
                self.end_row()
            }
            Form::Json => {
                let key = |name: &String| {
                    let mut key = serde_json::to_vec(name)?;
                    key.push(b':');
                    Ok(key)
                };
                self.keys = names.iter().map(key).collect::<io::Result<_>>()?;
                Ok(())
            }
        }
    }

    /// Adds the next value of a row.
    #[inline]
    pub(super) fn value(&mut self, value: &Value<'_>) -> Result<(), ValueFault> {
        value.check()?;
        match self.form {
            Form::Csv => self.csv(value),
            Form::Json => self.json(value),
        }
        Ok(())
    }

    /// Ends the row.
    #[inline]
    pub(super) fn end_row(&mut self) -> io::Result<()> {
        if self.form == Form::Json {
            self.buffer.push(b'}');
        }
        self.buffer.push(b'\n');
        self.values = 0;
        self.row = self.buffer.len();
        match self.row >= BLOCK {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// Writes the rows that have ended. A row that has not is dropped.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.buffer.truncate(self.row);
        self.values = 0;
        self.write()?;
        self.out.flush()
    }

    fn write(&mut self) -> io::Result<()> {
        self.row = 0;
        let result = self.out.write_all(&self.buffer);
        self.buffer.clear();
        result
    }

    fn csv(&mut self, value: &Value<'_>) {
        let begin = self.buffer.len();
        let line = &mut self.buffer;
        match *value {
            // Flow logs write a number that is not there as `-`.
            Value::Null(ValueKind::Number) => line.extend_from_slice(b",-"),
            Value::Null(ValueKind::Text | ValueKind::Double | ValueKind::Time) => line.push(b','),
            Value::Text(text) => self.escaping.write(text, line),
            Value::Written(text) | Value::Digits(text) => self.keeping.write(text, line),
            Value::Number(number) => {
                line.push(b',');
                push_number(number, line);
            }
            Value::Double(bits) => {
                line.push(b',');
                push_double(bits, line);
            }
            Value::Time(microseconds) => {
                line.push(b',');
                line.extend_from_slice(self.timestamps.format(microseconds).unwrap_or_default());
            }
        }
        if self.values == 0 {
            self.buffer.remove(begin);
        }
        self.values += 1;
    }

    fn json(&mut self, value: &Value<'_>) {
        let line = &mut self.buffer;
        line.push(if self.values == 0 { b'{' } else { b',' });
        if let Some(key) = self.keys.get(self.values) {
            line.extend_from_slice(key);
        }
        self.values += 1;
        match *value {
            Value::Null(_) => line.extend_from_slice(b"null"),
            Value::Text(text) | Value::Written(text) => push_string(text, line),
            Value::Digits(digits) => {
                // JSON has no zeros before a number.
                let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
                let zeros = zeros.min(digits.len().saturating_sub(1));
                line.extend_from_slice(&digits[zeros..]);
            }
            Value::Number(number) => push_number(number, line),
            Value::Double(bits) if !double(bits).is_finite() => line.extend_from_slice(b"null"),
            Value::Double(bits) => push_double(bits, line),
            Value::Time(microseconds) => {
                line.push(b'"');
                line.extend_from_slice(self.timestamps.format(microseconds).unwrap_or_default());
                line.push(b'"');
            }
        }
    }
}

impl Value<'_> {
    /// Checks that it can be printed.
    #[inline]
    fn check(&self) -> Result<(), ValueFault> {
        match *self {
            Self::Text(text) | Self::Written(text) if std::str::from_utf8(text).is_err() => {
                Err(ValueFault::NotUtf8)
            }
            Self::Time(microseconds) if !Timestamps::holds(microseconds) => Err(ValueFault::NoTime),
            _ => Ok(()),
        }
    }
}

fn double(bits: i64) -> f64 {
    f64::from_bits(bits.cast_unsigned())
}

fn push_double(bits: i64, line: &mut Vec<u8>) {
    let _ = write!(line, "{}", double(bits));
}

fn push_number(number: i64, line: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = write!(line, "{number}");
}

/// Appends a JSON string of text that has been checked.
fn push_string(text: &[u8], line: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    let _ = serde_json::to_writer(line, &*text);
}
