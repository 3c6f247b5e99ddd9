//! Inflates a small member that is complete within a piece in one call, in half the time of a
//! resumable inflate.
//!
//! This reports no faults. If it does not accept a member, for whatever reason, the resumable decoder
//! reads the member from its first byte.

use std::fmt;

use libdeflater::{Decompressor, crc32};
use memchr::memmem::{self, Finder};

use super::gzip::{DEFLATE, MAGIC};
use crate::bounds::MAX_WHOLE_MEMBER;

/// The first bytes of a member without flags. Members in a stash have none, and libdeflate does not
/// check all of them.
const MEMBER_BEGIN: [u8; 4] = [MAGIC[0], MAGIC[1], DEFLATE, 0];

/// Bytes before the deflate stream: [`MEMBER_BEGIN`], four bytes of time, and two more.
const HEADER_LENGTH: usize = 10;

/// Bytes after the deflate stream: the CRC and the length of the text, four each.
const TRAILER_LENGTH: usize = 8;

/// Inflates whole members. Its buffers are reused for each member.
pub(crate) struct WholeMembers {
    member_begin: Finder<'static>,
    decompressor: Decompressor,
    text: Vec<u8>,
}

impl fmt::Debug for WholeMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WholeMembers").finish_non_exhaustive()
    }
}

impl WholeMembers {
    pub(crate) fn new() -> Self {
        Self {
            member_begin: Finder::new(&MEMBER_BEGIN),
            decompressor: Decompressor::new(),
            text: Vec::new(),
        }
    }

    /// Inflates the member at the beginning of `input`. Returns its length and its text.
    ///
    /// The end of the member is a guess: where the next one seems to begin, or the end of the input.
    /// libdeflate checks the eight bytes after the deflate stream but does not say where they are. If
    /// the text's CRC and length equal the last eight bytes, and these occur nowhere earlier, the
    /// stream ended there, and the guess is right.
    pub(crate) fn inflate(&mut self, input: &[u8]) -> Option<(usize, &[u8])> {
        if !input.starts_with(&MEMBER_BEGIN) {
            return None;
        }
        let next = self.member_begin.find(input.get(HEADER_LENGTH..)?);
        let end = next.map_or(input.len(), |place| HEADER_LENGTH + place);
        // This removes white space between members, and never a part of a trailer: the last byte of
        // a length up to MAX_WHOLE_MEMBER is 0.
        let member = input.get(..end)?.trim_ascii_end();
        let after_header = member.get(HEADER_LENGTH..)?;
        let (stream, trailer) = after_header.split_last_chunk::<TRAILER_LENGTH>()?;
        let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > MAX_WHOLE_MEMBER {
            return None;
        }
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        let text = &mut self.text[..length];
        let inflated = self.decompressor.gzip_decompress(member, text).ok()?;
        let is_its_trailer = inflated == length && crc32(text) == crc;
        let occurs_once = memmem::find(after_header, trailer) == Some(stream.len());
        (is_its_trailer && occurs_once).then_some((member.len(), text))
    }
}
