//! Finds matches where fields begin.
//!
//! A general encoder looks for a match at every byte. This one looks only where a field begins:
//!
//! 1. **Look up.** Three tables remember where a hash was last seen: `PAIRS` of a field and the next
//!    one, `SINGLES` of a field, `PREFIXES` of its first six bytes. The current position replaces all
//!    three entries.
//! 2. **Check.** The candidates are tried in this order, because a pair promises the longest match.
//!    A candidate must be within the window and begin with the same four bytes.
//! 3. **Extend.** The match grows forwards as far as the bytes are equal, and backwards to the end of
//!    the last match. The first candidate that saves enough bits is taken.
//! 4. **Go on** with the field in which the match ended, if enough of it is left, and else with the
//!    next field. Without a match, the next field is always the next one.
//!
//! ```text
//! buffer  ──…,10.0.1.41,443,6,ACCEPT⏎………,10.0.1.41,53,6,ACCEPT⏎…
//!             └ field - distance         │└ field  └ next
//!                                covered ┘
//!            ◄─────────► equal          ◄─────────► the match
//! ```
//!
//! # Invariants
//!
//! - The tokens so far decode to the text before `covered`.
//! - A position is `origin` plus an index in the buffer. Positions only increase, across blocks and
//!   streams, so an entry from before the buffer is too far away to be a candidate. 0 means that
//!   nothing was seen.
//! - Entries are hints. A hash collision costs a comparison and never a wrong match.
//! - `hash_of` depends on the bytes of the field alone, except at the first eight bytes of the buffer.
//!
//! # What must change together
//!
//! - `Encoder::slide` and `Encoder::finish` move the bytes of the buffer and call
//!   [`Matcher::move_on`] with the same distance.
//! - [`POSITIONS`] is a power of two and at least the encoder's window and block together. `load` cuts
//!   every index to it, which saves the bounds check.
//! - [`PADDING`] is the number of bytes that `load` reads.
//! - `LAST_ORIGIN` and [`POSITIONS`] together fit 32 bits.
//! - `MIN_LENGTH` is at least `MIN_MATCH` of the tokens.

use std::ops::Range;

use crate::fields::Fields;
use crate::tokens::{MAX_MATCH, Tokens};

/// The window of DEFLATE: the maximum distance of a match.
pub(crate) const WINDOW: usize = 32 * 1024;

/// Bytes after the text that may be read. Their values do not matter for correctness.
pub(crate) const PADDING: usize = 8;

/// The number of indices in a buffer: a power of two, so that an index that is cut to it needs no
/// bounds check.
pub(crate) const POSITIONS: usize = 256 * 1024;

/// The window, the text, and the padding.
pub(crate) type Buffer = [u8; POSITIONS + PADDING];

/// The slots of a table: several for each field in a window of rows.
const SLOTS_LOG2: u32 = 14;
const SLOTS: usize = 1 << SLOTS_LOG2;

/// The table of a field with the next one.
const PAIRS: usize = 0;
/// The table of a field.
const SINGLES: usize = SLOTS;
/// The table of the first bytes of a field. Times and addresses often differ only in their last bytes.
const PREFIXES: usize = 2 * SLOTS;

/// After a match, a field is looked up if the match leaves at least this many of its bytes.
const MIN_UNCOVERED: usize = 5;

/// The assumed cost of a literal in bits. Digits cost less and words more.
const BYTE_BITS: usize = 4;

/// The bits that a match must save after subtracting the bits of its distance.
const MIN_GAIN: usize = 8;

/// The shortest match that can save bits.
const MIN_LENGTH: usize = 4;

/// The position at which each hash was last seen, for all three tables.
type Tables = [u32; 3 * SLOTS];

/// The origin at which positions are renumbered, because they have 32 bits.
const LAST_ORIGIN: u32 = 1 << 31;

/// Finds matches in a stream, block by block, and in the streams after it.
#[derive(Debug)]
pub(crate) struct Matcher {
    fields: Fields,
    /// The position of the first byte in the buffer. At least 1.
    origin: u32,
    tables: Box<Tables>,
}

/// Bytes that equal those `distance` before.
#[derive(Debug, Clone)]
struct Match {
    range: Range<usize>,
    distance: usize,
}

impl Matcher {
    pub(crate) fn new() -> Self {
        Self {
            fields: Fields::default(),
            origin: 1,
            tables: Box::new([0; 3 * SLOTS]),
        }
    }

    /// Records that this many bytes have been removed from the beginning of the buffer.
    pub(crate) fn move_on(&mut self, gone: usize) {
        self.origin += gone as u32;
        if self.origin >= LAST_ORIGIN {
            let before = self.origin - 1;
            for position in &mut *self.tables {
                *position = position.saturating_sub(before);
            }
            self.origin = 1;
        }
    }

