//! Tokens: the literals, lengths and distances of a block, as symbols of RFC 1951, 3.2.5.

pub(crate) const MIN_MATCH: usize = 3;
pub(crate) const MAX_MATCH: usize = 258;

/// The number of symbols of the first code: literals, the end of the block, and lengths.
pub(crate) const LITERALS: usize = 288;
const END_OF_BLOCK: u32 = 256;
const LENGTHS: u32 = 257;

/// The number of symbols of the second code, for distances. A token numbers them after those of the
/// first code.
pub(crate) const DISTANCES: usize = 30;

/// A power of two that is large enough for the symbols of both codes.
pub(crate) const SYMBOLS: usize = 512;

/// Literals that are copied at once. Nearly all runs are shorter, and copying too many costs less than
/// a loop of unknown length.
const RUN: usize = 16;

/// A symbol and the value of its extra bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u32);

impl Token {
    #[inline(always)]
    fn new(symbol: u32, extra: u16) -> Self {
        Self(symbol | u32::from(extra) << 16)
    }

    #[inline(always)]
    pub(crate) fn symbol(self) -> usize {
        self.0 as usize % SYMBOLS
    }

    #[inline(always)]
    pub(crate) fn extra(self) -> u64 {
        u64::from(self.0 >> 16)
    }
}

/// The tokens of a block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens(Vec<Token>);

impl Tokens {
    /// Reserves room for a block of this size without any match.
    pub(crate) fn for_block(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes + RUN))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn as_slice(&self) -> &[Token] {
        &self.0
    }

    /// Adds `count` bytes of `text`, beginning at `at`, as literals.
    #[inline(always)]
    pub(crate) fn literals(&mut self, text: &[u8], at: usize, count: usize) {
        let literal = |byte: u8| Token::new(byte.into(), 0);
        match text.get(at..).and_then(<[u8]>::first_chunk::<RUN>) {
            Some(run) if count <= RUN => {
                let length = self.0.len() + count;
                self.0.extend_from_slice(&run.map(literal));
                self.0.truncate(length);
            }
            _ => (self.0).extend(text[at..at + count].iter().copied().map(literal)),
        }
    }

    /// Adds a match.
    #[inline(always)]
    pub(crate) fn repeat(&mut self, length: usize, distance: usize) {
        let length = (length - MIN_MATCH) as u16;
        let distance = (distance - 1) as u16;
        let (of_length, of_distance) = (length_bin(length), distance_bin(distance));
        self.0.extend_from_slice(&[
            Token::new(of_length.symbol.into(), length - of_length.base),
            Token::new(of_distance.symbol.into(), distance - of_distance.base),
        ]);
    }

    pub(crate) fn end(&mut self) {
        self.0.push(Token::new(END_OF_BLOCK, 0));
    }
}

/// The number of extra bits of each symbol.
pub(crate) static EXTRA: [u8; SYMBOLS] = {
    let mut extra = [0; SYMBOLS];
    let mut value = 0;
    while value < 512 {
        let bin = DISTANCE_BINS[value];
        extra[bin.symbol as usize] = bin.extra;
        let bin = LENGTH_BINS[value % 256];
        extra[bin.symbol as usize] = bin.extra;
        value += 1;
    }
    extra
};

/// A symbol for a range of values. The extra bits are the value minus `base`.
#[derive(Debug, Clone, Copy)]
struct Bin {
    symbol: u16,
    extra: u8,
    base: u16,
}

/// The bins of lengths, by the length minus [`MIN_MATCH`].
static LENGTH_BINS: [Bin; 256] = {
    let mut bins = [Bin {
        symbol: LENGTHS as u16 + 28,
        extra: 0,
        base: 255,
    }; 256];
    let (mut symbol, mut base) = (0, 0);
    while symbol < 28 {
        let extra = if symbol < 8 { 0 } else { symbol / 4 - 1 };
        let mut length = base;
        while length < base + (1 << extra) && length < 255 {
            bins[length as usize] = Bin {
                symbol: LENGTHS as u16 + symbol,
                extra: extra as u8,
                base,
            };
            length += 1;
        }
        base += 1 << extra;
        symbol += 1;
    }
    bins
};

/// The bins of distances, by the distance minus one if that is below 256, and else by 256 plus a 128th
/// of that.
static DISTANCE_BINS: [Bin; 512] = {
    let mut bins = [Bin {
        symbol: 0,
        extra: 0,
        base: 0,
    }; 512];
    let (mut symbol, mut base) = (0, 0_u32);
    while symbol < DISTANCES as u16 {
        let extra = if symbol < 4 { 0 } else { symbol / 2 - 1 };
        let bin = Bin {
            symbol: LITERALS as u16 + symbol,
            extra: extra as u8,
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
fn length_bin(less_three: u16) -> Bin {
    LENGTH_BINS[usize::from(less_three) & 255]
}

#[inline(always)]
fn distance_bin(less_one: u16) -> Bin {
    let near = usize::from(less_one);
    let far = 256 + usize::from(less_one >> 7);
    DISTANCE_BINS[(if near < 256 { near } else { far }) & 511]
}
