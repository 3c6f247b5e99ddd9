//! Counts the fields of a message, and checks the bytes of its numbers, 64 bytes at a time.

use wide::u8x16;

use super::super::places::{LANE, WORD};
use crate::schema::FieldKind;

/// A field whose type differs from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    field: usize,
    kind: EdgeKind,
}

/// What a field may hold, as far as it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeKind {
    Text,
    Int,
    BigInt,
}

impl EdgeKind {
    pub(super) fn of(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Int => Self::Int,
            FieldKind::BigInt => Self::BigInt,
            FieldKind::Double | FieldKind::Text | FieldKind::Timestamp | FieldKind::Json => {
                Self::Text
            }
        }
    }

    /// Returns the most digits that fit whatever they are.
    pub(super) const fn most_digits(self) -> u32 {
        match self {
            Self::Text => u32::MAX,
            Self::Int => i32::MAX.ilog10(),
            Self::BigInt => i64::MAX.ilog10(),
        }
    }
}

/// Returns the fields whose type differs from the one before.
pub(super) fn edges(kinds: &[FieldKind]) -> Vec<Edge> {
    let mut before = EdgeKind::Text;
    let mut edges = Vec::new();
    for (field, kind) in kinds.iter().enumerate() {
        let kind = EdgeKind::of(*kind);
        if std::mem::replace(&mut before, kind) != kind {
            edges.push(Edge { field, kind });
        }
    }
    edges
}

/// What is known of a message that satisfies [`Fields::Spaced`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) fields: usize,
    /// Whether every number consists of digits, and of few enough that it fits its type. Otherwise the
    /// numbers have to be looked at one by one.
    pub(super) numbers_fit: bool,
}

/// Counts the fields of a message that satisfies [`Fields::Spaced`], and checks the bytes of its
/// numbers. Returns `None` for any other message.
#[inline]
pub(super) fn scan(message: &[u8], edges: &[Edge]) -> Option<Scan> {
    let mut scanner = Scanner {
        edges,
        kind: EdgeKind::Text,
        spaces: 0,
        after_space: true,
        has_empty_field: false,
        digits_before: 0,
        other_in_number: 0,
        long_numbers: 0,
    };
    let mut forbidden = u8x16::splat(0);
    let (words, rest) = message.as_chunks::<WORD>();
    for word in words {
        let (lanes, _) = word.as_chunks::<LANE>();
        let mut masks = Masks::default();
        for (i, lane) in lanes.iter().enumerate() {
            masks.add(Masks::of(*lane, &mut forbidden), i * LANE);
        }
        scanner.word(masks, WORD);
    }
    if !rest.is_empty() {
        let (lanes, tail) = rest.as_chunks::<LANE>();
        let mut masks = Masks::default();
        for (i, lane) in lanes.iter().enumerate() {
            masks.add(Masks::of(*lane, &mut forbidden), i * LANE);
        }
        if !tail.is_empty() {
            let masks_of_tail = match message.last_chunk::<LANE>() {
                Some(lane) => Masks::of(*lane, &mut forbidden).without(LANE - tail.len()),
                None => {
                    let mut lane = [b'0'; LANE];
                    lane[..tail.len()].copy_from_slice(tail);
                    Masks::of(lane, &mut forbidden)
                }
            };
            masks.add(masks_of_tail, lanes.len() * LANE);
        }
        scanner.word(masks, rest.len());
    }
    let is_spaced = !scanner.has_empty_field && !scanner.after_space && forbidden.to_bitmask() == 0;
    is_spaced.then_some(Scan {
        fields: scanner.spaces + 1,
        numbers_fit: scanner.other_in_number | scanner.long_numbers == 0,
    })
}

/// A bit for each of up to 64 bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Masks {
    spaces: u64,
    /// Neither spaces nor digits.
    others: u64,
}

