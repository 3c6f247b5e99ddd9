//! A layer of framed Snappy
//! (<https://github.com/google/snappy/blob/main/framing_format.txt>): chunks one after another.
//!
//! A library decodes what is in a chunk. The framing is read here, because decoders of it pull their
//! input, and none reports the offset of a fault.
//!
//! The checksums cover the text of a chunk, but not its type and length: a changed type can make a
//! decoder skip a chunk, as the format demands.

use std::fmt;

use snap::raw::{Decoder, decompress_len, max_compress_len};

use super::collected::Collected;
use super::recognise::Begins;
use crate::bounds::MAX_SNAPPY_CHUNK;
use crate::error::{Error, Reason, Stream};

/// The first chunk, which can also follow others.
const IDENTIFIER: [u8; 10] = *b"\xff\x06\x00\x00sNaPpY";

/// Bytes of a chunk's type and length.
const HEADER: usize = 4;

/// Bytes of a checksum.
const CHECKSUM: usize = 4;

/// Whether bytes begin framed Snappy.
pub(super) fn begins(bytes: &[u8]) -> Begins {
    Begins::with(&IDENTIFIER, bytes)
}

#[derive(Debug)]
pub(super) struct Snappy {
    step: Step,
    stream: Stream,
    /// Offset after the bytes that were pushed.
    end: u64,
    /// Offset of the current chunk's first byte.
    chunk: u64,
    collected: Collected,
    raw: Raw,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Header,
    /// Bytes of a chunk that has no text.
    Skipped(usize),
    /// The identifier's letters.
    Identifier,
    Data(Data),
}

/// The form of a chunk with text, and its length.
#[derive(Debug, Clone, Copy)]
struct Data {
    length: usize,
    is_compressed: bool,
    has_checksum: bool,
}

impl Snappy {
    /// Returns a decoder of this stream, whose first byte has this offset.
    pub(super) fn new(stream: Stream, offset: u64) -> Self {
        Self {
            step: Step::Header,
            stream,
            end: offset,
            chunk: offset,
            collected: Collected::default(),
            raw: Raw::default(),
        }
    }

    pub(super) fn push(
        &mut self,
        mut input: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.end += input.len() as u64;
        while !input.is_empty() {
            let read = self.step(&mut input, next);
            let (stream, chunk) = (self.stream, self.chunk);
            read.map_err(|failed| failed.at(stream, chunk))?;
        }
        Ok(())
    }

    /// Fails if the input ends inside a chunk.
    pub(super) fn finish(&self) -> Result<(), Error> {
        match self.step {
            Step::Header if self.collected.is_empty() => Ok(()),
            _ => Err(Reason::TruncatedSnappy.at(self.stream, self.end)),
        }
    }

