//! Running the crate under test, and reading what it wrote.
#![allow(dead_code, reason = "each test and fuzz target needs a part of it")]

use std::io::{self, ErrorKind};

use flate2::read::MultiGzDecoder;
use rehose_extract::{Compression, Error, Fault, Reason, Shape, Summary, Transcoder};

use super::oracle::Expected;

/// The name of the object in rejected lines: one that must be escaped there.
pub(crate) const SOURCE: &str = "2020/02/01/00/a \"stash\"";

/// The bytes that a transcode gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) csv_gz: Vec<u8>,
    pub(crate) rejected_gz: Vec<u8>,
    pub(crate) summary: Summary,
}

/// Transcodes an object that is pushed in chunks of these sizes, over and over.
pub(crate) fn transcode(shape: &Shape, object: &[u8], sizes: &[usize]) -> Result<Output, Fault> {
    attempt(shape, object, sizes).map_err(|error| match error {
        Error::Input(fault) => fault,
        Error::Output(error) => unreachable!("a Vec takes every byte: {error}"),
        Error::Stopped => unreachable!("nobody wants it to stop"),
    })
}

fn attempt(shape: &Shape, object: &[u8], sizes: &[usize]) -> Result<Output, Error> {
    let compression = Compression::default();
    let (mut csv_gz, mut rejected_gz) = (Vec::new(), Vec::new());
    let mut transcoder =
        Transcoder::new(SOURCE, shape, &compression, &mut csv_gz, &mut rejected_gz)?;
    let mut rest = object;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*size).clamp(1, rest.len()));
        transcoder.push(chunk)?;
        rest = after;
    }
    let summary = transcoder.finish()?;
    Ok(Output {
        csv_gz,
        rejected_gz,
        summary,
    })
}

/// Checks that an object ended as the oracle has it.
#[allow(clippy::panic, reason = "a panic is how a check fails")]
pub(crate) fn check_end(end: Result<Output, Fault>, expected: Option<Expected>) {
    match (end, expected) {
        (Ok(output), Some(expected)) => assert_eq!(output.plainly(), expected),
        (Ok(output), None) => panic!("it must fail, but gave {:?}", output.plainly()),
        (Err(fault), Some(_)) => assert!(is_own_bound(&fault.reason), "sound, but {fault}"),
        (Err(_), None) => {}
    }
}

/// What the oracle does not know.
fn is_own_bound(reason: &Reason) -> bool {
    matches!(reason, Reason::TooDeep(_) | Reason::TimestampTooLong(_))
}

impl Output {
    pub(crate) fn csv(&self) -> String {
        gunzipped(&self.csv_gz)
    }

    pub(crate) fn rejected_lines(&self) -> String {
        gunzipped(&self.rejected_gz)
    }

    /// The same in the oracle's terms.
    pub(crate) fn plainly(&self) -> Expected {
        let Summary {
            documents,
            events,
            written,
            rejected,
            control,
            bytes_decoded,
            ..
        } = self.summary;
        Expected {
            csv: self.csv(),
            rejected_lines: self.rejected_lines(),
            documents,
            events,
            written,
            rejected,
            control,
            bytes_decoded,
        }
    }
}

/// The text of an output.
#[allow(
    clippy::unwrap_used,
    reason = "what is read here has just been written"
)]
fn gunzipped(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    match io::copy(&mut MultiGzDecoder::new(bytes), &mut text) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && bytes.is_empty() => {}
        read => assert!(read.is_ok(), "the output is no gzip"),
    }
    String::from_utf8(text).unwrap()
}
