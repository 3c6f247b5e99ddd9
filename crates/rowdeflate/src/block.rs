//! Writes blocks of DEFLATE (RFC 1951, 3.2) in the fewest bits.
//!
//! The size of a block is calculated exactly for each of the three types: stored, with fixed codes,
//! and with codes of its own. The smallest is written.

use std::sync::LazyLock;

use crate::bits::{self, BitWriter, Bits};
use crate::huffman::Code;
use crate::tokens::{DISTANCES, EXTRA, LITERALS, SYMBOLS, Token};

/// The maximum size of a stored block, in bytes.
const MAX_STORED: usize = 65_535;

/// The order in which the lengths of the code for code lengths are written.
const LENGTHS_ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Writes a block. `tokens` must decode to `text`.
pub(crate) fn write(
    text: &[u8],
    tokens: &[Token],
    last: bool,
    bits: Bits,
    out: &mut Vec<u8>,
) -> Bits {
    let counts = Counts::new(tokens);
    let codes = Codes::new(&counts);
    let header = Header::new(&codes);
    let dynamic = header.cost() + codes.cost(&counts);
    let fixed = FIXED.cost(&counts);
    let stored = stored_cost(text.len(), bits);
    let least = dynamic.min(fixed).min(stored);

    bits::append(out, bits, 3 + least, |writer| {
        if least == stored {
            write_stored(writer, text, last);
            return;
        }
        writer.put(last.into(), 1);
        if least == fixed {
            writer.put(1, 2);
            FIXED.write(tokens, writer);
        } else {
            writer.put(2, 2);
            header.write(writer);
            codes.write(tokens, writer);
        }
    })
}

/// Returns the size of stored blocks in bits, without the first three bits, which every type has.
fn stored_cost(length: usize, bits: Bits) -> u64 {
    let blocks = length.div_ceil(MAX_STORED).max(1) as u64;
    bits.to_fill_byte(3) + 8 * length as u64 + 32 + (blocks - 1) * 40
}

fn write_stored(writer: &mut BitWriter<'_>, text: &[u8], last: bool) {
    let mut rest = text;
    loop {
        let (block, after) = rest.split_at(rest.len().min(MAX_STORED));
        rest = after;
        writer.put((last && rest.is_empty()).into(), 3);
        writer.align();
        let length = block.len() as u16;
        writer.bytes(&length.to_le_bytes());
        writer.bytes(&(!length).to_le_bytes());
        writer.bytes(block);
        if rest.is_empty() {
            return;
        }
    }
}

/// The frequency of each symbol.
struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
    /// The number of extra bits after the symbols.
    extra: u64,
}

impl Counts {
    #[inline(never)]
    fn new(tokens: &[Token]) -> Self {
        // Four tables in turn: incrementing one counter twice in a row would wait for the first
        // increment.
        let mut tables = [[0_u32; SYMBOLS]; 4];
        let (fours, rest) = tokens.as_chunks::<4>();
        for four in fours {
            for (table, token) in tables.iter_mut().zip(four) {
                table[token.symbol()] += 1;
            }
        }
        for token in rest {
            tables[0][token.symbol()] += 1;
        }
        let [mut all, others @ ..] = tables;
        for table in others {
            for (count, more) in all.iter_mut().zip(table) {
                *count += more;
            }
        }
        let mut literals = [0; LITERALS];
        let mut distances = [0; DISTANCES];
        literals.copy_from_slice(&all[..LITERALS]);
        distances.copy_from_slice(&all[LITERALS..][..DISTANCES]);
        let bits = |(count, bits): (&u32, u8)| u64::from(*count) * u64::from(bits);
        Self {
            literals,
            distances,
            extra: all.iter().zip(EXTRA).map(bits).sum(),
        }
    }
}

static FIXED: LazyLock<Codes> = LazyLock::new(Codes::fixed);

/// The two codes of a block.
struct Codes {
    literals: Code<LITERALS>,
    distances: Code<DISTANCES>,
}

impl Codes {
    fn new(counts: &Counts) -> Self {
        Self {
            literals: Code::new(&counts.literals, 15),
            distances: Code::new(&counts.distances, 15),
        }
    }

    /// Returns the fixed codes of RFC 1951, 3.2.6.
    fn fixed() -> Self {
        let mut literals = [8; LITERALS];
        literals[144..256].fill(9);
        literals[256..280].fill(7);
        Self {
            literals: Code::from_lengths(literals),
            distances: Code::from_lengths([5; DISTANCES]),
        }
    }

    fn cost(&self, counts: &Counts) -> u64 {
        self.literals.cost(&counts.literals) + self.distances.cost(&counts.distances) + counts.extra
    }

