//! Runs the crate under test and reads its output.
#![allow(dead_code, reason = "each test and fuzz target uses a part of it")]

use std::io::{self, ErrorKind};

use flate2::read::MultiGzDecoder;
use rehose_extract::{
    Compression, Error, Fault, Position, Reason, Shape, Stream, Summary, Transcoder,
};

use super::oracle::Expected;

/// The name of the object in rejected lines. It needs an escape there.
pub(crate) const SOURCE: &str = "2020/02/01/00/a \"stash\"";

/// The result of a transcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) csv_gz: Vec<u8>,
    pub(crate) rejected_gz: Vec<u8>,
    pub(crate) summary: Summary,
}

/// Transcodes an object as a whole. Fails unless the result is the same in chunks of each of these
/// sizes.
pub(crate) fn transcode_in_chunks(
    shape: &Shape,
    object: &[u8],
    sizes: &[usize],
) -> Result<Output, Fault> {
    let whole = transcode(shape, object, &[usize::MAX]);
    for size in sizes {
        // Not assert_eq, which would print megabytes.
        assert!(
            transcode(shape, object, &[*size]) == whole,
            "another result in chunks of {size}"
        );
    }
    whole
}

/// Returns a fault at an offset of the text.
pub(crate) fn in_text(reason: Reason, offset: usize) -> Fault {
    at(reason, Stream::Text, offset)
}

/// Returns a fault at an offset of a stream.
pub(crate) fn at(reason: Reason, stream: Stream, offset: usize) -> Fault {
    let offset = offset as u64;
    Fault {
        reason,
        at: Position { stream, offset },
    }
}

/// Transcodes an object in chunks of these sizes, in turn.
pub(crate) fn transcode(shape: &Shape, object: &[u8], sizes: &[usize]) -> Result<Output, Fault> {
    attempt(shape, object, sizes).map_err(|error| match error {
        Error::Input(fault) => fault,
        Error::Output(error) => unreachable!("a Vec takes every byte: {error}"),
        Error::Stopped => unreachable!("push never stops"),
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

/// Fails unless the result is what the oracle expects.
#[allow(clippy::panic, reason = "a check fails by a panic")]
pub(crate) fn check_result(result: Result<Output, Fault>, expected: Option<Expected>) {
    match (result, expected) {
        (Ok(output), Some(expected)) => assert_eq!(output.as_expected(), expected),
        (Ok(output), None) => panic!("it must fail, but gave {:?}", output.as_expected()),
        (Err(fault), Some(_)) => assert!(is_unknown_limit(&fault.reason), "sound, but {fault}"),
        (Err(_), None) => {}
    }
}

/// Whether a fault is a limit that the oracle does not know.
fn is_unknown_limit(reason: &Reason) -> bool {
    matches!(reason, Reason::TooDeep(_) | Reason::TimestampTooLong(_))
}

impl Output {
    pub(crate) fn csv(&self) -> String {
        gunzipped(&self.csv_gz)
    }

    pub(crate) fn rejected_lines(&self) -> String {
        gunzipped(&self.rejected_gz)
    }

    /// Returns the output in the oracle's terms.
    pub(crate) fn as_expected(&self) -> Expected {
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

/// Returns the text of an output.
#[allow(clippy::unwrap_used, reason = "rows and rejected lines are UTF-8")]
fn gunzipped(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    match io::copy(&mut MultiGzDecoder::new(bytes), &mut text) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && bytes.is_empty() => {}
        read => assert!(read.is_ok(), "the output is not gzip"),
    }
    String::from_utf8(text).unwrap()
}
