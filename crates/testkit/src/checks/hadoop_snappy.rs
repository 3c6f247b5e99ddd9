//! Any bytes as Snappy in Hadoop's framing.

use super::layer::Layer;
use crate::stash::hadoop_snappy;

const LAYER: Layer = Layer {
    encode,
    repair: |_| {},
};

pub fn check(data: &[u8]) {
    LAYER.check(data);
}

/// Forms have blocks and chunks of different sizes.
fn encode(text: &[u8], form: u8) -> Vec<u8> {
    let (block, chunk) = (usize::from(form >> 4), usize::from(form & 15));
    hadoop_snappy(text, 1 << block, 1 << chunk)
}
