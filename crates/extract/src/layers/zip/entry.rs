//! The entry of an archive: what its local header says, and its data.

use flate2::Crc;

use super::super::inflate::{Inflate, Inflated};
use super::records::Fixed;
use crate::error::{Error, Reason};

// Flags of an entry.
const ENCRYPTED: u16 = 1 << 0 | 1 << 6 | 1 << 13;
const HAS_DESCRIPTOR: u16 = 1 << 3;
const PATCH: u16 = 1 << 5;

// Compression methods.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const AES: u16 = 99;

#[derive(Debug, Default)]
pub(super) struct Entry {
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    /// Whether the sizes in the data descriptor have eight bytes.
    is_zip64: bool,
    read: Read,
    inflate: Option<Inflate>,
}

/// The CRC and the sizes of the data that was read.
#[derive(Debug, Default)]
struct Read {
    crc: Crc,
    compressed: u64,
    size: u64,
}

impl Entry {
    /// Reads a local header. Fails if the data cannot be read.
    pub(super) fn of(fixed: &Fixed) -> Result<Self, Reason> {
        if is_encrypted(fixed) {
            return Err(Reason::ZipEncrypted);
        }
        if fixed.flags & PATCH != 0 {
            return Err(Reason::CorruptZip("a patch in place of data"));
        }
        if ![STORED, DEFLATED].contains(&fixed.method) {
            return Err(Reason::ZipMethod(fixed.method));
        }
        Ok(Self {
            flags: fixed.flags,
            method: fixed.method,
            crc: fixed.variable.crc,
            ..Self::default()
        })
    }

    /// Sets the sizes in the local header, which its ZIP64 field may have.
    pub(super) fn set_sizes(&mut self, compressed: u64, size: u64, is_zip64: bool) {
        self.compressed = compressed;
        self.size = size;
        self.is_zip64 = is_zip64;
    }

    /// Returns whether there is data to read.
    pub(super) fn begin_data(&mut self) -> Result<bool, Reason> {
        match (self.method, self.compressed) {
            (STORED, 0) if self.has_descriptor() => Err(Reason::ZipUnsized),
            (STORED, compressed) if compressed != self.size => Err(FALSE_SIZE),
            (STORED, compressed) => Ok(compressed > 0),
            // Deflate data has at least one block.
            (_, 0) if !self.has_descriptor() => Err(FALSE_SIZE),
            _ => Ok(true),
        }
    }

    /// Reads data, passes it on, and returns whether that was the last of it. `at` names the place of an
    /// error.
    pub(super) fn push(
        &mut self,
        input: &mut &[u8],
        at: impl Fn(Reason) -> Error,
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        match self.method {
            STORED => self.push_stored(input, next),
            _ => self.push_deflated(input, at, next),
        }
    }

    fn push_stored(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let (data, rest) = input.split_at(self.left().min(input.len()));
        *input = rest;
        self.read.crc.update(data);
        self.read.compressed += data.len() as u64;
        self.read.size += data.len() as u64;
        next(data)?;
        Ok(self.left() == 0)
    }

    fn push_deflated(
        &mut self,
        input: &mut &[u8],
        at: impl Fn(Reason) -> Error,
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let has_descriptor = self.has_descriptor();
        let (most, most_text) = match has_descriptor {
            true => (input.len(), u64::MAX),
            false => (self.left().min(input.len()), self.size),
        };
        let (mut data, _) = input.split_at(most);
        let Read { crc, size, .. } = &mut self.read;
        let inflate = self.inflate.get_or_insert_with(Inflate::new);
        let inflated = inflate.push(&mut data, |decoded| {
            let promised = usize::try_from(most_text - *size).unwrap_or(usize::MAX);
            let decoded_as_promised = decoded.get(..promised).unwrap_or(decoded);
            crc.update(decoded_as_promised);
            *size += decoded_as_promised.len() as u64;
            next(decoded_as_promised)?;
            match decoded.len() > promised {
                true => Err(at(FALSE_SIZE)),
                false => Ok(()),
            }
        })?;
        let read = most - data.len();
        *input = &input[read..];
        self.read.compressed += read as u64;
        match inflated {
            Inflated::Corrupt => Err(at(Reason::CorruptZip("not deflate"))),
            Inflated::More if !has_descriptor && self.left() == 0 => Err(at(FALSE_SIZE)),
            Inflated::More => Ok(false),
            Inflated::End => {
                self.inflate = None;
                Ok(true)
            }
        }
    }

    /// Bytes of compressed data that are not read yet, if their number is known.
    fn left(&self) -> usize {
        let left = self.compressed.saturating_sub(self.read.compressed);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Whether the CRC and the sizes follow the data.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & HAS_DESCRIPTOR != 0
    }

    /// Whether the sizes after the data have eight bytes. Java writes eight bytes for sizes that need
    /// them, without a ZIP64 field before.
    pub(super) fn has_long_sizes(&self) -> bool {
        self.is_zip64 || self.read.compressed.max(self.read.size) > u64::from(u32::MAX)
    }

    /// Fails unless the local header has the values of the data.
    pub(super) fn check_header(&self) -> Result<(), Reason> {
        self.check(self.crc, self.compressed, self.size)
    }

    /// Fails unless these are the values of the data.
    pub(super) fn check(&self, crc: u32, compressed: u64, size: u64) -> Result<(), Reason> {
        if crc != self.read.crc.sum() {
            return Err(Reason::CorruptZip("a wrong CRC"));
        }
        if (compressed, size) != (self.read.compressed, self.read.size) {
            return Err(FALSE_SIZE);
        }
        Ok(())
    }

    /// Whether a central header says the same about how the data is written.
    pub(super) fn has_form_of(&self, central: &Fixed) -> bool {
        !is_encrypted(central) && central.method == self.method
    }
}

const FALSE_SIZE: Reason = Reason::CorruptZip("a false size");

fn is_encrypted(fixed: &Fixed) -> bool {
    fixed.flags & ENCRYPTED != 0 || fixed.method == AES
}
