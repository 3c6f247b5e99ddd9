//! Checks that the text inside all layers is UTF-8.

use crate::error::{Error, Reason};

/// Checks UTF-8 across chunks.
///
/// Only whole characters are passed on, so the next stage never sees an invalid byte.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    offset: u64,
    /// The first bytes of a character that is not complete.
    held: Vec<u8>,
}

impl Utf8 {
    /// Returns the number of bytes passed on.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn push(
        &mut self,
        mut chunk: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while let (false, [byte, rest @ ..]) = (self.held.is_empty(), chunk) {
            self.held.push(*byte);
            chunk = rest;
            let character = std::mem::take(&mut self.held);
            self.pass_on(&character, next)?;
        }
        self.pass_on(chunk, next)
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.held.is_empty() {
            Ok(())
        } else {
            Err(Reason::InvalidUtf8.in_text(self.offset))
        }
    }

    fn pass_on(
        &mut self,
        bytes: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // Nearly all text is ASCII, and checking for that is faster than decoding.
        if bytes.is_ascii() {
            next(bytes)?;
            self.offset += bytes.len() as u64;
            return Ok(());
        }
        let (valid, rest, cut) = match std::str::from_utf8(bytes) {
            Ok(_) => (bytes, &[][..], true),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                (valid, rest, error.error_len().is_none())
            }
        };
        next(valid)?;
        self.offset += valid.len() as u64;
        if !cut {
            return Err(Reason::InvalidUtf8.in_text(self.offset));
        }
        self.held.extend_from_slice(rest);
        Ok(())
    }
}
