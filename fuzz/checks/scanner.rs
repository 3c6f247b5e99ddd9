//! Any text: what serde_json takes for envelopes is taken, with the same rows, and nothing else is.

use std::sync::LazyLock;

use rehose_extract::{FormatName, Options, Shape};

use crate::oracle::expect;
use crate::subject::{SOURCE, check_end, transcode};

#[allow(clippy::unwrap_used, reason = "the options are valid")]
static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let options = Options {
        format: Some(FormatName::Message),
        ..Options::default()
    };
    options.compile().unwrap()
});

pub(crate) fn check(text: &[u8]) {
    let whole = transcode(&SHAPE, text, &[usize::MAX]);
    for size in [1, 2 + text.len() % 13] {
        assert_eq!(
            transcode(&SHAPE, text, &[size]),
            whole,
            "in chunks of {size}"
        );
    }
    check_end(whole, expect(SHAPE.options(), SOURCE, text));
}
