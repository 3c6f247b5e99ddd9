//! Where fields begin.

/// A bit for every byte of a chunk: whether a field begins there.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    groups: Vec<u64>,
}

impl Fields {
    /// Finds the fields of `chunk`. One begins with it, and one behind it.
    pub(crate) fn mark(&mut self, chunk: &[u8]) {
        self.groups.clear();
        let (groups, rest) = chunk.as_chunks::<64>();
        let mut delimiter_before = 0;
        for group in groups {
            self.groups.push(begins(group, &mut delimiter_before));
        }
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        let behind = 1 << rest.len();
        let within = begins(&last, &mut delimiter_before) & (behind - 1);
        self.groups.push(within | behind);
        self.groups[0] |= 1;
    }

    /// The first field that begins at `from` or later.
    #[inline(always)]
    pub(crate) fn next(&self, from: usize) -> usize {
        let mut index = from / 64;
        let mut begins = self.group(index) & (u64::MAX << (from % 64));
        while begins == 0 {
            index += 1;
            begins = self.group(index);
        }
        index * 64 + begins.trailing_zeros() as usize
    }

    /// The last field that begins at `from` or before.
    #[inline(always)]
    pub(crate) fn previous(&self, from: usize) -> usize {
        let mut index = from / 64;
        let mut begins = self.group(index) & (u64::MAX >> (63 - from % 64));
        while begins == 0 {
            index -= 1;
            begins = self.group(index);
        }
        index * 64 + 63 - begins.leading_zeros() as usize
    }

    #[inline(always)]
    fn group(&self, index: usize) -> u64 {
        self.groups.get(index).copied().unwrap_or(u64::MAX)
    }
}

/// Where fields begin in a group: behind delimiters that no other follows.
#[inline(always)]
fn begins(group: &[u8; 64], delimiter_before: &mut u64) -> u64 {
    let mut delimiters = mask(group, is_delimiter);
    if delimiters.count_ones() < 2 {
        delimiters |= mask(group, is_substitute);
    }
    let behind = delimiters << 1 | *delimiter_before;
    *delimiter_before = delimiters >> 63;
    let begins = behind & !delimiters;
    if begins == 0 { 1 } else { begins }
}

/// What ends a field, and a word: in ASCII, what comes before the hyphen is white space, quotes,
/// the opening of brackets, the comma.
#[inline(always)]
fn is_delimiter(byte: u8) -> bool {
    byte <= b',' || byte == b'=' || byte == b'/'
}

/// Stands in for a delimiter where there are none, so that the same bytes are cut in the same
/// places wherever they stand.
#[inline(always)]
fn is_substitute(byte: u8) -> bool {
    byte & 7 == 0
}

/// A bit for every byte.
#[inline(always)]
fn mask(group: &[u8; 64], is: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0_u8; 64];
    for (flag, byte) in flags.iter_mut().zip(group) {
        *flag = is(*byte).into();
    }
    let mut mask = 0;
    for (index, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Brings the lowest bit of each byte into the highest byte, the first byte's first.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (8 * index);
    }
    mask
}