    fn step(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Failed> {
        match self.step {
            Step::Header => {
                if self.collected.is_empty() {
                    self.chunk = self.end - input.len() as u64;
                }
                if let Some(&[kind, l0, l1, l2]) = self.collected.take(input, HEADER) {
                    let length = u32::from_le_bytes([l0, l1, l2, 0]) as usize;
                    self.step = after_header(kind, length)?;
                }
            }
            Step::Skipped(left) => {
                let length = left.min(input.len());
                *input = &input[length..];
                self.step = skip(left - length);
            }
            Step::Identifier => {
                let letters = &IDENTIFIER[HEADER..];
                if let Some(found) = self.collected.take(input, letters.len()) {
                    if found != letters {
                        return Err(Failed::corrupt("an identifier of something else"));
                    }
                    self.step = Step::Header;
                }
            }
            Step::Data(data) => {
                if let Some(bytes) = self.collected.take(input, data.length) {
                    // Before the checksum is right, nothing is passed on.
                    next(data.text(bytes, &mut self.raw)?)?;
                    self.step = Step::Header;
                }
            }
        }
        Ok(())
    }
}

/// Returns the step after the header of a chunk.
fn after_header(kind: u8, length: usize) -> Result<Step, Failed> {
    let data = |is_compressed, has_checksum| {
        let checksum = if has_checksum { CHECKSUM } else { 0 };
        let most = match is_compressed {
            true => max_compress_len(MAX_SNAPPY_CHUNK),
            false => MAX_SNAPPY_CHUNK,
        };
        let least = usize::from(is_compressed);
        match length.checked_sub(checksum) {
            Some(bytes) if bytes > most => Err(Failed::TOO_LARGE),
            Some(bytes) if bytes >= least => Ok(Step::Data(Data {
                length,
                is_compressed,
                has_checksum,
            })),
            _ => Err(Failed::corrupt("a chunk that is too short")),
        }
    };
    match kind {
        0x00 => data(true, true),
        0x01 => data(false, true),
        0x02 => data(true, false),
        0x03 if length == 0 => Ok(Step::Header),
        0x03 => data(false, false),
        0x80..=0xfe => Ok(skip(length)),
        0xff if length == IDENTIFIER.len() - HEADER => Ok(Step::Identifier),
        0xff => Err(Failed::corrupt("an identifier of something else")),
        _ => Err(Failed::corrupt("an unknown type of chunk")),
    }
}

fn skip(length: usize) -> Step {
    match length {
        0 => Step::Header,
        _ => Step::Skipped(length),
    }
}

impl Data {
    /// Returns the text of a chunk.
    fn text<'a>(&self, chunk: &'a [u8], raw: &'a mut Raw) -> Result<&'a [u8], Failed> {
        let (checksum, bytes) = match chunk.split_first_chunk::<CHECKSUM>() {
            Some((checksum, bytes)) if self.has_checksum => (Some(*checksum), bytes),
            _ => (None, chunk),
        };
        let text = match self.is_compressed {
            true => raw.decode(bytes, MAX_SNAPPY_CHUNK)?,
            false => bytes,
        };
        match checksum {
            Some(checksum) if u32::from_le_bytes(checksum) != masked_crc(text) => {
                Err(Failed::corrupt("a wrong CRC"))
            }
            _ => Ok(text),
        }
    }
}

/// The checksum of the framing format, section 3.
fn masked_crc(text: &[u8]) -> u32 {
    crc32c::crc32c(text)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// A decoder of Snappy without framing, with its buffer.
#[derive(Default)]
pub(super) struct Raw {
    decoder: Decoder,
    text: Vec<u8>,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").finish_non_exhaustive()
    }
}

impl Raw {
    /// Decodes bytes that have at most this much text. The buffer is not enlarged for more.
    pub(super) fn decode(&mut self, bytes: &[u8], most: usize) -> Result<&[u8], Failed> {
        let not_snappy = || Failed::corrupt("not Snappy");
        let length = decompress_len(bytes).map_err(|_| not_snappy())?;
        if length > most {
            return Err(Failed::Fault(Reason::SnappyTooLarge(most)));
        }
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        let text = &mut self.text[..length];
        match self.decoder.decompress(bytes, text) {
            Ok(decoded) if decoded == length => Ok(text),
            _ => Err(not_snappy()),
        }
    }
}

/// The reason why a chunk is not passed on.
pub(super) enum Failed {
    /// A fault of this chunk.
    Fault(Reason),
    /// An error of the next stage.
    Next(Error),
}

impl Failed {
    const TOO_LARGE: Self = Self::Fault(Reason::SnappyTooLarge(MAX_SNAPPY_CHUNK));

    pub(super) fn corrupt(what: &'static str) -> Self {
        Self::Fault(Reason::CorruptSnappy(what))
    }

    /// Returns the error for a chunk at this offset.
    pub(super) fn at(self, stream: Stream, chunk: u64) -> Error {
        match self {
            Self::Fault(reason) => reason.at(stream, chunk),
            Self::Next(error) => error,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Next(error)
    }
}
