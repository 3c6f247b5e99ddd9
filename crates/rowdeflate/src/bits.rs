//! Writes bits, the lowest first, as DEFLATE packs them (RFC 1951, 3.1.1).

/// Writes bits to a slice. Bits that do not fit are lost, so the caller must know the exact number.
#[derive(Debug)]
pub(crate) struct BitWriter<'a> {
    room: &'a mut [u8],
    /// Index of the next whole byte.
    position: usize,
    bits: Bits,
}

/// Bits that have not been written because they do not fill a byte.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    /// Returns the number of bits that are missing to a whole byte after `count` more.
    pub(crate) fn to_fill_byte(self, count: u32) -> u64 {
        let count = self.count + count;
        u64::from(count.next_multiple_of(8) - count)
    }
}

/// Appends `bits` to `out`, and then the `count` bits that `write` writes. Returns the bits that do not
/// fill a byte.
pub(crate) fn append(
    out: &mut Vec<u8>,
    bits: Bits,
    count: u64,
    write: impl FnOnce(&mut BitWriter<'_>),
) -> Bits {
    let begin = out.len();
    let bits_in_all = u64::from(bits.count) + count;
    // `flush` always writes eight bytes.
    out.resize(begin + (bits_in_all / 8) as usize + 8, 0);
    let mut writer = BitWriter {
        room: &mut out[begin..],
        position: 0,
        bits,
    };
    write(&mut writer);
    writer.flush();
    let BitWriter { position, bits, .. } = writer;
    debug_assert_eq!(8 * position as u64 + u64::from(bits.count), bits_in_all);
    out.truncate(begin + position);
    bits
}

impl BitWriter<'_> {
    /// Adds bits, at most 56 between two flushes.
    #[inline(always)]
    pub(crate) fn put(&mut self, value: u64, count: u32) {
        self.bits.value |= value << self.bits.count;
        self.bits.count += count;
    }

    /// Writes all whole bytes.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        let room = self.room.get_mut(self.position..);
        if let Some(eight) = room.and_then(<[u8]>::first_chunk_mut) {
            *eight = self.bits.value.to_le_bytes();
        }
        self.position += (self.bits.count / 8) as usize;
        self.bits.value >>= self.bits.count & !7;
        self.bits.count &= 7;
    }

    /// Fills the current byte with zeros.
    pub(crate) fn align(&mut self) {
        self.bits.count = self.bits.count.next_multiple_of(8);
        self.flush();
    }

    /// Adds whole bytes. Only valid after [`align`](Self::align).
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let room = self.room.get_mut(self.position..);
        if let Some(room) = room.and_then(|room| room.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.position += bytes.len();
    }
}
