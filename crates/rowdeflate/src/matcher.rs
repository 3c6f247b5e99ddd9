//! Finds what was there before, where fields begin.

use std::ops::Range;

use crate::fields::Fields;
use crate::tokens::{MAX_MATCH, Tokens};

/// As far back as DEFLATE reaches.
pub(crate) const WINDOW: usize = 32 * 1024;

/// Bytes behind the text that are read now and then, and mean nothing.
pub(crate) const PADDING: usize = 8;

/// Positions in a buffer are below this: a power of two, so that a position that is cut to it needs
/// no other check.
pub(crate) const POSITIONS: usize = 256 * 1024;

/// A text, what came before it, and what is read behind it.
pub(crate) type Buffer = [u8; POSITIONS + PADDING];

/// Slots of a table: several for each field that a window of rows holds.
const SLOTS_LOG2: u32 = 14;
const SLOTS: usize = 1 << SLOTS_LOG2;

/// Where each table begins. A field and the next: a row's key and what follows it.
const PAIRS: usize = 0;
const SINGLES: usize = SLOTS;
/// A field's first bytes: those of times and addresses are often the same where the rest is not.
const PREFIXES: usize = 2 * SLOTS;

/// A field is looked up if so many of its bytes are not covered by the match before.
const MIN_UNCOVERED: usize = 5;

/// Bits that a byte is taken to cost where nothing matches. Digits cost less, words more.
const BYTE_BITS: usize = 4;

/// Bits that a match must save, on top of those that its distance takes.
const MIN_GAIN: usize = 8;

/// Shorter matches cost more than they save.
const MIN_LENGTH: usize = 4;

/// Tables of where something was seen last, by a hash of it. That of another thing does no harm, since
/// nothing counts before it was compared; nor does one before the buffer, which is too far away.
type Tables = [u32; 3 * SLOTS];

/// Positions are counted anew from here on: they have 32 bits.
const LAST_ORIGIN: u32 = 1 << 31;

/// Remembers the fields of streams.
#[derive(Debug)]
pub(crate) struct Matcher {
    fields: Fields,
    /// The position of the buffer's first byte. Nothing was ever seen at 0.
    origin: u32,
    tables: Box<Tables>,
}

/// Bytes that were there before.
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

    /// Lets so many bytes at the buffer's beginning go: matches do not reach there any more.
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

    /// Appends the tokens of `text`, a part of `buffer`. At least [`PADDING`] bytes must follow it.
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

/// Extends a match of the field at `at` forwards to the end of `open`, which no match covers yet,
/// and backwards to its beginning; or, if that is later than `at`, cuts it there. `None` if it does
/// not pay.
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

/// How many bytes from `at` on, `most` at most, are the same `distance` bytes before.
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

/// The same for those before `at`. What is nearer than eight bytes to the buffer's beginning is left
/// alone.
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

/// The eight bytes at `at`, the first the lowest.
#[inline(always)]
fn load(buffer: &Buffer, at: usize) -> u64 {
    let at = at % POSITIONS;
    let eight = buffer.get(at..at + 8).and_then(<[u8]>::first_chunk);
    eight.copied().map_or(0, u64::from_le_bytes)
}

/// A hash of the field from `at` to `next`: of its last eight bytes, and of its first if it is
/// longer.
#[inline(always)]
fn hash_of(buffer: &Buffer, at: usize, next: usize) -> u64 {
    let length = next - at;
    let last = load(buffer, next.saturating_sub(8));
    let last = last.checked_shr(64 - 8 * length.min(8) as u32).unwrap_or(0);
    let first = if length > 8 { load(buffer, at) } else { 0 };
    mix(last) ^ first.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
}

/// Spreads what is in the low bits over the high ones: a multiple of the golden ratio.
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

    /// That positions are counted anew costs no match, and makes none up.
    #[test]
    fn positions_begin_anew() {
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
