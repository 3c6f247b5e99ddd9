//! Any bytes as gzip: a sound object gives its text, and any other object is a fault.
//!
//! If the first byte is odd, the checksums in the rest are corrected first, because no fuzzer guesses
//! a CRC.

use std::io;
use std::sync::LazyLock;

use flate2::read::MultiGzDecoder;
use rehose_extract::{Reason, Shape};

use crate::oracle::gzip::{Member, members};
use crate::oracle::{expect, peel};
use crate::shapes::event_regex;
use crate::subject::{SOURCE, check_result, is_of_zip, transcode_in_chunks};

/// The maximum number of bytes of text. More text only costs time.
const MAX_TEXT: usize = 1 << 20;

/// Every line is an event, so the output has all of the text.
static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| event_regex(r"(?P<timestamp>)(?P<message>[^\n]+)"));

pub fn check(data: &[u8]) {
    let Some((mode, object)) = data.split_first() else {
        return;
    };
    let object = match mode % 2 {
        0 => object.to_vec(),
        _ => with_right_checksums(object),
    };
    let text = peel(&object);
    if text.as_ref().is_some_and(|text| text.len() > MAX_TEXT) {
        return;
    }
    let whole = transcode_in_chunks(&SHAPE, &object, &[1, 2 + object.len() % 13]);
    if let (Err(fault), Some(_)) = (&whole, &text) {
        assert!(
            fault.reason == Reason::InvalidUtf8 || is_of_zip(&fault.reason),
            "a sound object was refused: {fault}"
        );
    }
    check_result(whole, expect(SHAPE.options(), SOURCE, &object));
    check_against_another_decoder(&object);
}

/// Fails unless the oracle accepts what another decoder accepts. The oracle must not be stricter.
fn check_against_another_decoder(object: &[u8]) {
    let mut text = Vec::new();
    if io::copy(&mut MultiGzDecoder::new(object), &mut text).is_ok() {
        assert_eq!(members(object), Some(text));
    }
}

/// Returns the same members with the right checksums.
fn with_right_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(member) = bytes.get(at..).and_then(Member::read) {
        let header_crc = member.right_header_crc(&bytes[at..]);
        if let Some(index) = member.header_crc {
            bytes[at + index..][..2].copy_from_slice(&header_crc);
        }
        bytes[at + member.trailer..at + member.end].copy_from_slice(&member.right_trailer());
        at += member.end;
        at += bytes[at..]
            .iter()
            .take_while(|byte| **byte == b'\n')
            .count();
    }
    bytes
}
