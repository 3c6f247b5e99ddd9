//! The places of a byte in a text, found with vectors.

use std::ops::Range;

use wide::u8x16;

/// Bytes in a vector.
pub(super) const LANE: usize = 16;

/// Bytes whose masks fit a `u64`.
pub(super) const WORD: usize = 64;

/// Returns a bit for each byte that is this one.
#[inline(always)]
pub(super) fn mask(word: &[u8; WORD], byte: u8) -> u64 {
    let (lanes, _) = word.as_chunks::<LANE>();
    let mut places = 0;
    for (i, lane) in lanes.iter().enumerate() {
        let mask = u8x16::new(*lane).simd_eq(u8x16::splat(byte)).to_bitmask();
        places |= u64::from(mask) << (i * LANE);
    }
    places
}

/// Returns the bytes after the last whole word, and zeros.
#[inline(always)]
pub(super) fn last_word(rest: &[u8]) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[..rest.len()].copy_from_slice(rest);
    word
}

/// Appends the place of every bit, which counts from `first`.
///
/// It adds eight at a time, and takes away those that there are not: their number differs from word to
/// word, and a loop's end that the core cannot guess takes longer.
#[inline(always)]
pub(super) fn push_places(mut bits: u64, first: usize, places: &mut Vec<u32>) {
    let count = places.len() + bits.count_ones() as usize;
    while bits != 0 {
        places.extend((0..8).map(|_| {
            let place = first as u32 + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
            place
        }));
    }
    places.truncate(count);
}

/// Returns the last place of a byte in a part of a text. It is not far from the end in most.
#[inline]
pub(super) fn last(text: &[u8], part: Range<usize>, byte: u8) -> Option<usize> {
    if let Some(lane) = text[..part.end].last_chunk::<LANE>() {
        let places = u8x16::new(*lane).simd_eq(u8x16::splat(byte)).to_bitmask();
        let last =
            (part.end + u32::BITS as usize - LANE).checked_sub(1 + places.leading_zeros() as usize);
        if let Some(last) = last.filter(|last| places != 0 && *last >= part.start) {
            return Some(last);
        }
    }
    memchr::memrchr(byte, &text[part.clone()]).map(|place| part.start + place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_place_is_that_of_the_last_byte_in_the_part(
            text in "[a:]{0,3}[a-c]{0,20}[a:]{0,2}[a-c]{0,20}",
            places in any::<[proptest::sample::Index; 2]>(),
        ) {
            let places = places.map(|place| place.index(text.len() + 1));
            let part = places[0].min(places[1])..places[0].max(places[1]);
            let expected = text[part.clone()].rfind(':').map(|place| part.start + place);
            prop_assert_eq!(last(text.as_bytes(), part, b':'), expected);
        }
    }
}
