//! Any bytes as framed Snappy.

use super::layer::Layer;
use crate::oracle::snappy::{Chunk, chunks, raw, right_crc};
use crate::stash::snappy;

const LAYER: Layer = Layer { encode, repair };

pub fn check(data: &[u8]) {
    LAYER.check(data);
    if let [0, _, _, object @ ..] = data {
        check_against_another_decoder(object);
    }
}

/// Fails unless the oracle accepts what another decoder accepts. The oracle must not be stricter.
fn check_against_another_decoder(object: &[u8]) {
    let mut text = Vec::new();
    let mut decoder = snap::read::FrameDecoder::new(object);
    if std::io::copy(&mut decoder, &mut text).is_ok() {
        assert_eq!(chunks(object), Some(text));
    }
}

/// Every second form has padding, another identifier and, for the second half of the text, chunks of a
/// form that the writer does not use.
fn encode(text: &[u8], form: u8) -> Vec<u8> {
    let (first, second) = match form % 2 {
        0 => (text, &[][..]),
        _ => text.split_at(text.len() / 2),
    };
    let mut object = snappy(first);
    if form % 2 == 1 {
        object.extend([0xfe, form, 0, 0]);
        object.extend(vec![form; usize::from(form)]);
        object.extend(b"\xff\x06\0\0sNaPpY\x80\0\0\0");
        for piece in second.chunks(65_536) {
            let length = (piece.len() as u32).to_le_bytes();
            object.push(3);
            object.extend(&length[..3]);
            object.extend(piece);
        }
    }
    object
}

fn repair(object: &mut [u8]) {
    let mut at = 0;
    while let Some(chunk) = object.get(at..).and_then(Chunk::read) {
        let length = chunk.data.len();
        let text = match (chunk.kind, chunk.data.get(4..)) {
            (0, Some(data)) => raw(data, 65_536),
            (1, Some(data)) => Some(data.to_vec()),
            _ => None,
        };
        if let Some(text) = text {
            object[at + 4..at + 8].copy_from_slice(&right_crc(&text));
        }
        at += 4 + length;
    }
}
