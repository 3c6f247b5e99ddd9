//! A layer of gzip (RFC 1952, <https://www.rfc-editor.org/rfc/rfc1952>): members one after another,
//! with optional white space between them and zero padding at the end.
//!
//! Libraries do the inflating, but not the framing: common decoders stop after the first member or
//! refuse a newline between members, and none reports the offset of a fault.

use flate2::Crc;

use super::inflate::{Inflate, Inflated};
use super::recognise::Begins;
use super::whole_member::WholeMembers;
use crate::error::{Error, Reason, Stream};
use crate::space::is_space;

/// The first two bytes of a member.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The only compression method of a member.
pub(super) const DEFLATE: u8 = 8;

/// Whether bytes begin gzip.
pub(super) fn begins(bytes: &[u8]) -> Begins {
    Begins::with(&MAGIC, bytes)
}

// Flags of a member.
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// A decoder that can stop and resume between any two bytes.
#[derive(Debug)]
pub(crate) struct Gunzip {
    step: Step,
    stream: Stream,
    /// Offset of the next byte of the input.
    offset: u64,
    /// Offset of the current member's first byte.
    member: u64,
    /// The header field or trailer that is being collected.
    part: Part,
    flags: u8,
    header_crc: Crc,
    body_crc: Crc,
    whole: WholeMembers,
    /// Created for the first member that `whole` does not accept. Many objects have no such member.
    inflate: Option<Inflate>,
}

/// The part of a member to which the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The first member, or white space before it.
    First,
    /// Another member, or white space or padding before or after it.
    Between,
    /// Zeros after the last member.
    Padding,
    /// The second byte of the magic number.
    Magic,
    Header,
    ExtraLength,
    Extra(u16),
    Name,
    Comment,
    HeaderEnd,
    /// Holds the right CRC.
    HeaderCrc(u16),
    Body,
    Trailer,
}

