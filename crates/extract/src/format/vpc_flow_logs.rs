//! The format `vpc-flow-logs`: fields between spaces.

mod fields;

use std::ops::Range;
use std::sync::Arc;

pub use self::fields::{DEFAULT_FIELDS, FIELDS, Field};
use super::Column;
use crate::record::Fields;
use crate::rejection::Rejection;

/// A compiled list of fields, in the order in which the flow log writes them.
#[derive(Debug, Clone)]
pub(crate) struct VpcFlowLogsFormat {
    fields: Arc<[Field]>,
}

impl VpcFlowLogsFormat {
    /// Compiles a list of field names.
    ///
    /// # Errors
    ///
    /// Returns the reason, in words, if the list is empty, or if a field is unknown or named twice.
    pub(crate) fn new(names: &[String]) -> Result<Self, String> {
        if names.is_empty() {
            return Err("no field is named".to_owned());
        }
        let mut fields = Vec::with_capacity(names.len());
        for (i, name) in names.iter().enumerate() {
            let Some(field) = FIELDS.iter().find(|known| known.name == name) else {
                let known: Vec<_> = FIELDS.iter().map(|known| known.name).collect();
                return Err(format!(
                    "there is no field {name:?}; the fields are {}",
                    known.join(", ")
                ));
            };
            if names[..i].contains(name) {
                return Err(format!("the field {name} is named twice"));
            }
            fields.push(*field);
        }
        Ok(Self {
            fields: fields.into(),
        })
    }

    pub(crate) fn schema(&self) -> Vec<Column<'_>> {
        let column = |field: &Field| Column {
            name: field.name,
            kind: field.kind,
        };
        self.fields.iter().map(column).collect()
    }

    #[inline]
    pub(crate) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Vec<Range<usize>>,
    ) -> Result<Fields<'a>, Rejection> {
        let (count, fields) = match count_spaced(message) {
            Some(count) => (count, Fields::Spaced(message)),
            None => {
                split_any(message, ranges)?;
                (ranges.len(), Fields::Ranges { message, ranges })
            }
        };
        if count == self.fields.len() {
            Ok(fields)
        } else {
            Err(Rejection::FieldCount)
        }
    }
}

/// Bytes in a block: enough for the widest vectors, few enough that the rest of a message is short
/// and that a `u8` can count them.
const LANES: usize = 32;

/// Counts the fields of a message that satisfies [`Fields::Spaced`]. Returns `None` for any other
/// message.
///
/// Every byte takes the same steps, so that the compiler can vectorise the loops.
#[inline]
fn count_spaced(message: &[u8]) -> Option<usize> {
    let mut spaces = 0;
    let mut forbidden = false;
    let (blocks, tail) = message.as_chunks::<LANES>();
    for block in blocks {
        let (found, bad) = scan(block);
        spaces += found;
        forbidden |= bad;
    }
    let (found, bad) = scan(tail);
    spaces += found;
    forbidden |= bad;
    let is_spaced = !forbidden && !has_empty_field(message);
    is_spaced.then_some(spaces + 1)
}

/// Counts the spaces of a block. Also returns whether it has a byte that no field can have.
#[inline(always)]
fn scan(block: &[u8]) -> (usize, bool) {
    let (mut spaces, mut forbidden) = (0_u8, 0_u8);
    for byte in block {
        forbidden |= u8::from(is_forbidden(*byte));
        spaces += u8::from(*byte == b' ');
    }
    (usize::from(spaces), forbidden != 0)
}

/// Whether a byte would need quotes in CSV. Readers of CSV do not agree on quotes and backslashes,
/// and a shifted column is worse than a rejected event.
#[inline(always)]
fn is_forbidden(byte: u8) -> bool {
    (byte == b',') | (byte == b'"') | (byte == b'\\') | (byte == b'\n') | (byte == b'\r')
}

/// Whether there is a space at either end or beside another space.
#[inline(always)]
fn has_empty_field(message: &[u8]) -> bool {
    match message {
        [] | [b' ', ..] | [.., b' '] => true,
        [_, after @ ..] => {
            let pairs = message.iter().zip(after);
            let both =
                |(left, right): (&u8, &u8)| u8::from(*left == b' ') & u8::from(*right == b' ');
            pairs.fold(0, |any, pair| any | both(pair)) != 0
        }
    }
}

/// Finds the fields of any message.
fn split_any(message: &[u8], ranges: &mut Vec<Range<usize>>) -> Result<(), Rejection> {
    if message.iter().any(|byte| is_forbidden(*byte)) {
        return Err(Rejection::Character);
    }
    ranges.clear();
    let mut begin = 0;
    for field in message.split(|byte| *byte == b' ') {
        let end = begin + field.len();
        if !field.is_empty() {
            ranges.push(begin..end);
        }
        begin = end + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_vectorised_path_finds_the_fields_of_the_general_path(
            message in prop_oneof!["[a-cé]{1,9}( [a-cé]{1,9}){0,20}", "[a-c ,\"\\\\\n\r]{0,80}"],
        ) {
            let message = message.as_bytes();
            let mut ranges = Vec::new();
            let general = split_any(message, &mut ranges);
            let fields = Fields::Ranges { message, ranges: &ranges };
            let is_spaced = general.is_ok() && !ranges.is_empty()
                && fields.iter().collect::<Vec<_>>().join(&b' ') == message;
            let expected = is_spaced.then_some(ranges.len());
            prop_assert_eq!(count_spaced(message), expected);
            if is_spaced {
                prop_assert!(Fields::Spaced(message).iter().eq(fields.iter()));
            }
        }
    }
}
