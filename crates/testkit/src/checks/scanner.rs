//! Any text: it is accepted if serde_json accepts it as envelopes, and gives the same rows.

use std::sync::LazyLock;

use rehose_extract::Shape;

use crate::oracle::expect;
use crate::shapes::messages;
use crate::subject::{SOURCE, check_result, transcode_in_chunks};

static SHAPE: LazyLock<Shape> = LazyLock::new(messages);

pub fn check(text: &[u8]) {
    let whole = transcode_in_chunks(&SHAPE, text, &[1, 2 + text.len() % 13]);
    check_result(whole, expect(SHAPE.options(), SOURCE, text));
}