    /// Returns for each symbol its code, the length of the code, and that length with extra bits.
    fn entries(&self) -> [(u16, u8, u8); SYMBOLS] {
        let mut entries = [(0, 0, 0); SYMBOLS];
        let mut fill = |first: usize, codes: &[u16], lengths: &[u8]| {
            let of_each = codes.iter().zip(lengths).zip(&EXTRA[first..]);
            for (entry, ((code, length), extra)) in entries[first..].iter_mut().zip(of_each) {
                *entry = (*code, *length, length + extra);
            }
        };
        fill(0, &self.literals.codes, &self.literals.lengths);
        fill(LITERALS, &self.distances.codes, &self.distances.lengths);
        entries
    }

    #[inline(never)]
    fn write(&self, tokens: &[Token], writer: &mut BitWriter<'_>) {
        let entries = self.entries();
        let put = |token: &Token, writer: &mut BitWriter<'_>| {
            let (code, length, bits) = entries[token.symbol()];
            writer.put(u64::from(code) | token.extra() << length, bits.into());
        };
        writer.flush();
        // Two tokens have at most 48 bits: a length has 20 and a distance 28.
        let (twos, rest) = tokens.as_chunks::<2>();
        for two in twos {
            put(&two[0], writer);
            put(&two[1], writer);
            writer.flush();
        }
        for token in rest {
            put(token, writer);
        }
        writer.flush();
    }
}

/// The code lengths at the beginning of a dynamic block (RFC 1951, 3.2.7).
struct Header {
    literals: usize,
    distances: usize,
    /// Symbols of the code for code lengths, with their extra bits.
    symbols: Vec<(u8, u8)>,
    counts: [u32; 19],
    code: Code<19>,
    /// The number of lengths of the code for code lengths that are written.
    written: usize,
}

impl Header {
    fn new(codes: &Codes) -> Self {
        let used = |lengths: &[u8], least: usize| {
            let last = lengths.iter().rposition(|length| *length > 0);
            last.map_or(least, |last| least.max(last + 1))
        };
        // Symbols 286 and 287 never occur, so they never have a length.
        let literals = used(&codes.literals.lengths, 257);
        let distances = used(&codes.distances.lengths, 1);
        let mut lengths = Vec::with_capacity(literals + distances);
        lengths.extend_from_slice(&codes.literals.lengths[..literals]);
        lengths.extend_from_slice(&codes.distances.lengths[..distances]);
        let symbols = run_lengths(&lengths);
        let mut counts = [0; 19];
        for (symbol, _) in &symbols {
            counts[usize::from(*symbol)] += 1;
        }
        let code = Code::new(&counts, 7);
        let written = (LENGTHS_ORDER.iter())
            .rposition(|symbol| code.lengths[usize::from(*symbol)] > 0)
            .map_or(4, |last| 4.max(last + 1));
        Self {
            literals,
            distances,
            symbols,
            counts,
            code,
            written,
        }
    }

    fn cost(&self) -> u64 {
        let extra = 2 * self.counts[16] + 3 * self.counts[17] + 7 * self.counts[18];
        14 + 3 * self.written as u64 + self.code.cost(&self.counts) + u64::from(extra)
    }

    fn write(&self, writer: &mut BitWriter<'_>) {
        writer.put(self.literals as u64 - 257, 5);
        writer.put(self.distances as u64 - 1, 5);
        writer.put(self.written as u64 - 4, 4);
        for symbol in &LENGTHS_ORDER[..self.written] {
            writer.flush();
            writer.put(self.code.lengths[usize::from(*symbol)].into(), 3);
        }
        for (symbol, extra) in &self.symbols {
            let index = usize::from(*symbol);
            writer.flush();
            writer.put(
                self.code.codes[index].into(),
                self.code.lengths[index].into(),
            );
            writer.put((*extra).into(), extra_bits(*symbol));
        }
    }
}

fn extra_bits(symbol: u8) -> u32 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}

/// Returns lengths as symbols of the code for code lengths: 16 repeats the last length 3 to 6 times,
/// 17 stands for 3 to 10 zeros, and 18 for 11 to 138 zeros.
fn run_lengths(lengths: &[u8]) -> Vec<(u8, u8)> {
    let mut symbols = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(PartialEq::eq) {
        let mut left = run.len();
        let length = run[0];
        if length > 0 {
            symbols.push((length, 0));
            left -= 1;
        }
        while left > 0 {
            let (symbol, least, most) = match (length, left) {
                (_, ..3) => (length, 1, 1),
                (0, 11..) => (18, 11, 138),
                (0, _) => (17, 3, 10),
                _ => (16, 3, 6),
            };
            let repeated = left.min(most);
            symbols.push((symbol, (repeated - least) as u8));
            left -= repeated;
        }
    }
    symbols
}
