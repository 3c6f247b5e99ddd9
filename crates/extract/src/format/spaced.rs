//! Messages of fields between spaces.

mod scan;

use std::ops::Range;

use self::scan::{Edge, edges, scan};
use super::places::{WORD, last_word, mask, push_places};
use crate::record::Fields;
use crate::rejection::Rejection;
use crate::schema::FieldKind;

/// The types of a message's fields.
#[derive(Debug, Clone)]
pub(super) struct FieldTypes {
    kinds: Vec<FieldKind>,
    edges: Vec<Edge>,
}

impl FieldTypes {
    pub(super) fn new(kinds: impl Iterator<Item = FieldKind>) -> Self {
        let kinds: Vec<FieldKind> = kinds.collect();
        let edges = edges(&kinds);
        Self { kinds, edges }
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Finds the fields of a message, and checks their number and types.
    ///
    /// Most messages satisfy [`Fields::Spaced`], and their numbers are digits. That is decided with
    /// vectors. All others are split field by field.
    #[inline]
    pub(super) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Vec<Option<Range<usize>>>,
    ) -> Result<Fields<'a>, Rejection> {
        let Some(scan) = scan(message, &self.edges) else {
            split_any(message, ranges)?;
            let fields = Fields::Ranges {
                message,
                made: b"",
                ranges,
                absent: ABSENT,
            };
            self.check_count(ranges.len())?;
            self.check_types(fields.iter())?;
            return Ok(fields);
        };
        self.check_count(scan.fields)?;
        let fields = Fields::Spaced(message);
        if !scan.numbers_fit {
            self.check_types(fields.iter())?;
        }
        Ok(fields)
    }

    fn check_count(&self, count: usize) -> Result<(), Rejection> {
        match count == self.len() {
            true => Ok(()),
            false => Err(Rejection::FieldCount(count)),
        }
    }

    /// Checks that each number consists of digits and fits its type, or is [`ABSENT`].
    pub(super) fn check_types<'f>(
        &self,
        fields: impl Iterator<Item = &'f [u8]>,
    ) -> Result<(), Rejection> {
        let is_right = |(field, kind): (&[u8], &FieldKind)| field == ABSENT || kind.holds(field);
        match fields.zip(&self.kinds).position(|f| !is_right(f)) {
            None => Ok(()),
            Some(place) => Err(Rejection::FieldType(place)),
        }
    }
}

/// What AWS writes in place of a value.
pub(crate) const ABSENT: &[u8] = b"-";

/// Finds the ends of all fields of a message that satisfies [`Fields::Spaced`].
#[inline]
pub(crate) fn find_ends(message: &[u8], ends: &mut Vec<u32>) {
    ends.clear();
    let (words, rest) = message.as_chunks::<WORD>();
    for (i, word) in words.iter().enumerate() {
        push_places(mask(word, b' '), i * WORD, ends);
    }
    push_places(mask(&last_word(rest), b' '), words.len() * WORD, ends);
    ends.push(message.len() as u32);
}

/// Returns the places of the fields of any message.
pub(crate) fn fields(message: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    message
        .split(|byte| *byte == b' ')
        .filter_map(move |field| {
            let place = begin..begin + field.len();
            begin = place.end + 1;
            (!field.is_empty()).then_some(place)
        })
}

/// Finds the fields of any message.
fn split_any(message: &[u8], ranges: &mut Vec<Option<Range<usize>>>) -> Result<(), Rejection> {
    if message.iter().any(is_forbidden) {
        return Err(Rejection::Character);
    }
    ranges.clear();
    ranges.extend(fields(message).map(Some));
    Ok(())
}

fn is_forbidden(byte: &u8) -> bool {
    matches!(byte, b',' | b'"' | b'\\' | b'\n' | b'\r')
}

/// Returns why a message of this many fields is of no layout: for the same reason, whether there is one
/// layout or several.
#[cold]
pub(super) fn misfit(message: &[u8], count: usize) -> Rejection {
    match message.iter().any(is_forbidden) {
        true => Rejection::Character,
        false => Rejection::FieldCount(count),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::scan::EdgeKind;
    use super::*;

    fn kinds(numbers: u32) -> FieldTypes {
        let kind = |i: u32| match (numbers >> i & 1, i % 5) {
            (0, _) => FieldKind::Text,
            (_, 0 | 1) => FieldKind::BigInt,
            _ => FieldKind::Int,
        };
        FieldTypes::new((0..21).map(kind))
    }

    proptest! {
        #[test]
        fn the_vectorised_path_agrees_with_the_general_path(
            message in prop_oneof![
                "([0-9]{1,9}|[a-cé]{1,9}|-)( ([0-9]{1,9}|[a-cé]{1,9}|-)){0,20}",
                "[0-9]{1,20}( [0-9]{8,20}){0,20}",
                "[0-9]{1,70}( [0-9]{1,140}){0,3}",
                "[0-9]{1,9}( [0-9]{1,9}){20}",
                "[-a-c1 ,\"\\\\\n\r]{0,80}"
            ],
            numbers in any::<u32>(),
        ) {
            let message = message.as_bytes();
            let types = kinds(numbers);
            let mut ranges = Vec::new();
            let general = split_any(message, &mut ranges);
            let fields = Fields::Ranges { message, made: b"", ranges: &ranges, absent: ABSENT };
            let is_spaced = general.is_ok() && !ranges.is_empty()
                && fields.iter().collect::<Vec<_>>().join(&b' ') == message;
            let fit = fields.iter().zip(&types.kinds).all(|(field, kind)| {
                let kind = EdgeKind::of(*kind);
                let is_short = field.len() <= kind.most_digits() as usize;
                kind == EdgeKind::Text || is_short && field.iter().all(u8::is_ascii_digit)
            });
            let expected = is_spaced.then_some((ranges.len(), fit));
            let scanned = scan(message, &types.edges);
            let scanned = scanned.map(|scan| (scan.fields, scan.numbers_fit));
            // The fields beyond the last edge have the type of the last one.
            if ranges.len() <= types.len() {
                prop_assert_eq!(scanned, expected);
            }
            if is_spaced {
                prop_assert!(Fields::Spaced(message).iter().eq(fields.iter()));
                let mut ends = Vec::new();
                find_ends(message, &mut ends);
                let general = ranges.iter().flatten().map(|range| range.end as u32);
                prop_assert!(ends.into_iter().eq(general));
            }
        }
    }
}