impl Gunzip {
    /// Returns a decoder of this stream.
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            step: Step::First,
            stream,
            offset: 0,
            member: 0,
            part: Part::default(),
            flags: 0,
            header_crc: Crc::new(),
            body_crc: Crc::new(),
            whole: WholeMembers::new(),
            inflate: None,
        }
    }

    /// Decodes a chunk and passes the output to `next`.
    pub(crate) fn push(
        &mut self,
        mut input: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while !input.is_empty() {
            match self.step {
                Step::First | Step::Between | Step::Padding => self.between(&mut input, next)?,
                Step::Body => self.body(&mut input, next)?,
                Step::Trailer => self.trailer(&mut input)?,
                _ => self.header(&mut input)?,
            }
        }
        Ok(())
    }

    /// Fails if the input ends inside a member.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self.step {
            Step::First | Step::Between | Step::Padding => Ok(()),
            _ => Err(Reason::TruncatedGzip.at(self.stream, self.offset)),
        }
    }

    fn between(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match (input[0], self.step) {
            (byte, _) if is_space(byte) => self.advance(input, 1),
            (0, Step::Between | Step::Padding) => {
                self.step = Step::Padding;
                self.advance(input, 1);
            }
            (byte, Step::First | Step::Between) if byte == MAGIC[0] => {
                if let Some((length, text)) = self.whole.inflate(input) {
                    *input = &input[length..];
                    self.offset += length as u64;
                    self.step = Step::Between;
                    return next(text);
                }
                self.member = self.offset;
                self.header_crc.reset();
                self.advance(input, 1);
                self.step = Step::Magic;
            }
            _ => return Err(Reason::TrailingBytes.at(self.stream, self.offset)),
        }
        Ok(())
    }

    fn header(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        match self.step {
            Step::Magic => {
                if input[0] != MAGIC[1] {
                    return Err(Reason::TrailingBytes.at(self.stream, self.member));
                }
                self.advance(input, 1);
                self.step = Step::Header;
            }
            Step::Header => {
                if let Some([method, flags, ..]) = self.collect::<8>(input) {
                    if method != DEFLATE {
                        return Err(self.corrupt("unknown compression method"));
                    }
                    if flags & RESERVED != 0 {
                        return Err(self.corrupt("reserved flags"));
                    }
                    self.flags = flags;
                    self.step = Step::ExtraLength;
                }
            }
            Step::ExtraLength => {
                if self.flags & FEXTRA == 0 {
                    self.step = Step::Name;
                } else if let Some(length) = self.collect::<2>(input) {
                    self.step = Step::Extra(u16::from_le_bytes(length));
                }
            }
            Step::Extra(0) => self.step = Step::Name,
            Step::Extra(left) => {
                let length = input.len().min(usize::from(left));
                self.advance(input, length);
                self.step = Step::Extra(left - length as u16);
            }
            Step::Name => self.skip_text(FNAME, Step::Comment, input),
            Step::Comment => self.skip_text(FCOMMENT, Step::HeaderEnd, input),
            Step::HeaderCrc(expected) => {
                if let Some(crc) = self.collect::<2>(input) {
                    if u16::from_le_bytes(crc) != expected {
                        return Err(self.corrupt("wrong CRC of the header"));
                    }
                    self.begin_body();
                }
            }
            _ if self.flags & FHCRC == 0 => self.begin_body(),
            _ => self.step = Step::HeaderCrc(self.header_crc.sum() as u16),
        }
        Ok(())
    }

    /// Skips a zero-terminated header field if its flag is set.
    fn skip_text(&mut self, flag: u8, after: Step, input: &mut &[u8]) {
        if self.flags & flag == 0 {
            self.step = after;
        } else if let Some(end) = memchr::memchr(0, input) {
            self.advance(input, end + 1);
            self.step = after;
        } else {
            self.advance(input, input.len());
        }
    }

    fn begin_body(&mut self) {
        if let Some(inflate) = &mut self.inflate {
            inflate.reset();
        }
        self.body_crc.reset();
        self.step = Step::Body;
    }

    fn body(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let body_crc = &mut self.body_crc;
        let before = input.len();
        let inflate = self.inflate.get_or_insert_with(Inflate::new);
        let inflated = inflate.push(input, |decoded| {
            body_crc.update(decoded);
            next(decoded)
        })?;
        self.offset += (before - input.len()) as u64;
        match inflated {
            Inflated::More => Ok(()),
            Inflated::End => {
                self.step = Step::Trailer;
                Ok(())
            }
            Inflated::Corrupt => Err(self.corrupt("not deflate")),
        }
    }

    fn trailer(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        if let Some([c0, c1, c2, c3, l0, l1, l2, l3]) = self.collect::<8>(input) {
            if u32::from_le_bytes([c0, c1, c2, c3]) != self.body_crc.sum() {
                return Err(Reason::WrongCrc.at(self.stream, self.member));
            }
            if u32::from_le_bytes([l0, l1, l2, l3]) != self.body_crc.amount() {
                return Err(Reason::WrongLength.at(self.stream, self.member));
            }
            self.step = Step::Between;
        }
        Ok(())
    }

    /// Returns the next `N` bytes once all of them have arrived.
    fn collect<const N: usize>(&mut self, input: &mut &[u8]) -> Option<[u8; N]> {
        let length = input.len().min(N - self.part.filled);
        self.part.bytes[self.part.filled..][..length].copy_from_slice(&input[..length]);
        self.part.filled += length;
        self.advance(input, length);
        if self.part.filled < N {
            return None;
        }
        self.part.filled = 0;
        self.part.bytes.first_chunk().copied()
    }

    fn advance(&mut self, input: &mut &[u8], length: usize) {
        let (passed, rest) = input.split_at(length);
        self.header_crc.update(passed);
        self.offset += length as u64;
        *input = rest;
    }

    fn corrupt(&self, what: &'static str) -> Error {
        Reason::CorruptGzip(what).at(self.stream, self.member)
    }
}

/// The first bytes of a field that is not complete.
#[derive(Debug, Default)]
struct Part {
    bytes: [u8; 8],
    filled: usize,
}
