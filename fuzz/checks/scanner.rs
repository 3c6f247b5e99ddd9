//! Any text: what serde_json takes for envelopes is taken, with the same rows, and nothing else is.

use std::sync::LazyLock;

use rehose_extract::{FormatName, Options, Reason, Shape};

use crate::oracle::expect;
use crate::subject::{SOURCE, transcode};

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
        assert_eq!(transcode(&SHAPE, text, &[size]), whole, "in chunks of {size}");
    }
    match (whole, expect(SHAPE.options(), SOURCE, text)) {
        (Ok(output), Some(expected)) => assert_eq!(output.plainly(), expected),
        (Ok(output), None) => panic!("malformed, but it gave {:?}", output.plainly()),
        (Err(fault), Some(_)) => assert!(is_own_bound(&fault.reason), "sound, but {fault}"),
        (Err(_), None) => {}
    }
}

/// What the oracle does not know.
fn is_own_bound(reason: &Reason) -> bool {
    matches!(reason, Reason::TooDeep(_) | Reason::TimestampTooLong(_))
}
