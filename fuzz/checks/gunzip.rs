//! Any bytes as gzip: what is sound gives its text, and nothing else gives anything.
//!
//! If the first byte is odd, the checksums in the rest are mended first: no fuzzer guesses a CRC.
#![allow(clippy::panic, reason = "a panic is how a check fails")]

use std::io;
use std::sync::LazyLock;

use flate2::read::MultiGzDecoder;
use rehose_extract::{FormatName, Options, Reason, Shape};

use crate::oracle::gunzip::{Member, members};
use crate::oracle::{expect, peel};
use crate::subject::{SOURCE, transcode};

/// More text than this only costs time.
const MAX_TEXT: usize = 1 << 20;

/// Takes every line for an event, so that all of the text can be seen.
#[allow(clippy::unwrap_used, reason = "the options are valid")]
static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let options = Options {
        event_regex: Some(r"(?P<timestamp>)(?P<message>[^\n]+)".to_owned()),
        format: Some(FormatName::Message),
        ..Options::default()
    };
    options.compile().unwrap()
});

pub(crate) fn check(data: &[u8]) {
    let Some((mend, object)) = data.split_first() else {
        return;
    };
    let object = match mend % 2 {
        0 => object.to_vec(),
        _ => mended(object),
    };
    let text = peel(&object);
    if text.as_ref().is_some_and(|text| text.len() > MAX_TEXT) {
        return;
    }
    let whole = transcode(&SHAPE, &object, &[usize::MAX]);
    for size in [1, 2 + object.len() % 13] {
        assert_eq!(
            transcode(&SHAPE, &object, &[size]),
            whole,
            "in chunks of {size}"
        );
    }
    match (&whole, expect(SHAPE.options(), SOURCE, &object)) {
        (Ok(output), Some(expected)) => assert_eq!(output.plainly(), expected),
        (Ok(_), None) => panic!("it must fail, but was taken"),
        (Err(fault), Some(_)) => panic!("sound, but {fault}"),
        (Err(fault), None) if text.is_some() => assert_eq!(fault.reason, Reason::InvalidUtf8),
        (Err(_), None) => {}
    }
    check_against_another_decoder(&object);
}

/// What a whole decoder of members takes, the oracle must take too: it would be as blind.
fn check_against_another_decoder(object: &[u8]) {
    let mut text = Vec::new();
    if io::copy(&mut MultiGzDecoder::new(object), &mut text).is_ok() {
        assert_eq!(members(object), Some(text));
    }
}

/// The same members with the checksums that their bytes have.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(member) = bytes.get(at..).and_then(Member::read) {
        let header_crc = member.right_header_crc(&bytes[at..]);
        if let Some(place) = member.header_crc {
            bytes[at + place..][..2].copy_from_slice(&header_crc);
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