    /// Appends the tokens of `text`, a range of `buffer` that at least [`PADDING`] bytes follow.
    pub(crate) fn find(&mut self, buffer: &Buffer, text: Range<usize>, tokens: &mut Tokens) {
        let Range { start: begin, end } = text;
        self.fields.mark(&buffer[begin..end]);
        let next_field = |from: usize| begin + self.fields.next(from - begin);

        let mut covered = begin;
        let mut field = begin;
        let mut next = next_field(field + 1);
        let mut hash = hash_of(buffer, field, next);
        while field < end {
            let after_next = next_field(next + 1);
            let next_hash = hash_of(buffer, next, after_next);
            let first_bytes = load(buffer, field);
            let here = self.origin + field as u32;
            let seen = [
                (PAIRS, mix(hash.rotate_left(5) ^ next_hash)),
                (SINGLES, hash),
                (PREFIXES, mix(first_bytes << 16)),
            ]
            .map(|(table, hash)| std::mem::replace(&mut self.tables[table + slot(hash)], here));

            let mut found = None;
            for there in seen {
                let distance = (here - there) as usize;
                if distance.wrapping_sub(1) < WINDOW.min(field)
                    && load(buffer, field - distance) as u32 == first_bytes as u32
                {
                    found = extend(buffer, field, distance, covered..end);
                    if found.is_some() {
                        break;
                    }
                }
            }
            (field, next, hash) = (next, after_next, next_hash);
            let Some(Match { range, distance }) = found else {
                continue;
            };
            tokens.literals(buffer, covered, range.start - covered);
            tokens.repeat(range.len(), distance);
            covered = range.end;
            if covered > field {
                field = begin + self.fields.previous(covered - begin);
                next = next_field(field + 1);
                if next < covered + MIN_UNCOVERED {
                    field = next;
                    next = next_field(field + 1);
                }
                hash = hash_of(buffer, field, next);
            }
        }
        tokens.literals(buffer, covered, end - covered);
        tokens.end();
    }
}

/// Extends a match of the field at `at` in both directions, within `open`, the text that no match
/// covers yet. If `open` begins after `at`, the match begins there. Returns `None` unless the match
/// saves enough bits.
#[inline(always)]
fn extend(buffer: &Buffer, at: usize, distance: usize, open: Range<usize>) -> Option<Match> {
    let most = MAX_MATCH + open.start.saturating_sub(at);
    let forwards = equal_forwards(buffer, at, distance, most.min(open.end - at));
    let end = at + forwards;
    let start = match at.checked_sub(open.start) {
        Some(before) => {
            let most = before.min(at - distance).min(MAX_MATCH - forwards);
            at - equal_backwards(buffer, at, distance, most)
        }
        None => open.start,
    };
    let length = end.checked_sub(start)?;
    let distance_bits = (usize::BITS - distance.leading_zeros()) as usize;
    (length >= MIN_LENGTH && length * BYTE_BITS > distance_bits + MIN_GAIN).then_some(Match {
        range: start..end,
        distance,
    })
}

/// Counts the bytes from `at` that equal those `distance` before, up to `most`.
#[inline(always)]
fn equal_forwards(buffer: &Buffer, at: usize, distance: usize, most: usize) -> usize {
    let mut length = 0;
    while length < most {
        let here = at + length;
        let difference = load(buffer, here) ^ load(buffer, here - distance);
        if difference != 0 {
            length += (difference.trailing_zeros() / 8) as usize;
            break;
        }
        length += 8;
    }
    length.min(most)
}

/// Counts the bytes before `at` that equal those `distance` before, up to `most`. Bytes within eight
/// bytes of the beginning of the buffer are not compared.
#[inline(always)]
fn equal_backwards(buffer: &Buffer, at: usize, distance: usize, most: usize) -> usize {
    let mut length = 0;
    while length < most && at - distance - length >= 8 {
        let here = at - length - 8;
        let difference = load(buffer, here) ^ load(buffer, here - distance);
        if difference != 0 {
            length += (difference.leading_zeros() / 8) as usize;
            break;
        }
        length += 8;
    }
    length.min(most)
}

/// Loads eight bytes at `at`, the first one lowest.
#[inline(always)]
fn load(buffer: &Buffer, at: usize) -> u64 {
    let at = at % POSITIONS;
    let eight = buffer.get(at..at + 8).and_then(<[u8]>::first_chunk);
    eight.copied().map_or(0, u64::from_le_bytes)
}

/// Hashes the field from `at` to `next`: its last eight bytes, and its first eight if it is longer.
#[inline(always)]
fn hash_of(buffer: &Buffer, at: usize, next: usize) -> u64 {
    let length = next - at;
    let last = load(buffer, next.saturating_sub(8));
    let last = last.checked_shr(64 - 8 * length.min(8) as u32).unwrap_or(0);
    let first = if length > 8 { load(buffer, at) } else { 0 };
    mix(last) ^ first.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
}

/// Spreads the low bits over the high ones: Fibonacci hashing, by the golden ratio.
#[inline(always)]
fn mix(value: u64) -> u64 {
    value.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline(always)]
fn slot(hash: u64) -> usize {
    (hash >> (64 - SLOTS_LOG2)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(matcher: &mut Matcher, buffer: &Buffer, text: Range<usize>) -> Tokens {
        let mut tokens = Tokens::default();
        matcher.find(buffer, text, &mut tokens);
        tokens
    }

    /// Renumbering the positions changes no match.
    #[test]
    fn renumbered_positions_give_the_same_matches() {
        let rows: String = (0..4_000)
            .map(|row| format!("{row},same,{}\n", row / 9))
            .collect();
        let (gone, middle, end) = (5_000, rows.len() / 2, rows.len());
        let second = |mut matcher: Matcher| {
            let mut buffer = Box::new([0; POSITIONS + PADDING]);
            buffer[..end].copy_from_slice(rows.as_bytes());
            found(&mut matcher, &buffer, 0..middle);
            matcher.move_on(gone);
            buffer.copy_within(gone.., 0);
            found(&mut matcher, &buffer, middle - gone..end - gone)
        };
        let near_the_end = Matcher {
            origin: LAST_ORIGIN - 100,
            ..Matcher::new()
        };
        assert_eq!(second(near_the_end), second(Matcher::new()));
    }
}
