//! Reads a layer of framed Snappy in memory.

/// The maximum number of bytes of text in a chunk.
const MAX_TEXT: usize = 65_536;

/// Returns the text of all chunks, or `None` if one is faulty.
pub fn chunks(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let Chunk { kind, data, after } = Chunk::read(rest)?;
        match kind {
            0xff if data != b"sNaPpY" => return None,
            0x00..=0x03 => text.extend(text_of(kind, data)?),
            0x04..=0x7f => return None,
            _ => {}
        }
        rest = after;
    }
    Some(text)
}

/// A chunk, and the bytes after it.
pub struct Chunk<'a> {
    pub kind: u8,
    pub data: &'a [u8],
    pub after: &'a [u8],
}

impl<'a> Chunk<'a> {
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let ([kind, l0, l1, l2], rest) = bytes.split_first_chunk()?;
        let length = u32::from_le_bytes([*l0, *l1, *l2, 0]) as usize;
        let (data, after) = rest.split_at_checked(length)?;
        Some(Self {
            kind: *kind,
            data,
            after,
        })
    }
}

fn text_of(kind: u8, data: &[u8]) -> Option<Vec<u8>> {
    let (crc, bytes) = match kind {
        0 | 1 => data.split_first_chunk::<4>()?,
        _ => (&[0; 4], data),
    };
    let text = match kind {
        0 | 2 => raw(bytes, MAX_TEXT)?,
        _ => bytes.to_vec(),
    };
    let has_right_crc = kind > 1 || *crc == right_crc(&text);
    (has_right_crc && text.len() <= MAX_TEXT).then_some(text)
}

/// Decodes Snappy without framing, of at most this much text.
pub fn raw(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    // The format's own rule: text does not shrink by less than this.
    let is_plausible = bytes.len() <= 32 + most + most / 6;
    let is_small = snap::raw::decompress_len(bytes).ok()? <= most;
    (is_plausible && is_small).then(|| snap::raw::Decoder::new().decompress_vec(bytes).ok())?
}

/// Returns the masked CRC-32C of a text, bit by bit.
pub fn right_crc(text: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in text {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0x82f6_3b78 * (crc & 1));
        }
    }
    let crc = !crc;
    crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}
