//! Any bytes as zstd.

use super::layer::Layer;
use crate::stash::ZstdForm;

const LAYER: Layer = Layer {
    encode,
    repair: without_checksums,
};

pub fn check(data: &[u8]) {
    LAYER.check(data);
}

/// Every second form has two frames, a newline, and a frame without text.
fn encode(text: &[u8], form: u8) -> Vec<u8> {
    let frame = ZstdForm {
        level: [1, 3, -5, 9][usize::from(form >> 3 & 3)],
        has_checksum: form & 2 != 0,
        has_size: form & 4 != 0,
        window_log: if form & 32 != 0 { 10 } else { 0 },
    };
    if form.is_multiple_of(2) {
        return frame.frame(text);
    }
    let (first, second) = text.split_at(text.len() / 2);
    [
        &frame.frame(first)[..],
        b"\n\x5a\x2a\x4d\x18\x03\0\0\0any\r\n",
        &frame.frame(second),
    ]
    .concat()
}

/// Clears the flag of the first frame's checksum. A checksum that follows is then the next frame.
fn without_checksums(object: &mut [u8]) {
    if let [0x28, 0xb5, 0x2f, 0xfd, descriptor, ..] = object {
        *descriptor &= !4;
    }
}
