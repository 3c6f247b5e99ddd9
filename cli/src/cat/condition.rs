//! Conditions on the columns of Parquet: on the statistics of a row group, and on values.

use std::cmp::Ordering;

use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;
use rehose_extract::files::Timestamps;

use super::columns::ValueKind;
use super::output::Value;

/// A value that a column must have, in the form in which Parquet has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Text. CSV has nothing for NULL and for empty text, so that is both.
    Text(Vec<u8>),
    Number(i64),
    /// The bits of a decimal number.
    Double(i64),
    /// Microseconds since 1970.
    Time(i64),
    Null,
    /// CSV writes no value of this column so.
    Nothing,
}

impl Wanted {
    /// Takes the value as CSV has it.
    pub(super) fn new(kind: ValueKind, value: &str) -> Self {
        let wanted = match kind {
            ValueKind::Text => unescaped(value.as_bytes()).map(Self::Text),
            ValueKind::Number if value == "-" => Some(Self::Null),
            ValueKind::Number => value
                .parse()
                .ok()
                .filter(|number: &i64| number.to_string() == value)
                .map(Self::Number),
            ValueKind::Double | ValueKind::Time if value.is_empty() => Some(Self::Null),
            ValueKind::Double => value
                .parse()
                .ok()
                .map(|number: f64| Self::Double(number.to_bits().cast_signed())),
            ValueKind::Time => Timestamps::default()
                .parse(value.as_bytes())
                .map(Self::Time),
        };
        wanted.unwrap_or(Self::Nothing)
    }

    /// Whether a row has this value.
    #[inline]
    pub(super) fn is(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Text(wanted), Value::Text(text)) => wanted == text,
            (Self::Text(wanted), Value::Null(_)) => wanted.is_empty(),
            (Self::Number(wanted), Value::Number(number)) => wanted == number,
            (Self::Double(wanted), Value::Double(bits)) => wanted == bits,
            (Self::Time(wanted), Value::Time(microseconds)) => wanted == microseconds,
            (Self::Null, Value::Null(_)) => true,
            _ => false,
        }
    }

    /// Whether no row of a chunk with these statistics has this value.
    pub(super) fn is_outside(&self, statistics: Option<&Statistics>) -> bool {
        match (self, statistics) {
            (Self::Nothing, _) => true,
            (_, None) => false,
            (Self::Null, Some(statistics)) => statistics.null_count_opt() == Some(0),
            (Self::Number(wanted), Some(Statistics::Int32(range))) => {
                let order = |bound: &i32| i64::from(*bound).cmp(wanted);
                !is_between(range.min_opt().map(order), range.max_opt().map(order))
            }
            (Self::Number(wanted) | Self::Time(wanted), Some(Statistics::Int64(range))) => {
                let order = |bound: &i64| bound.cmp(wanted);
                !is_between(range.min_opt().map(order), range.max_opt().map(order))
            }
            // NULL is not in the range.
            (Self::Text(wanted), Some(Statistics::ByteArray(range))) if !wanted.is_empty() => {
                let order = |bound: &ByteArray| bound.data().cmp(wanted);
                !is_between(range.min_opt().map(order), range.max_opt().map(order))
            }
            _ => false,
        }
    }
}

fn is_between(least: Option<Ordering>, most: Option<Ordering>) -> bool {
    least.is_none_or(Ordering::is_le) && most.is_none_or(Ordering::is_ge)
}

/// Returns the text that CSV writes so, with its line breaks and backslashes escaped.
fn unescaped(written: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(written.len());
    let mut bytes = written.iter();
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'\n' | b'\r' => return None,
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(text)
}
