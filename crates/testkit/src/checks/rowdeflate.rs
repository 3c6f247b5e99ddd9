//! Any text: two decoders restore it, and the encoded bytes do not depend on how it is cut into writes
//! or on an earlier text.

use flate2::{Decompress, FlushDecompress, Status};
use rowdeflate::Encoder;

/// The sizes of a member's header and trailer in bytes.
pub const HEADER: usize = 10;
pub const TRAILER: usize = 8;

/// The maximum number of bytes of text: three blocks. More text only costs time.
const MAX_TEXT: usize = 384 * 1024;

/// The first three bytes are the number of repetitions of the rest, the amount that is added to one of
/// its bytes each time, and the size of the writes.
pub fn check(data: &[u8]) {
    let Some(([times, growth, cut], piece)) = data.split_first_chunk() else {
        return;
    };
    let times = usize::from(*times)
        .pow(2)
        .min(MAX_TEXT / piece.len().max(1));
    let mut text = piece.to_vec();
    let mut piece = piece.to_vec();
    for time in 0..times {
        let index = time % piece.len().max(1);
        if let Some(byte) = piece.get_mut(index) {
            *byte = byte.wrapping_add(*growth);
        }
        text.extend_from_slice(&piece);
    }
    let gz = round_trip(&text);
    let size = 1 + usize::from(*cut).pow(2);
    let mut encoder = Encoder::new();
    encode_by(&mut encoder, [&text[text.len() / 2..]]);
    let again = encode_by(&mut encoder, text.chunks(size));
    assert!(again == gz, "after another, and cut into {size}");
}

pub fn encode<'a>(writes: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    encode_by(&mut Encoder::new(), writes)
}

pub fn encode_by<'a>(encoder: &mut Encoder, writes: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for text in writes {
        encoder.write(text, &mut out);
    }
    encoder.finish(&mut out);
    out
}

/// Encodes a text, and returns the bytes. Fails unless two decoders restore the text.
pub fn round_trip(text: &[u8]) -> Vec<u8> {
    let gz = encode([text]);
    let mut decoded = vec![0; text.len() + 1];
    let mut libdeflate = libdeflater::Decompressor::new();
    let length = libdeflate.gzip_decompress(&gz, &mut decoded).unwrap();
    assert!(decoded[..length] == *text, "libdeflate reads another text");

    // zlib-rs reads raw DEFLATE here. There must be one stream, which fills the member.
    let mut inflate = Decompress::new(false);
    let status = inflate
        .decompress(&gz[HEADER..], &mut decoded, FlushDecompress::Finish)
        .unwrap();
    assert_eq!(status, Status::StreamEnd);
    let length = inflate.total_out() as usize;
    assert!(decoded[..length] == *text, "zlib-rs reads another text");
    let deflated = gz.len() - HEADER - TRAILER;
    assert_eq!(inflate.total_in() as usize, deflated, "it is one member");
    gz
}
