//! A layer of zstd (RFC 8878, <https://www.rfc-editor.org/rfc/rfc8878>): frames one after another, with
//! optional white space between them.
//!
//! A library decodes the blocks. Their headers are read here: it would drop the text of a block that
//! comes before a faulty one in the same piece, and it does not tell where a frame begins.

use std::fmt;

use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::collected::Collected;
use super::inflate::BUFFER;
use super::recognise::Begins;
use crate::bounds::{MAX_ZSTD_BLOCK, MAX_ZSTD_WINDOW};
use crate::error::{Error, Reason, Stream};
use crate::space::is_space;

/// The first bytes of a frame.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// The first bytes of a frame without text. The lower half of the first one can have any value.
const SKIPPABLE: [u8; 4] = 0x184d_2a50_u32.to_le_bytes();

/// Bytes of a block's header, of a checksum, and of the length of a frame without text.
const BLOCK_HEADER: usize = 3;
const CHECKSUM: usize = 4;
const SKIPPABLE_LENGTH: usize = 4;

/// Whether bytes begin with a frame.
pub(super) fn begins(bytes: &[u8]) -> Begins {
    Begins::with(&MAGIC, bytes)
}

/// Whether bytes begin with a frame without text. Text can begin with the first two of them.
pub(super) fn begins_skippable(bytes: &[u8]) -> Begins {
    match bytes {
        [first, rest @ ..] if first & 0xf0 == SKIPPABLE[0] => Begins::with(&SKIPPABLE[1..], rest),
        _ => Begins::No,
    }
}

pub(super) struct Zstd {
    step: Step,
    stream: Stream,
    /// Offset after the bytes that were pushed.
    end: u64,
    /// Offset of the current frame's first byte.
    frame: u64,
    collected: Collected,
    has_checksum: bool,
    /// Bytes of text that the frame's header promises.
    promised: Option<u64>,
    written: u64,
    decoder: Decoder<'static>,
    decoded: Box<[u8]>,
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd")
            .field("step", &self.step)
            .field("frame", &self.frame)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// White space before a frame.
    Between,
    Magic,
    SkippableLength,
    Skipped(usize),
    /// The first byte of a frame's header.
    Descriptor,
    Header(Descriptor),
    BlockHeader,
    Block {
        length: usize,
        is_last: bool,
    },
    Checksum,
}

/// The first byte of a frame's header.
#[derive(Debug, Clone, Copy)]
struct Descriptor(u8);

impl Descriptor {
    fn is_single_segment(self) -> bool {
        self.0 & 1 << 5 != 0
    }

    fn is_reserved(self) -> bool {
        self.0 & 1 << 3 != 0
    }

    fn has_checksum(self) -> bool {
        self.0 & 1 << 2 != 0
    }

    fn window_length(self) -> usize {
        usize::from(!self.is_single_segment())
    }

    fn dictionary_length(self) -> usize {
        [0, 1, 2, 4][usize::from(self.0 & 3)]
    }

    fn size_length(self) -> usize {
        match self.0 >> 6 {
            0 => usize::from(self.is_single_segment()),
            flag => 1 << flag,
        }
    }

    fn header_length(self) -> usize {
        self.window_length() + self.dictionary_length() + self.size_length()
    }

    /// Returns the size of the text, if the header has it, or the frame's fault.
    fn read(self, header: &[u8]) -> Result<Option<u64>, Reason> {
        let mut rest = header;
        let mut field = |length: usize| {
            let (field, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            field
        };
        let window = field(self.window_length());
        let dictionary = field(self.dictionary_length());
        let size = field(self.size_length());
        // The number 0 is the same as none.
        if number(dictionary) != 0 {
            return Err(Reason::ZstdDictionary);
        }
        let size = match size.len() {
            0 => None,
            // Smaller sizes fit into one byte.
            2 => Some(number(size) + 256),
            _ => Some(number(size)),
        };
        let window = match window.first() {
            Some(window) => {
                let base = 1_u64 << (10 + (window >> 3));
                base + base / 8 * u64::from(window & 7)
            }
            None => size.unwrap_or_default(),
        };
        match window > MAX_ZSTD_WINDOW {
            true => Err(Reason::ZstdWindow(MAX_ZSTD_WINDOW)),
            false => Ok(size),
        }
    }
}

/// Returns a number whose lowest byte is the first.
fn number(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Zstd {
    /// Returns a decoder of this stream, whose first byte has this offset.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Output`] if there is no memory.
    pub(super) fn new(stream: Stream, offset: u64) -> Result<Self, Error> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(MAX_ZSTD_WINDOW.ilog2()))?;
        Ok(Self {
            step: Step::Magic,
            stream,
            end: offset,
            frame: offset,
            collected: Collected::default(),
            has_checksum: false,
            promised: None,
            written: 0,
            decoder,
            decoded: vec![0; BUFFER].into_boxed_slice(),
        })
    }

    pub(super) fn push(
        &mut self,
        mut input: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.end += input.len() as u64;
        while !input.is_empty() {
            match self.step {
                Step::Block { length, is_last } => {
                    self.block(&mut input, length, is_last, next)?;
                }
                Step::Between => match input {
                    [space, rest @ ..] if is_space(*space) => input = rest,
                    _ => {
                        self.frame = self.end - input.len() as u64;
                        self.step = Step::Magic;
                    }
                },
                _ => self.header(&mut input)?,
            }
        }
        Ok(())
    }