impl Masks {
    /// Returns the masks of 16 bytes. Also collects the bytes that would need quotes in CSV. Readers
    /// of CSV do not agree on quotes and backslashes, and a shifted column is worse than a rejected
    /// event.
    #[inline(always)]
    fn of(lane: [u8; LANE], forbidden: &mut u8x16) -> Self {
        let bytes = u8x16::new(lane);
        let equals = |byte| bytes.simd_eq(u8x16::splat(byte));
        let spaces = equals(b' ');
        let digits = (bytes - u8x16::splat(b'0')).simd_le(u8x16::splat(9));
        *forbidden |= equals(b',') | equals(b'"') | equals(b'\\') | equals(b'\n') | equals(b'\r');
        Self {
            spaces: u64::from(spaces.to_bitmask()),
            others: u64::from((spaces | digits).to_bitmask() ^ 0xffff),
        }
    }

    #[inline(always)]
    fn add(&mut self, masks: Self, offset: usize) {
        self.spaces |= masks.spaces << offset;
        self.others |= masks.others << offset;
    }

    #[inline(always)]
    fn without(self, first: usize) -> Self {
        Self {
            spaces: self.spaces >> first,
            others: self.others >> first,
        }
    }
}

/// Follows the fields through the words of a message.
struct Scanner<'a> {
    /// The edges that are still to come.
    edges: &'a [Edge],
    /// That of the current field.
    kind: EdgeKind,
    /// Spaces so far, which is also the index of the current field.
    spaces: usize,
    /// Whether the last byte was a space, as before the first byte.
    after_space: bool,
    has_empty_field: bool,
    /// Digits at the end of the words before.
    digits_before: u32,
    /// Bytes in numbers that are not digits.
    other_in_number: u64,
    /// Not zero if a number has so many digits that it may not fit.
    long_numbers: u64,
}

impl Scanner<'_> {
    #[inline(always)]
    fn word(&mut self, masks: Masks, length: usize) {
        let before = masks.spaces << 1 | u64::from(self.after_space);
        self.has_empty_field |= masks.spaces & before != 0;
        self.after_space = masks.spaces >> (length - 1) & 1 != 0;

        let unused = (WORD - length) as u32;
        let digits = !(masks.spaces | masks.others) & (u64::MAX >> unused);
        // A number that began in the word before.
        let number = self.digits_before + digits.trailing_ones();
        self.long_numbers |= u64::from(self.digits_before > 0 && number > self.kind.most_digits());
        self.digits_before = match (digits << unused).leading_ones() {
            whole if whole as usize == length => number,
            part => part,
        };
        let long = LongNumbers::of(digits);

        let after = self.spaces + masks.spaces.count_ones() as usize;
        let mut spaces = masks.spaces;
        // Bits at and after the beginning of the current run.
        let mut run = u64::MAX;
        while let [edge, rest @ ..] = self.edges
            && edge.field <= after
        {
            let mut beginning = u64::MAX;
            if edge.field > 0 {
                for _ in self.spaces + 1..edge.field {
                    spaces &= spaces - 1;
                }
                // All bits above the space.
                beginning = !(spaces ^ (spaces - 1));
                spaces &= spaces - 1;
            }
            self.spaces = edge.field;
            self.look_at(masks.others, long, run & !beginning);
            run = beginning;
            self.kind = edge.kind;
            self.edges = rest;
        }
        self.look_at(masks.others, long, run);
        self.spaces = after;
    }

    /// Looks at the fields of the current type in a word. Those are the bits of `run`.
    #[inline(always)]
    fn look_at(&mut self, others: u64, long: LongNumbers, run: u64) {
        match self.kind {
            EdgeKind::Text => return,
            EdgeKind::Int => self.long_numbers |= long.for_int & run,
            EdgeKind::BigInt => self.long_numbers |= long.for_bigint & run,
        }
        self.other_in_number |= others & run;
    }
}

/// The digits at which more than a number's digits begin.
#[derive(Debug, Clone, Copy)]
struct LongNumbers {
    for_int: u64,
    for_bigint: u64,
}

impl LongNumbers {
    #[inline(always)]
    fn of(digits: u64) -> Self {
        let two = digits & digits >> 1;
        let four = two & two >> 2;
        let eight = four & four >> 4;
        let sixteen = eight & eight >> 8;
        const { assert!(EdgeKind::Int.most_digits() == 9 && EdgeKind::BigInt.most_digits() == 18) };
        Self {
            for_int: eight & two >> 8,
            for_bigint: sixteen & two >> 16 & digits >> 18,
        }
    }
}
