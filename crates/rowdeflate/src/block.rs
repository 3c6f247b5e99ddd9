//! Blocks of DEFLATE (RFC 1951, 3.2): what was found, in the fewest bits.

use std::sync::LazyLock;

use crate::bits::{self, BitWriter, Bits};
use crate::huffman::Code;

pub(crate) const MIN_MATCH: usize = 3;
pub(crate) const MAX_MATCH: usize = 258;

/// The most that a stored block holds.
const MAX_STORED: usize = 65_535;

const END_OF_BLOCK: usize = 256;
const LITERALS: usize = 288;
const DISTANCES: usize = 30;

/// The order in which the lengths of the code for lengths are written.
const LENGTHS_ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Bytes as they are, then bytes that were there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Bytes as they are.
    pub(crate) literals: u32,
    /// Bytes to repeat.
    pub(crate) length: u16,
    /// How far back they are, less one.
    pub(crate) distance_less_one: u16,
}

/// A symbol and the bits that follow it.
#[derive(Debug, Clone, Copy)]
struct Bin {
    symbol: u8,
    extra: u8,
    base: u16,
}

/// By length less [`MIN_MATCH`]; the symbol less 257.
static LENGTH_BINS: [Bin; 256] = {
    let mut bins = [Bin {
        symbol: 28,
        extra: 0,
        base: 255,
    }; 256];
    let (mut symbol, mut base) = (0, 0);
    while symbol < 28 {
        let extra = if symbol < 8 { 0 } else { symbol / 4 - 1 };
        let mut length = base;
        while length < base + (1 << extra) && length < 255 {
            bins[length as usize] = Bin {
                symbol,
                extra,
                base,
            };
            length += 1;
        }
        base += 1 << extra;
        symbol += 1;
    }
    bins
};

/// By distance less one, or 256 and a 128th of that.
static DISTANCE_BINS: [Bin; 512] = {
    let mut bins = [Bin {
        symbol: 0,
        extra: 0,
        base: 0,
    }; 512];
    let (mut symbol, mut base) = (0, 0_u32);
    while symbol < DISTANCES as u8 {
        let extra = if symbol < 4 { 0 } else { symbol / 2 - 1 };
        let bin = Bin {
            symbol,
            extra,
            base: base as u16,
        };
        let mut distance = base;
        while distance < base + (1 << extra) {
            if distance < 256 {
                bins[distance as usize] = bin;
            } else {
                bins[256 + (distance >> 7) as usize] = bin;
            }
            distance += 1;
        }
        base += 1 << extra;
        symbol += 1;
    }
    bins
};

#[inline(always)]
fn length_bin(length: u16) -> Bin {
    LENGTH_BINS[usize::from(length - MIN_MATCH as u16) & 255]
}

#[inline(always)]
fn distance_bin(less_one: u16) -> Bin {
    let near = usize::from(less_one);
    let far = 256 + usize::from(less_one >> 7);
    DISTANCE_BINS[(if near < 256 { near } else { far }) & 511]
}

/// Writes `text`, which `sequences` and the literals after the last of them amount to.
pub(crate) fn write(
    text: &[u8],
    sequences: &[Sequence],
    last: bool,
    bits: Bits,
    out: &mut Vec<u8>,
) -> Bits {
    let counts = Counts::new(text, sequences);
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
            FIXED.write(text, sequences, writer);
        } else {
            writer.put(2, 2);
            header.write(writer);
            codes.write(text, sequences, writer);
        }
    })
}

/// Bits of stored blocks, without the three that each kind of block begins with, once.
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

/// How often each symbol comes.
struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
    extra: u64,
}

