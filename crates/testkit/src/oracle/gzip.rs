//! Reads a layer of gzip in memory.

use std::io;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

/// Returns the text of all members, or `None` if one is faulty. White space between members and zeros
/// after the last one are allowed.
pub fn members(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = skip_space(bytes);
    let mut first = true;
    while !rest.is_empty() {
        if !first && is_padding(rest) {
            break;
        }
        let member = Member::read(rest)?;
        if !member.is_sound(rest) {
            return None;
        }
        text.extend(&member.text);
        rest = skip_space(&rest[member.end..]);
        first = false;
    }
    Some(text)
}

fn is_padding(rest: &[u8]) -> bool {
    rest[0] == 0 && rest.iter().all(|byte| *byte == 0 || is_space(*byte))
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let space = bytes.iter().take_while(|byte| is_space(**byte)).count();
    &bytes[space..]
}

fn is_space(byte: u8) -> bool {
    b" \t\r\n".contains(&byte)
}

/// A member and the indices of its parts.
pub struct Member {
    pub text: Vec<u8>,
    /// Index of the two bytes of the header's CRC, if there is one.
    pub header_crc: Option<usize>,
    /// Index of the eight bytes of the trailer.
    pub trailer: usize,
    pub end: usize,
}

impl Member {
    /// Reads the member at the beginning of `bytes`, without checking its checksums.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let flags = match bytes {
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => *flags,
            _ => return None,
        };
        let mut at = 10;
        if flags & 4 != 0 {
            let length = bytes.get(at..at + 2)?;
            at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        }
        for text in [8, 16] {
            if flags & text != 0 {
                at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
            }
        }
        let header_crc = (flags & 2 != 0).then_some(at);
        if header_crc.is_some() {
            at += 2;
        }
        let mut decoder = DeflateDecoder::new(bytes.get(at..)?);
        let mut text = Vec::new();
        io::copy(&mut decoder, &mut text).ok()?;
        let trailer = at + decoder.total_in() as usize;
        bytes.get(trailer..trailer + 8)?;
        Some(Self {
            text,
            header_crc,
            trailer,
            end: trailer + 8,
        })
    }

    /// Whether the checksums are right.
    fn is_sound(&self, bytes: &[u8]) -> bool {
        let header = self
            .header_crc
            .is_none_or(|at| bytes[at..at + 2] == self.right_header_crc(bytes));
        header && bytes[self.trailer..self.end] == self.right_trailer()
    }

    /// Returns the right CRC of the header.
    pub fn right_header_crc(&self, bytes: &[u8]) -> [u8; 2] {
        let header = &bytes[..self.header_crc.unwrap_or_default()];
        (crc(header).sum() as u16).to_le_bytes()
    }

    /// Returns the right trailer.
    pub fn right_trailer(&self) -> [u8; 8] {
        let crc = crc(&self.text);
        let mut trailer = [0; 8];
        trailer[..4].copy_from_slice(&crc.sum().to_le_bytes());
        trailer[4..].copy_from_slice(&crc.amount().to_le_bytes());
        trailer
    }
}

fn crc(bytes: &[u8]) -> Crc {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc
}