    /// Fails if the input ends inside a frame.
    pub(super) fn finish(&self) -> Result<(), Error> {
        match self.step {
            Step::Between => Ok(()),
            _ => Err(Reason::TruncatedZstd.at(self.stream, self.end)),
        }
    }

    /// Reads everything but blocks.
    fn header(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        match self.step {
            Step::Magic => match self.collected.take(input, MAGIC.len()) {
                None => {}
                Some(magic) if magic == MAGIC => self.step = Step::Descriptor,
                Some(magic) if begins_skippable(magic) == Begins::Yes => {
                    self.step = Step::SkippableLength
                }
                Some(_) => return Err(self.corrupt("no magic number")),
            },
            Step::SkippableLength => {
                if let Some(length) = self.collected.take(input, SKIPPABLE_LENGTH) {
                    self.step = skip(number(length) as usize);
                }
            }
            Step::Skipped(left) => {
                let length = left.min(input.len());
                *input = &input[length..];
                self.step = skip(left - length);
            }
            Step::Descriptor => {
                if let Some(&[descriptor]) = self.collected.take(input, 1) {
                    let descriptor = Descriptor(descriptor);
                    if descriptor.is_reserved() {
                        return Err(self.corrupt("a reserved bit"));
                    }
                    // Every header has at least one more byte.
                    self.step = Step::Header(descriptor);
                }
            }
            Step::Header(descriptor) => {
                let length = descriptor.header_length();
                let Some(header) = self.collected.take(input, length) else {
                    return Ok(());
                };
                let promised = descriptor
                    .read(header)
                    .map_err(|reason| reason.at(self.stream, self.frame))?;
                self.has_checksum = descriptor.has_checksum();
                self.promised = promised;
                self.written = 0;
                self.step = Step::BlockHeader;
                let whole = [&MAGIC[..], &[descriptor.0], header].concat();
                self.decoder.reinit()?;
                self.decode(&whole, &mut |_| Ok(()))?;
            }
            Step::BlockHeader => {
                let Some(&[h0, h1, h2]) = self.collected.take(input, BLOCK_HEADER) else {
                    return Ok(());
                };
                let header = u32::from_le_bytes([h0, h1, h2, 0]);
                let (is_last, kind, size) = (header & 1 != 0, header >> 1 & 3, header >> 3);
                if size as usize > MAX_ZSTD_BLOCK {
                    return Err(self.corrupt("a block that is too long"));
                }
                // A block of one repeated byte contains that byte once.
                let length = if kind == 1 { 1 } else { size as usize };
                self.decode(&[h0, h1, h2], &mut |_| Ok(()))?;
                match length {
                    0 => self.after_block(is_last)?,
                    _ => self.step = Step::Block { length, is_last },
                }
            }
            Step::Checksum => {
                let Some(&[c0, c1, c2, c3]) = self.collected.take(input, CHECKSUM) else {
                    return Ok(());
                };
                self.step = Step::Between;
                self.decode(&[c0, c1, c2, c3], &mut |_| Ok(()))
                    .map_err(|_| self.corrupt("a wrong checksum"))?;
            }
            Step::Between | Step::Block { .. } => {}
        }
        Ok(())
    }

    /// Reads a block, which is decoded once all of it has arrived: a part of it could be decoded in
    /// one way, and all of it in another.
    fn block(
        &mut self,
        input: &mut &[u8],
        length: usize,
        is_last: bool,
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut collected = std::mem::take(&mut self.collected);
        let decoded = match collected.take(input, length) {
            Some(block) => self.decode(block, next).map(|()| true),
            None => Ok(false),
        };
        self.collected = collected;
        match decoded? {
            true => self.after_block(is_last),
            false => Ok(()),
        }
    }

    fn after_block(&mut self, is_last: bool) -> Result<(), Error> {
        self.step = match is_last {
            false => Step::BlockHeader,
            true if self.has_checksum => Step::Checksum,
            true => Step::Between,
        };
        // The library does not compare if the last block is empty.
        match self.promised {
            Some(promised) if is_last && promised != self.written => {
                Err(self.corrupt("a false size"))
            }
            _ => Ok(()),
        }
    }

    /// Decodes a part of a frame and passes its text to `next`.
    fn decode(
        &mut self,
        mut part: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        loop {
            let status = self
                .decoder
                .run_on_buffers(part, &mut self.decoded)
                .map_err(|_| self.corrupt("not zstd"))?;
            part = part.get(status.bytes_read..).unwrap_or_default();
            self.written += status.bytes_written as u64;
            if status.bytes_written > 0 {
                next(&self.decoded[..status.bytes_written])?;
            }
            if part.is_empty() && status.bytes_written < self.decoded.len() {
                return Ok(());
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Err(self.corrupt("not zstd"));
            }
        }
    }

    fn corrupt(&self, what: &'static str) -> Error {
        Reason::CorruptZstd(what).at(self.stream, self.frame)
    }
}

fn skip(length: usize) -> Step {
    match length {
        0 => Step::Between,
        _ => Step::Skipped(length),
    }
}
