//! Transcodes an object with `rehose_extract`, and compares the result with the oracle's.

use rehose_extract::{
    Compression, Error, Fault, Position, Reason, Shape, Stream, Summary, Transcoder,
};

use crate::oracle::Expected;
use crate::output::text;
use crate::parquet;

/// The name of the object in rejected lines. It needs an escape there.
pub const SOURCE: &str = "2020/02/01/00/a \"stash\"";

/// Sizes of chunks: from single bytes to the whole object.
pub const SIZES: [usize; 7] = [1, 2, 3, 7, 64, 4096, usize::MAX];

/// The result of a transcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// CSV.gz or Parquet.
    pub rows: Vec<u8>,
    /// The names of the columns, as CSV has them.
    pub header: String,
    /// Whether the columns are those of a log of AWS.
    pub is_log: bool,
    pub rejected_gz: Vec<u8>,
    pub summary: Summary,
}

/// Transcodes an object as a whole. Fails unless the result is the same in chunks of each of these
/// sizes.
pub fn transcode_in_chunks(shape: &Shape, object: &[u8], sizes: &[usize]) -> Result<Output, Fault> {
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
pub fn in_text(reason: Reason, offset: usize) -> Fault {
    at(reason, Stream::Text, offset)
}

/// Returns a fault at an offset of a stream.
pub fn at(reason: Reason, stream: Stream, offset: usize) -> Fault {
    let offset = offset as u64;
    Fault {
        reason,
        at: Position { stream, offset },
    }
}

/// Transcodes an object in chunks of these sizes, in turn.
pub fn transcode(shape: &Shape, object: &[u8], sizes: &[usize]) -> Result<Output, Fault> {
    transcode_named(SOURCE, shape, object, sizes)
}

/// The same for an object of another name.
pub fn transcode_named(
    source: &str,
    shape: &Shape,
    object: &[u8],
    sizes: &[usize],
) -> Result<Output, Fault> {
    attempt(source, shape, object, sizes).map_err(|error| match error {
        Error::Input(fault) => fault,
        Error::Output(error) => unreachable!("a Vec takes every byte: {error}"),
        Error::Stopped => unreachable!("push never stops"),
    })
}

fn attempt(source: &str, shape: &Shape, object: &[u8], sizes: &[usize]) -> Result<Output, Error> {
    let compression = Compression::default();
    let (mut rows, mut rejected_gz) = (Vec::new(), Vec::new());
    let mut transcoder = Transcoder::new(source, shape, &compression, &mut rows, &mut rejected_gz)?;
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
        rows,
        header: shape.header(),
        is_log: shape.format_name().has_fixed_columns(),
        rejected_gz,
        summary,
    })
}

/// Fails unless the result is what the oracle expects.
pub fn check_result(result: Result<Output, Fault>, expected: Option<Expected>) {
    match (result, expected) {
        (Ok(output), Some(expected)) => assert_eq!(output.as_expected(), expected),
        (Ok(output), None) => panic!("it must fail, but gave {:?}", output.as_expected()),
        (Err(fault), Some(_)) => assert!(is_unknown_limit(&fault.reason), "sound, but {fault}"),
        (Err(_), None) => {}
    }
}

/// Whether a fault is a limit that the oracle does not know.
fn is_unknown_limit(reason: &Reason) -> bool {
    matches!(reason, Reason::TooDeep(_)) || is_of_zip(reason)
}

/// Whether a fault is one of a ZIP archive. The oracle's reader looks only at the directory at the end,
/// and so does not see that an entry contradicts it.
pub fn is_of_zip(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::TruncatedZip
            | Reason::CorruptZip(_)
            | Reason::ZipSeveralEntries
            | Reason::ZipEncrypted
            | Reason::ZipMethod(_)
            | Reason::ZipUnsized
    )
}

impl Output {
    /// The rows as CSV, whatever the kind of their file.
    pub fn csv(&self) -> String {
        match self.rows.starts_with(b"PAR1") {
            true if self.is_log => parquet::log_as_csv(&self.rows, &self.header),
            true => parquet::as_csv(&self.rows, &self.header),
            false => text(&self.rows),
        }
    }

    /// The rejected lines. Without any, nothing is written, and nothing is not gzip.
    pub fn rejected_lines(&self) -> String {
        match self.rejected_gz.is_empty() {
            true => String::new(),
            false => text(&self.rejected_gz),
        }
    }

    /// Returns the output in the oracle's terms.
    pub fn as_expected(&self) -> Expected {
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
