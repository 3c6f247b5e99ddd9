//! Huffman codes of limited length, in the canonical form of RFC 1951, 3.2.2.

/// Bits of a symbol's number: there are 288 at most, and a block has few enough of each that its
/// frequency fits above.
const SYMBOL_BITS: u32 = 9;

/// A prefix code for `N` symbols. A symbol of length 0 has no code.
#[derive(Debug, Clone)]
pub(crate) struct Code<const N: usize> {
    pub(crate) lengths: [u8; N],
    /// In the order in which they are written: reversed.
    pub(crate) codes: [u16; N],
}

impl<const N: usize> Code<N> {
    /// The best code for these frequencies, but for a little where a length would exceed `limit`.
    /// At least two symbols get a code, for decoders that refuse less.
    pub(crate) fn new(frequencies: &[u32; N], limit: usize) -> Self {
        // A symbol below its frequency, so that they sort as one number.
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

    /// The code that these lengths stand for.
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

    /// Bits that so many of each symbol take.
    pub(crate) fn cost(&self, frequencies: &[u32; N]) -> u64 {
        (frequencies.iter().zip(self.lengths))
            .map(|(frequency, length)| u64::from(*frequency) * u64::from(length))
            .sum()
    }
}

fn symbol_of(used: u32) -> u32 {
    used % (1 << SYMBOL_BITS)
}

/// How many symbols have which length, by the in-place algorithm of Moffat and Katajainen
/// (<https://doi.org/10.1007/3-540-60220-8_79>).
fn lengths_used(rarest_first: &[u32]) -> [u32; 64] {
    let mut a: Vec<u32> = (rarest_first.iter())
        .map(|used| used >> SYMBOL_BITS)
        .collect();
    let n = a.len();
    // Frequencies become parents: `a[i]` of a node that has one is its index.
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
    // Parents become depths.
    a[n - 2] = 0;
    for node in (0..n - 2).rev() {
        a[node] = a[a[node] as usize] + 1;
    }
    // Inner nodes by depth tell the leaves.
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

/// Brings every length down to `limit`, and makes the code whole again.
fn limited(mut counts: [u32; 64], limit: usize) -> [u32; 64] {
    for length in limit + 1..64 {
        counts[limit] += counts[length];
        counts[length] = 0;
    }
    // In units of the longest code, of which there is room for 2^limit.
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
