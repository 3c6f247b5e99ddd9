//! What the whole of a stream is, by its first bytes.

use super::{hadoop_snappy, zstd};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Gzip,
    Zip,
    Snappy,
    HadoopSnappy,
    Zstd,
    /// A form that is not read, or the cut beginning of one that is.
    Refused,
    Text,
}

/// Characters of base64 that show it, if there are more.
const BASE64: usize = 64;

impl Form {
    /// Returns the form of a stream without white space before it.
    pub fn of(stream: &[u8]) -> Self {
        if let Some(form) = hadoop_snappy::form(stream) {
            return form;
        }
        match stream {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x1f] => Self::Refused,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Self::Zip,
            [b'P', b'K', 3 | 5 | 7] => Self::Refused,
            [0xff, ..] if stream.starts_with(b"\xff\x06\0\0sNaPpY") => Self::Snappy,
            [0xff, ..] if b"\xff\x06\0\0sNaPpY".starts_with(stream) => Self::Refused,
            _ if zstd::is_magic(stream) => Self::Zstd,
            [0x28, 0xb5] | [0x28, 0xb5, 0x2f] => Self::Refused,
            _ if is_unread(stream) => Self::Refused,
            _ => Self::Text,
        }
    }
}

fn is_unread(stream: &[u8]) -> bool {
    let is_binary_after = |magic: &[u8]| {
        stream.strip_prefix(magic).is_some_and(|after| {
            let first = &after[..after.len().min(16)];
            first
                .iter()
                .any(|byte| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127))
        })
    };
    let starts = |magics: &[&[u8]]| magics.iter().any(|magic| stream.starts_with(magic));
    let is_bzip2 = matches!(
        stream,
        [
            b'B',
            b'Z',
            b'h',
            b'1'..=b'9',
            0x31,
            0x41,
            0x59,
            0x26,
            0x53,
            0x59,
            ..
        ] | [
            b'B',
            b'Z',
            b'h',
            b'1'..=b'9',
            0x17,
            0x72,
            0x45,
            0x38,
            0x50,
            0x90,
            ..
        ]
    );
    let is_base64 = starts(&[b"H4sI", b"UEsDB", b"KLUv", b"/wYAAHNO", b"eyJ"])
        && stream[..stream.len().min(BASE64)].iter().all(
            |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' | b'=' | b'\r' | b'\n'),
        );
    is_binary_after(b"PAR1")
        || is_binary_after(b"PARE")
        || is_binary_after(b"ORC")
        || is_bzip2
        || is_base64
        || starts(&[
            b"Obj\x01",
            b"\xfd7zXZ\0",
            "\x1f\u{fffd}\x08".as_bytes(),
            "\x1f\u{8b}\x08".as_bytes(),
            "\x1f\u{2039}\x08".as_bytes(),
        ])
}
