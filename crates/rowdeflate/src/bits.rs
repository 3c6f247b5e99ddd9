//! Bits, the lowest first, as DEFLATE packs them (RFC 1951, 3.1.1).

/// Writes bits to room made beforehand. Whoever makes the room knows how much is needed: what does
/// not fit would be lost.
#[derive(Debug)]
pub(crate) struct BitWriter<'a> {
    room: &'a mut [u8],
    /// Where the next whole byte goes.
    position: usize,
    bits: Bits,
}

/// Bits that do not fill a byte yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    /// How many bits are missing to a whole byte, once `count` more have been added.
    pub(crate) fn to_fill_byte(self, count: u32) -> u64 {
        let count = self.count + count;
        u64::from(count.next_multiple_of(8) - count)
    }
}

/// Appends `count` bits to `out`, which `write` writes, after those of `bits`. Returns those that do
/// not fill a byte.
pub(crate) fn append(
    out: &mut Vec<u8>,
    bits: Bits,
    count: u64,
    write: impl FnOnce(&mut BitWriter<'_>),
) -> Bits {
    let begin = out.len();
    let bits_in_all = u64::from(bits.count) + count;
    // Eight bytes are written at a time, however few of them mean something.
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
    /// Adds bits. No more than 56 between two flushes.
    #[inline(always)]
    pub(crate) fn put(&mut self, value: u64, count: u32) {
        self.bits.value |= value << self.bits.count;
        self.bits.count += count;
    }

    /// Leaves less than a byte of bits pending.
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

    /// Fills the byte that was begun with zeros.
    pub(crate) fn align(&mut self) {
        self.bits.count = self.bits.count.next_multiple_of(8);
        self.flush();
    }

    /// Adds whole bytes, once aligned.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let room = self.room.get_mut(self.position..);
        if let Some(room) = room.and_then(|room| room.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.position += bytes.len();
    }
}