impl Counts {
    #[inline(never)]
    fn new(text: &[u8], sequences: &[Sequence]) -> Self {
        let mut literals = [0; LITERALS];
        let mut distances = [0; DISTANCES];
        let mut extra = 0;
        let mut rest = text;
        for sequence in sequences {
            let (run, after) = rest.split_at(sequence.literals as usize);
            for literal in run {
                literals[usize::from(*literal)] += 1;
            }
            let length = length_bin(sequence.length);
            let distance = distance_bin(sequence.distance_less_one);
            literals[257 + usize::from(length.symbol)] += 1;
            distances[usize::from(distance.symbol)] += 1;
            extra += u64::from(length.extra + distance.extra);
            rest = &after[usize::from(sequence.length)..];
        }
        for literal in rest {
            literals[usize::from(*literal)] += 1;
        }
        literals[END_OF_BLOCK] += 1;
        Self {
            literals,
            distances,
            extra,
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

    /// Those of RFC 1951, 3.2.6.
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

    #[inline(never)]
    fn write(&self, text: &[u8], sequences: &[Sequence], writer: &mut BitWriter<'_>) {
        let mut literals = [(0_u16, 0_u8); 256];
        for (symbol, literal) in literals.iter_mut().enumerate() {
            *literal = (self.literals.codes[symbol], self.literals.lengths[symbol]);
        }
        // A length's code and the bits that follow it, together.
        let mut lengths = [(0_u32, 0_u8); 256];
        for (value, length) in lengths.iter_mut().enumerate() {
            let bin = LENGTH_BINS[value];
            let symbol = 257 + usize::from(bin.symbol);
            let bits = self.literals.lengths[symbol];
            let extra = (value as u32 - u32::from(bin.base)) << bits;
            *length = (
                u32::from(self.literals.codes[symbol]) | extra,
                bits + bin.extra,
            );
        }
        let mut distances = [(0_u16, 0_u8); 32];
        for (symbol, distance) in distances.iter_mut().take(DISTANCES).enumerate() {
            *distance = (self.distances.codes[symbol], self.distances.lengths[symbol]);
        }
        writer.flush();
        let write_literals = |run: &[u8], writer: &mut BitWriter<'_>| {
            let (threes, rest) = run.as_chunks::<3>();
            for three in threes {
                for literal in three {
                    let (code, bits) = literals[usize::from(*literal)];
                    writer.put(code.into(), bits.into());
                }
                writer.flush();
            }
            for literal in rest {
                let (code, bits) = literals[usize::from(*literal)];
                writer.put(code.into(), bits.into());
            }
            writer.flush();
        };
        let mut rest = text;
        for sequence in sequences {
            let (run, after) = rest.split_at(sequence.literals as usize);
            write_literals(run, writer);
            let (code, bits) = lengths[usize::from(sequence.length - MIN_MATCH as u16) & 255];
            writer.put(code.into(), bits.into());
            let bin = distance_bin(sequence.distance_less_one);
            let (code, bits) = distances[usize::from(bin.symbol & 31)];
            writer.put(code.into(), bits.into());
            let extra = sequence.distance_less_one - bin.base;
            writer.put(extra.into(), bin.extra.into());
            writer.flush();
            rest = &after[usize::from(sequence.length)..];
        }
        write_literals(rest, writer);
        let end = END_OF_BLOCK;
        writer.put(
            self.literals.codes[end].into(),
            self.literals.lengths[end].into(),
        );
        writer.flush();
    }
}

/// The codes' lengths, as a dynamic block begins with them (RFC 1951, 3.2.7).
struct Header {
    literals: usize,
    distances: usize,
    /// Symbols of the code for lengths, with the bits that follow them.
    symbols: Vec<(u8, u8)>,
    counts: [u32; 19],
    code: Code<19>,
    /// How many lengths of the code for lengths are written.
    written: usize,
}

impl Header {
    fn new(codes: &Codes) -> Self {
        let used = |lengths: &[u8], least: usize| {
            let last = lengths.iter().rposition(|length| *length > 0);
            last.map_or(least, |last| least.max(last + 1))
        };
        // Symbols 286 and 287 never occur, so never have a length.
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

/// Lengths as symbols of the code for lengths: 16 repeats the last 3 to 6 times, 17 is 3 to 10
/// zeros, 18 is 11 to 138.
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
