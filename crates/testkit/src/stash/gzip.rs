//! Gzip members.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

/// Returns one gzip member.
pub fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// The optional parts of a member's header.
#[derive(Debug, Clone, Copy, Default)]
pub struct Header {
    pub extra: Option<&'static [u8]>,
    pub name: Option<&'static str>,
    pub comment: Option<&'static str>,
    pub crc: bool,
}

impl Header {
    /// Returns one gzip member with this header.
    pub fn gzip(self, text: impl AsRef<[u8]>) -> Vec<u8> {
        let flags = u8::from(self.crc) << 1
            | u8::from(self.extra.is_some()) << 2
            | u8::from(self.name.is_some()) << 3
            | u8::from(self.comment.is_some()) << 4;
        let mut member = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255];
        if let Some(extra) = self.extra {
            member.extend((extra.len() as u16).to_le_bytes());
            member.extend(extra);
        }
        for text in [self.name, self.comment].into_iter().flatten() {
            member.extend(text.as_bytes());
            member.push(0);
        }
        if self.crc {
            let crc = crc(&member).sum() as u16;
            member.extend(crc.to_le_bytes());
        }
        let mut encoder = DeflateEncoder::new(member, Compression::default());
        encoder.write_all(text.as_ref()).unwrap();
        let mut member = encoder.finish().unwrap();
        let crc = crc(text.as_ref());
        member.extend(crc.sum().to_le_bytes());
        member.extend(crc.amount().to_le_bytes());
        member
    }
}

fn crc(bytes: &[u8]) -> Crc {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc
}
