//! The encoder: cuts a stream into blocks and frames them as a gzip member.

use std::fmt;

use crate::bits::{self, Bits};
use crate::block;
use crate::matcher::{Buffer, Matcher, PADDING, POSITIONS, WINDOW};
use crate::tokens::Tokens;

/// The size of a block in bytes: large enough to pay for the description of its codes, small enough
/// for its working set to stay in the second-level cache.
const BLOCK: usize = 128 * 1024;

const _: () = assert!(WINDOW + BLOCK <= POSITIONS);

/// A gzip header (RFC 1952, 2.3): DEFLATE, without name, time, level or operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Encodes streams, each as one gzip member.
///
/// The output depends only on the bytes of the stream: not on how they are cut into writes, and not
/// on earlier streams. An encoder takes about 1 MiB of memory for a stream of any length, of which
/// rows use half. Creating one costs more than encoding a few rows, so reuse it for the next stream.
pub struct Encoder {
    /// The window of DEFLATE, and then the block.
    buffer: Box<Buffer>,
    /// Index in the buffer at which the block begins.
    begin: usize,
    /// Index in the buffer at which the block ends so far.
    end: usize,
    matcher: Matcher,
    tokens: Tokens,
    bits: Bits,
    crc: crc32fast::Hasher,
    /// The length of the stream so far.
    length: u64,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("buffered", &(self.end - self.begin))
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// Returns an encoder for any number of streams.
    pub fn new() -> Self {
        Self {
            buffer: Box::new([0; POSITIONS + PADDING]),
            begin: 0,
            end: 0,
            matcher: Matcher::new(),
            tokens: Tokens::for_block(BLOCK),
            bits: Bits::default(),
            crc: crc32fast::Hasher::new(),
            length: 0,
        }
    }

    /// Encodes the next bytes of the stream, and appends the complete blocks to `out`.
    pub fn write(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        while !text.is_empty() {
            // The last block of a stream is marked, so a full block waits for the next byte.
            if self.end - self.begin == BLOCK {
                self.write_block(false, out);
                self.slide();
            }
            let room = &mut self.buffer[self.end..self.begin + BLOCK];
            let (now, later) = text.split_at(text.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.crc.update(now);
            self.length += now.len() as u64;
            self.end += now.len();
            text = later;
        }
    }

    /// Ends the stream, and appends the rest of the member to `out`. The next write begins another
    /// stream and another member.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.write_block(true, out);
        let bits = std::mem::take(&mut self.bits);
        bits::append(out, bits, bits.to_fill_byte(0), |writer| writer.align());
        let crc = std::mem::take(&mut self.crc).finalize();
        out.extend_from_slice(&crc.to_le_bytes());
        // RFC 1952, 2.3.1: modulo 2^32.
        out.extend_from_slice(&(self.length as u32).to_le_bytes());
        self.matcher.move_on(self.end);
        self.clear();
        (self.begin, self.end, self.length) = (0, 0, 0);
    }

    /// Removes the stream from the buffer. The hash of a text's last field includes up to 64 bytes
    /// behind the text, which the next stream must not inherit.
    fn clear(&mut self) {
        let used = match self.length <= BLOCK as u64 {
            true => self.end,
            false => WINDOW + BLOCK,
        };
        self.buffer[..used].fill(0);
    }

    fn write_block(&mut self, last: bool, out: &mut Vec<u8>) {
        if self.length <= BLOCK as u64 {
            out.extend_from_slice(&HEADER);
        }
        // Matches must not depend on the block before, as far as they are compared.
        self.buffer[self.end..][..PADDING].fill(0);
        self.tokens.clear();
        let text = self.begin..self.end;
        (self.matcher).find(&self.buffer, text.clone(), &mut self.tokens);
        let text = &self.buffer[text];
        self.bits = block::write(text, self.tokens.as_slice(), last, self.bits, out);
    }

    /// Makes room for the next block.
    fn slide(&mut self) {
        let gone = self.end.saturating_sub(WINDOW);
        self.buffer.copy_within(gone..self.end, 0);
        self.matcher.move_on(gone);
        self.end -= gone;
        self.begin = self.end;
    }
}
