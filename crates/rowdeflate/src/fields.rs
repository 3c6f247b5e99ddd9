//! Finds where fields begin.
//!
//! A field begins after a delimiter that no other delimiter follows. Every 64 bytes (a group) have
//! at least one field. A group with fewer than two delimiters is probably no text, so other bytes
//! count as delimiters there: the same bytes are then cut in the same way wherever they are.

/// A bit for each byte of a chunk, which is set if a field begins there.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    groups: Vec<u64>,
}

impl Fields {
    /// Finds the fields of `chunk`. A field always begins at its first byte, and one after its last.
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

    /// Returns the first field that begins at or after `from`.
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

    /// Returns the last field that begins at or before `from`.
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

/// Returns the fields of a group. `delimiter_before` is 1 if the byte before is a delimiter, and is
/// updated.
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

/// Whether a byte ends a field or a word. The ASCII characters before the hyphen are control
/// characters, white space, quotes, parentheses, the comma and a few others.
#[inline(always)]
fn is_delimiter(byte: u8) -> bool {
    byte <= b',' || byte == b'=' || byte == b'/'
}

/// Whether a byte is a delimiter in a group that has too few.
#[inline(always)]
fn is_substitute(byte: u8) -> bool {
    byte & 7 == 0
}

/// Returns a bit for each byte, the first byte's lowest.
#[inline(always)]
fn mask(group: &[u8; 64], is: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0_u8; 64];
    for (flag, byte) in flags.iter_mut().zip(group) {
        *flag = is(*byte).into();
    }
    let mut mask = 0;
    for (index, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Moves the lowest bit of each byte to the highest byte.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (8 * index);
    }
    mask
}
