//! Any bytes as a layer: a sound one gives its text, and any other is a fault.
//!
//! The first byte of an input selects what is done with its bytes after the third: they are the layer;
//! they are a layer whose checksums are corrected first, because no fuzzer guesses them; they are the
//! text of a sound layer; or of one that is changed or cut then. The second and the third select the
//! form, and the place of the change.

use std::sync::LazyLock;

use rehose_extract::{Reason, Shape};

use crate::oracle::{expect, peel};
use crate::shapes::event_regex;
use crate::subject::{SOURCE, check_result, transcode_in_chunks};

/// The maximum number of bytes of text. More text only costs time.
const MAX_TEXT: usize = 1 << 20;

/// Every line is an event, so the output has all of the text.
static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| event_regex(r"(?P<timestamp>)(?P<message>[^\n]+)"));

/// A layer that is checked.
pub(super) struct Layer {
    /// Encodes a text in the form of this number. The result is sound.
    pub(super) encode: fn(&[u8], u8) -> Vec<u8>,
    /// Corrects checksums.
    pub(super) repair: fn(&mut [u8]),
}

impl Layer {
    pub(super) fn check(&self, data: &[u8]) {
        let [mode, form, place, bytes @ ..] = data else {
            return;
        };
        match mode % 4 {
            0 => check(bytes),
            1 => {
                let mut bytes = bytes.to_vec();
                (self.repair)(&mut bytes);
                check(&bytes);
            }
            2 => self.check_sound(bytes, *form),
            _ => {
                let mut object = (self.encode)(bytes, *form);
                let at = usize::from(*place) * object.len() / 256;
                match mode / 4 % 9 {
                    8 => object.truncate(at),
                    bit => object[at] ^= 1 << bit,
                }
                check(&object);
            }
        }
    }

    /// Fails unless a sound layer is accepted.
    fn check_sound(&self, text: &[u8], form: u8) {
        let object = (self.encode)(text, form);
        let whole = transcode_in_chunks(&SHAPE, &object, &[1, 2 + object.len() % 13]);
        if peel(text).is_some_and(|inner| inner == text) {
            assert!(peel(&object).is_some_and(|decoded| decoded == text));
            if let Err(fault) = whole {
                assert_eq!(
                    fault.reason,
                    Reason::InvalidUtf8,
                    "a sound layer was refused"
                );
            }
        }
        check(&object);
    }
}

fn check(object: &[u8]) {
    if peel(object).is_some_and(|text| text.len() > MAX_TEXT) {
        return;
    }
    let whole = transcode_in_chunks(&SHAPE, object, &[1, 2 + object.len() % 13]);
    check_result(whole, expect(SHAPE.options(), SOURCE, object));
}
