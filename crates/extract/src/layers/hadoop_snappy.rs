//! A layer of Snappy in Hadoop's framing, which Firehose writes as `HADOOP_SNAPPY`.
//!
//! Hadoop's `BlockCompressorStream` writes blocks: the length of a block's text, then chunks until they
//! have that much text, each with the length of its compressed bytes. Both lengths have four bytes,
//! the first the highest. A chunk is Snappy without framing, and there is no checksum
//! (<https://github.com/apache/hadoop/blob/trunk/hadoop-common-project/hadoop-common/src/main/java/org/apache/hadoop/io/compress/BlockCompressorStream.java>).

use snap::raw::max_compress_len;

use super::collected::Collected;
use super::recognise::Begins;
use super::snappy::{Failed, Raw};
use crate::bounds::MAX_HADOOP_CHUNK;
use crate::error::{Error, Reason, Stream};

/// Bytes of a length.
const LENGTH: usize = 4;

/// The highest byte of the first block's length. There is no magic number, so text must not look like
/// one: this byte and the next lengths' are control characters that text does not begin with. It
/// allows for 128 MiB, as much as Firehose puts into an object
/// (<https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html>).
const MAX_FIRST_BYTE: u8 = 8;

/// Whether bytes begin with a plausible block and chunk.
pub(super) fn begins(bytes: &[u8]) -> Begins {
    match bytes.first() {
        Some(first) if *first <= MAX_FIRST_BYTE => {}
        _ => return Begins::No,
    }
    let Some((block, bytes)) = length(bytes) else {
        return Begins::Maybe;
    };
    if block == 0 {
        return match bytes.is_empty() {
            true => Begins::Maybe,
            false => Begins::No,
        };
    }
    let Some((chunk, bytes)) = length(bytes) else {
        return Begins::Maybe;
    };
    // At most 16 MiB, far more than the bound, so that a chunk beyond the bound fails by its name.
    if chunk == 0 || chunk >> 24 != 0 {
        return Begins::No;
    }
    match varint(bytes) {
        Varint::Cut => Begins::Maybe,
        Varint::Invalid => Begins::No,
        Varint::Of(text) => {
            let is_plausible =
                (1..=block).contains(&text) && chunk as usize <= max_compress_len(text as usize);
            match is_plausible {
                true => Begins::Yes,
                false => Begins::No,
            }
        }
    }
}

/// Whether a whole stream is what Hadoop writes for no text: a block without chunks.
pub(super) fn is_empty_stream(bytes: &[u8]) -> bool {
    bytes == [0; LENGTH]
}

fn length(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    Some((u32::from_be_bytes(*length), rest))
}

/// The length of the text at the beginning of raw Snappy.
enum Varint {
    Cut,
    Invalid,
    Of(u32),
}

/// Reads the number at the beginning of raw Snappy
/// (<https://github.com/google/snappy/blob/main/format_description.txt>).
fn varint(bytes: &[u8]) -> Varint {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return u32::try_from(value).map_or(Varint::Invalid, Varint::Of);
        }
    }
    match bytes.len() {
        0..5 => Varint::Cut,
        _ => Varint::Invalid,
    }
}

#[derive(Debug)]
pub(super) struct HadoopSnappy {
    step: Step,
    stream: Stream,
    /// Offset after the bytes that were pushed.
    end: u64,
    /// Offset of the length of the current block or chunk.
    chunk: u64,
    /// Bytes of text that the block's other chunks have.
    left: u32,
    collected: Collected,
    raw: Raw,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Block,
    Chunk,
    Data(usize),
}

impl HadoopSnappy {
    /// Returns a decoder of this stream, whose first byte has this offset.
    pub(super) fn new(stream: Stream, offset: u64) -> Self {
        Self {
            step: Step::Block,
            stream,
            end: offset,
            chunk: offset,
            left: 0,
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

    /// Fails if the input ends inside a block.
    pub(super) fn finish(&self) -> Result<(), Error> {
        match self.step {
            Step::Block if self.collected.is_empty() => Ok(()),
            _ => Err(Reason::TruncatedSnappy.at(self.stream, self.end)),
        }
    }

    fn step(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Failed> {
        if let Step::Data(length) = self.step {
            if let Some(bytes) = self.collected.take(input, length) {
                let text = self.raw.decode(bytes, MAX_HADOOP_CHUNK)?;
                self.left = u32::try_from(text.len())
                    .ok()
                    .and_then(|length| self.left.checked_sub(length))
                    .ok_or(Failed::corrupt("more text than its block has"))?;
                self.step = match self.left {
                    0 => Step::Block,
                    _ => Step::Chunk,
                };
                next(text)?;
            }
            return Ok(());
        }
        if self.collected.is_empty() {
            self.chunk = self.end - input.len() as u64;
        }
        let Some((length, _)) = self.collected.take(input, LENGTH).and_then(length) else {
            return Ok(());
        };
        self.step = match self.step {
            // Hadoop ends a stream with such a block if its last text filled one.
            Step::Block if length == 0 => Step::Block,
            Step::Block if i32::try_from(length).is_err() => {
                return Err(Failed::corrupt("a negative length"));
            }
            Step::Block => {
                self.left = length;
                Step::Chunk
            }
            _ if length == 0 => return Err(Failed::corrupt("no bytes")),
            _ if length as usize > max_compress_len(MAX_HADOOP_CHUNK) => {
                return Err(Failed::Fault(Reason::SnappyTooLarge(MAX_HADOOP_CHUNK)));
            }
            _ => Step::Data(length as usize),
        };
        Ok(())
    }
}
