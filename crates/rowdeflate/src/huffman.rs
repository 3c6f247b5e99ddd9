//! Huffman codes of limited length, in the canonical form of RFC 1951, 3.2.2.

/// Bits of a symbol's number. There are at most 288 symbols, and the frequency of a symbol in a block
/// fits the other bits of a `u32`.
const SYMBOL_BITS: u32 = 9;

/// A prefix code for `N` symbols. A symbol of length 0 has no code.
#[derive(Debug, Clone)]
pub(crate) struct Code<const N: usize> {
    pub(crate) lengths: [u8; N],
    /// The codes with their bits reversed, as DEFLATE writes them.
    pub(crate) codes: [u16; N],
}

impl<const N: usize> Code<N> {
    /// Returns the best code for these frequencies, or nearly the best if a length exceeds `limit`.
    /// At least two symbols get a code, because some decoders refuse fewer.
    pub(crate) fn new(frequencies: &[u32; N], limit: usize) -> Self {
        // The frequency in the high bits and the symbol in the low ones, to sort by both.
        let mut used: Vec<u32> = Vec::with_capacity(N);
        used.extend(
            (frequencies.iter().zip(0..))
                .filter(|(frequency, _)| **frequency > 0)
                .map(|(frequency, symbol)| frequency << SYMBOL_BITS | symbol),
        );
        for symbol in 0..2 {
            let is_used = used.iter().any(|other| symbol_of(*other) == symbol);
            if used.len() < 2 && !is_used {
                used.push(1 << SYMBOL_BITS | symbol);
            }
        }
        used.sort_unstable();
        let counts = limited(lengths_used(&used), limit);
        let mut lengths = [0; N];
        let mut rarest_first = used.iter();
        for length in (1..=limit).rev() {
            for symbol in rarest_first.by_ref().take(counts[length] as usize) {
                lengths[symbol_of(*symbol) as usize] = length as u8;
            }
        }
        Self::from_lengths(lengths)
    }

    /// Returns the canonical code with these lengths.
    pub(crate) fn from_lengths(lengths: [u8; N]) -> Self {
        let mut counts = [0_u16; 16];
        for length in lengths {
            counts[usize::from(length & 15)] += 1;
        }
        counts[0] = 0;
        let mut next = [0_u16; 16];
        for length in 1..16 {
            next[length] = (next[length - 1] + counts[length - 1]) << 1;
        }
        let mut codes = [0; N];
        for (code, length) in codes.iter_mut().zip(lengths) {
            if length > 0 {
                let next = &mut next[usize::from(length & 15)];
                *code = next.reverse_bits() >> (16 - length);
                *next += 1;
            }
        }
        Self { lengths, codes }
    }

    /// Returns the size in bits of symbols with these frequencies.
    pub(crate) fn cost(&self, frequencies: &[u32; N]) -> u64 {
        (frequencies.iter().zip(self.lengths))
            .map(|(frequency, length)| u64::from(*frequency) * u64::from(length))
            .sum()
    }
}

fn symbol_of(used: u32) -> u32 {
    used % (1 << SYMBOL_BITS)
}

/// Returns the number of symbols of each code length, by the in-place algorithm of Moffat and
/// Katajainen (<https://doi.org/10.1007/3-540-60220-8_79>).
fn lengths_used(rarest_first: &[u32]) -> [u32; 64] {
    let mut a: Vec<u32> = (rarest_first.iter())
        .map(|used| used >> SYMBOL_BITS)
        .collect();
    let n = a.len();
    // First pass: `a[i]` becomes the index of the node's parent.
    let (mut leaf, mut root) = (0, 0);
    for next in 0..n - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf < n && (root >= next || a[leaf] <= a[root]) {
                weight += a[leaf];
                leaf += 1;
            } else {
                weight += a[root];
                a[root] = next as u32;
                root += 1;
            }
        }
        a[next] = weight;
    }
    // Second pass: parents become depths.
    a[n - 2] = 0;
    for node in (0..n - 2).rev() {
        a[node] = a[a[node] as usize] + 1;
    }
    // Third pass: the number of leaves at each depth follows from that of inner nodes.
    let mut counts = [0; 64];
    let (mut available, mut depth) = (1, 0_usize);
    let mut inner = n - 1;
    while available > 0 {
        let mut used = 0;
        while inner > 0 && a[inner - 1] as usize == depth {
            used += 1;
            inner -= 1;
        }
        counts[depth.min(63)] += available - used;
        available = 2 * used;
        depth += 1;
    }
    counts
}

/// Shortens all lengths to `limit`, and lengthens others until the code is a prefix code again.
fn limited(mut counts: [u32; 64], limit: usize) -> [u32; 64] {
    for length in limit + 1..64 {
        counts[limit] += counts[length];
        counts[length] = 0;
    }
    // The Kraft sum, in units of the longest code. It must be 2^limit.
    let mut total: u32 = (1..=limit)
        .map(|length| counts[length] << (limit - length))
        .sum();
    while total > 1 << limit {
        counts[limit] -= 1;
        if let Some(length) = (1..limit).rev().find(|length| counts[*length] > 0) {
            counts[length] -= 1;
            counts[length + 1] += 2;
        }
        total -= 1;
    }
    counts
}
