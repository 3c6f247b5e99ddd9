//! Reads a layer of zstd in memory, one whole frame after another.

use std::io;

use zstd::stream::read::Decoder;
use zstd::zstd_safe::find_frame_compressed_size;

/// The maximum size of a window in bytes.
const MAX_WINDOW: u64 = 8 << 20;

/// Whether a stream begins with a frame.
pub fn is_magic(stream: &[u8]) -> bool {
    matches!(
        stream,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

/// Returns the text of all frames, or `None` if one is faulty. White space between frames is allowed.
pub fn frames(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = find_frame_compressed_size(rest).ok()?;
        let (frame, after) = rest.split_at_checked(length)?;
        if frame[0] == 0x28 {
            if !is_allowed(frame) {
                return None;
            }
            let before = text.len() as u64;
            let mut decoder = Decoder::with_buffer(frame).ok()?;
            io::copy(&mut decoder, &mut text).ok()?;
            let written = text.len() as u64 - before;
            if size(frame).is_some_and(|size| size != written) {
                return None;
            }
        }
        let space = after.iter().take_while(|byte| b" \t\r\n".contains(byte));
        rest = &after[space.count()..];
    }
    Some(text)
}

/// The number of bytes of the window, the dictionary's number and the size.
fn lengths(frame: &[u8]) -> [usize; 3] {
    let descriptor = usize::from(frame[4]);
    let is_single = descriptor >> 5 & 1;
    let size = match descriptor >> 6 {
        0 => is_single,
        flag => 1 << flag,
    };
    [1 - is_single, [0, 1, 2, 4][descriptor & 3], size]
}

fn number(bytes: &[u8]) -> u64 {
    let mut number = [0; 8];
    number[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(number)
}

fn size(frame: &[u8]) -> Option<u64> {
    let [window, dictionary, length] = lengths(frame);
    let size = number(&frame[5 + window + dictionary..][..length]);
    match length {
        0 => None,
        2 => Some(size + 256),
        _ => Some(size),
    }
}

/// Whether the window is small enough, and no dictionary is needed.
fn is_allowed(frame: &[u8]) -> bool {
    let [window, dictionary, _] = lengths(frame);
    let size = match window {
        0 => size(frame).unwrap(),
        _ => {
            let (exponent, mantissa) = (frame[5] >> 3, u64::from(frame[5] & 7));
            (8 + mantissa) << (exponent + 7)
        }
    };
    size <= MAX_WINDOW && number(&frame[5 + window..][..dictionary]) == 0
}
