//! The text inside all layers: UTF-8, or a fault where it is not.

use crate::error::{Error, Reason};

/// Checks UTF-8 across chunks and hands on whole characters only, so that what comes after never
/// sees a byte that turns out to be invalid.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    offset: u64,
    /// The beginning of a character whose end has not come yet.
    held: Vec<u8>,
}

impl Utf8 {
    /// How many bytes of text have been handed on.
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
            self.hand_on(&character, next)?;
        }
        self.hand_on(chunk, next)
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.held.is_empty() {
            Ok(())
        } else {
            Err(Reason::InvalidUtf8.in_text(self.offset))
        }
    }

    fn hand_on(
        &mut self,
        bytes: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // Nearly all of a stash is ASCII, and to see that is faster than to decode it.
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
