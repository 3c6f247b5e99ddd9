//! Forms that are recognised, but not read. Such an object fails with the name of its form, and not
//! with a fault of the text that it does not have.

use super::recognise::Begins;
use crate::error::Reason;

pub(super) struct Unread {
    pub(super) reason: Reason,
    pub(super) begins: fn(&[u8]) -> Begins,
}

/// The forms, with the sources of their magic numbers.
pub(super) static FORMS: [Unread; 7] = [
    // <https://parquet.apache.org/docs/file-format/>
    Unread {
        reason: Reason::Parquet,
        begins: |bytes| binary(b"PAR1", bytes).or(binary(b"PARE", bytes)),
    },
    // <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>
    Unread {
        reason: Reason::Avro,
        begins: |bytes| Begins::with(b"Obj\x01", bytes),
    },
    // <https://orc.apache.org/specification/ORCv1/>
    Unread {
        reason: Reason::Orc,
        begins: |bytes| binary(b"ORC", bytes),
    },
    Unread {
        reason: Reason::Bzip2,
        begins: bzip2,
    },
    // <https://tukaani.org/xz/xz-file-format.txt>
    Unread {
        reason: Reason::Xz,
        begins: |bytes| Begins::with(b"\xfd7zXZ\0", bytes),
    },
    Unread {
        reason: Reason::Base64,
        begins: base64,
    },
    Unread {
        reason: Reason::DamagedGzip,
        begins: damaged_gzip,
    },
];

/// Bytes after a magic number of letters, of which one must be a control character. Text can begin
/// with the letters; the lengths in a binary header are small numbers.
const BINARY_WITHIN: usize = 16;

fn binary(magic: &[u8], bytes: &[u8]) -> Begins {
    let Some(after) = bytes.strip_prefix(magic) else {
        return Begins::with(magic, bytes);
    };
    let in_text = |byte: &u8| !byte.is_ascii_control() || b"\t\n\x0c\r\x1b".contains(byte);
    match after.iter().take(BINARY_WITHIN).all(in_text) {
        false => Begins::Yes,
        true if after.len() < BINARY_WITHIN => Begins::Maybe,
        true => Begins::No,
    }
}

/// `BZh`, the size of the blocks, and pi, or the root of pi if there is no block
/// (<https://en.wikipedia.org/wiki/Bzip2#File_format>).
fn bzip2(bytes: &[u8]) -> Begins {
    match bytes {
        [b'B', b'Z', b'h', b'1'..=b'9', number @ ..] => {
            let block = Begins::with(b"\x31\x41\x59\x26\x53\x59", number);
            block.or(Begins::with(b"\x17\x72\x45\x38\x50\x90", number))
        }
        _ if b"BZh".starts_with(bytes) => Begins::Maybe,
        _ => Begins::No,
    }
}

/// How base64 (<https://www.rfc-editor.org/rfc/rfc4648>) of gzip, ZIP, zstd, framed Snappy and JSON
/// objects begins.
const BASE64: [&[u8]; 5] = [b"H4sI", b"UEsDB", b"KLUv", b"/wYAAHNO", b"eyJ"];

/// Characters of base64 that an object has at least. A line of text can begin with a token of fewer.
const BASE64_LENGTH: usize = 64;

fn base64(bytes: &[u8]) -> Begins {
    let beginning = bytes.get(..BASE64_LENGTH).unwrap_or(bytes);
    let is_maybe = BASE64
        .iter()
        .any(|prefix| Begins::with(prefix, beginning) != Begins::No);
    match is_maybe && beginning.iter().all(in_base64) {
        false => Begins::No,
        true if bytes.len() < BASE64_LENGTH => Begins::Maybe,
        true => Begins::Yes,
    }
}

/// Whether a whole stream, which is shorter than others, is base64.
pub(super) fn is_base64(bytes: &[u8]) -> bool {
    let has_prefix = BASE64.iter().any(|prefix| bytes.starts_with(prefix));
    has_prefix && bytes.iter().all(in_base64)
}

/// Whether a byte is in base64, in its form for URLs, or between its lines.
fn in_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(byte)
}

/// Gzip whose second byte, 0x8b, became a character: U+FFFD because it is not UTF-8, U+008B because
/// it was taken for Latin-1, or `‹` because it was taken for Windows-1252.
fn damaged_gzip(bytes: &[u8]) -> Begins {
    let lost = Begins::with(b"\x1f\xef\xbf\xbd\x08", bytes);
    let latin = Begins::with(b"\x1f\xc2\x8b\x08", bytes);
    let windows = Begins::with(b"\x1f\xe2\x80\xb9\x08", bytes);
    lost.or(latin).or(windows)
}
