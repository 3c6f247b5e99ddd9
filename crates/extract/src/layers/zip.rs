//! A layer of ZIP with one entry, as Firehose writes it
//! (APPNOTE.TXT, <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>).
//!
//! An archive is read from its first byte to its last, not from the directory at its end as most
//! readers do, because an object is streamed. The directory must then describe the entry that was read.

mod records;

use flate2::Crc;

use self::records::{Fields, Fixed, Place, Record, Variable, Zip64Field, zip64_field};
use super::collected::Collected;
use super::inflate::{Inflate, Inflated};
use super::recognise::Begins;
use crate::error::{Error, Reason, Stream};

// The first bytes of records.
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
const EXTRA_DATA: [u8; 4] = *b"PK\x06\x08";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const ZIP64_END: [u8; 4] = *b"PK\x06\x06";
const ZIP64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END: [u8; 4] = *b"PK\x05\x06";

/// Bytes of a signature.
const SIGNATURE: usize = 4;

// Flags of an entry.
const ENCRYPTED: u16 = 1 << 0 | 1 << 6 | 1 << 13;
const HAS_DESCRIPTOR: u16 = 1 << 3;
const PATCH: u16 = 1 << 5;

// Compression methods.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const AES: u16 = 99;

/// Bytes of the ZIP64 end record after the field of its length, without extensions.
const ZIP64_END_LENGTH: u64 = 44;

/// Whether bytes begin an archive: with an entry, with the end of an empty archive, or with the mark
/// of a part of a split archive.
pub(super) fn begins(bytes: &[u8]) -> Begins {
    [LOCAL, END, DESCRIPTOR]
        .iter()
        .map(|signature| Begins::with(signature, bytes))
        .fold(Begins::No, Begins::or)
}

#[derive(Debug)]
pub(super) struct Zip {
    step: Step,
    stream: Stream,
    /// Offset of the archive's first byte.
    begin: u64,
    /// Offset after the bytes that were pushed.
    end: u64,
    /// Offset of the current record's first byte.
    record: u64,
    collected: Collected,
    entry: Entry,
    /// What was read of the entry.
    read: Read,
    inflate: Option<Inflate>,
    central: Place,
    zip64_end: Option<Place>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A signature after this record.
    After(Record),
    /// The part of a record that always has the same length.
    Fixed(Record),
    /// The part with names, extra fields and comments.
    Variable(Record, Variable),
    Stored,
    Deflated,
    /// The signature of the data descriptor, or its CRC.
    Descriptor,
    DescriptorCrc,
    DescriptorSizes(u32),
}

/// The local header of the entry.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    /// Whether the sizes in the data descriptor have eight bytes.
    is_zip64: bool,
}

impl Entry {
    fn has_descriptor(&self) -> bool {
        self.flags & HAS_DESCRIPTOR != 0
    }
}

/// The CRC and the sizes of what was read of the entry.
#[derive(Debug, Default)]
struct Read {
    crc: Crc,
    compressed: u64,
    size: u64,
}

impl Zip {
    /// Returns a decoder of this stream, whose first byte has this offset.
    pub(super) fn new(stream: Stream, offset: u64) -> Self {
        Self {
            step: Step::After(Record::Begin),
            stream,
            begin: offset,
            end: offset,
            record: offset,
            collected: Collected::default(),
            entry: Entry::default(),
            read: Read::default(),
            inflate: None,
            central: Place::default(),
            zip64_end: None,
        }
    }

    pub(super) fn push(
        &mut self,
        mut input: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.end += input.len() as u64;
        while !input.is_empty() {
            match self.step {
                Step::Stored => self.stored(&mut input, next)?,
                Step::Deflated => self.deflated(&mut input, next)?,
                _ => self.record(&mut input)?,
            }
        }
        Ok(())
    }

    /// Fails if the archive is incomplete.
    pub(super) fn finish(&self) -> Result<(), Error> {
        match self.step {
            Step::After(Record::End) => Ok(()),
            _ => Err(Reason::TruncatedZip.at(self.stream, self.end)),
        }
    }

    /// Reads everything but the entry's data.
    fn record(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        match self.step {
            Step::After(record) => {
                if self.collected.is_empty() {
                    self.record = self.end - input.len() as u64;
                }
                if record == Record::End {
                    return Err(self.corrupt("bytes after its end"));
                }
                if let Some(&[s0, s1, s2, s3]) = self.collected.take(input, SIGNATURE) {
                    self.step = Step::Fixed(self.signature(record, [s0, s1, s2, s3])?);
                }
            }
            Step::Fixed(record) => {
                let length = record.fixed_length();
                if let Some(fields) = self.collected.take(input, length) {
                    let fixed = Fixed::read(record, fields);
                    self.fixed(record, &fixed)?;
                }
            }
            Step::Variable(record, variable) => {
                let Some(bytes) = self.collected.take(input, variable.length) else {
                    return Ok(());
                };
                let (from, to) = variable.extra;
                let zip64 = zip64_field(bytes.get(from..to).unwrap_or_default());
                self.variable(record, variable, zip64)?;
            }
            Step::Descriptor => match self.collected.take(input, SIGNATURE) {
                None => {}
                Some(signature) if signature == DESCRIPTOR => self.step = Step::DescriptorCrc,
                Some(crc) => self.step = Step::DescriptorSizes(Fields(crc).u32()),
            },
            Step::DescriptorCrc => {
                if let Some(crc) = self.collected.take(input, 4) {
                    self.step = Step::DescriptorSizes(Fields(crc).u32());
                }
            }
            Step::DescriptorSizes(crc) => {
                // Java writes eight bytes for sizes that need them, without a ZIP64 field before.
                let needs_zip64 = self.read.compressed.max(self.read.size) > u64::from(u32::MAX);
                let is_zip64 = self.entry.is_zip64 || needs_zip64;
                let Some(sizes) = self.collected.take(input, if is_zip64 { 16 } else { 8 }) else {
                    return Ok(());
                };
                let mut sizes = Fields(sizes);
                let (compressed, size) = match is_zip64 {
                    true => (sizes.u64(), sizes.u64()),
                    false => (sizes.u32().into(), sizes.u32().into()),
                };
                self.check_entry(crc, compressed, size)?;
                self.step = Step::After(Record::Local);
            }
            Step::Stored | Step::Deflated => {}
        }
        Ok(())
    }

    /// Returns the record that begins with a signature after another record.
    fn signature(&self, after: Record, signature: [u8; 4]) -> Result<Record, Error> {
        match (after, signature) {
            (Record::Begin, LOCAL) => Ok(Record::Local),
            (Record::Begin, END) => Err(self.corrupt("no entry")),
            (Record::Begin, _) => Err(self.corrupt("a part of a split archive")),
            (Record::Local, CENTRAL) => Ok(Record::Central),
            (Record::Local, LOCAL) | (Record::Central, CENTRAL) => {
                Err(Reason::ZipSeveralEntries.at(self.stream, self.record))
            }
            (Record::Local, EXTRA_DATA) => Err(self.at_entry(Reason::ZipEncrypted)),
            (Record::Local, _) => Err(self.corrupt("no directory after its entry")),
            (Record::Central, ZIP64_END) => Ok(Record::Zip64End),
            (Record::Zip64End, ZIP64_LOCATOR) => Ok(Record::Zip64Locator),
            (Record::Central | Record::Zip64Locator, END) => Ok(Record::End),
            _ => Err(self.corrupt("no end after its directory")),
        }
    }

    fn fixed(&mut self, record: Record, fixed: &Fixed) -> Result<(), Error> {
        let variable = fixed.variable;
        match record {
            Record::Begin | Record::Local => {
                self.entry = Entry {
                    flags: fixed.flags,
                    method: fixed.method,
                    crc: variable.crc,
                    compressed: variable.compressed.into(),
                    size: variable.size.into(),
                    is_zip64: false,
                };
                if fixed.flags & ENCRYPTED != 0 || fixed.method == AES {
                    return Err(self.at_entry(Reason::ZipEncrypted));
                }
                if fixed.flags & PATCH != 0 {
                    return Err(self.corrupt("a patch in place of data"));
                }
                if ![STORED, DEFLATED].contains(&fixed.method) {
                    return Err(self.at_entry(Reason::ZipMethod(fixed.method)));
                }
            }
            Record::Central => {
                self.central.offset = self.record - self.begin;
                self.central.length = (SIGNATURE + record.fixed_length() + variable.length) as u64;
                if fixed.flags & ENCRYPTED != 0 || fixed.method != self.entry.method {
                    return Err(self.corrupt("another form than its entry has"));
                }
            }
            Record::Zip64End => {
                let place = Place {
                    offset: self.record - self.begin,
                    length: fixed.zip64_length,
                };
                if place.length != ZIP64_END_LENGTH {
                    return Err(self.corrupt("a false length"));
                }
                self.check_directory(fixed, false)?;
                self.zip64_end = Some(place);
            }
            Record::Zip64Locator => {
                let offset = self.zip64_end.map(|end| end.offset);
                if offset != Some(fixed.directory.offset) || fixed.disks != [0, 0] {
                    return Err(self.corrupt("a false offset"));
                }
            }
            Record::End => self.check_directory(fixed, self.zip64_end.is_some())?,
        }
        if variable.length > 0 {
            self.step = Step::Variable(record, variable);
            return Ok(());
        }
        self.variable(record, variable, None)
    }

    /// Ends a record, with its ZIP64 field if it has one.
    fn variable(
        &mut self,
        record: Record,
        variable: Variable,
        zip64: Option<Zip64Field>,
    ) -> Result<(), Error> {
        let field = zip64.unwrap_or_default();
        if field.length < variable.zip64_length() {
            return Err(self.corrupt("a ZIP64 field without a value that it should have"));
        }
        let mut values = Fields(field.bytes());
        let mut wide = |value: u32| match value {
            u32::MAX => values.u64(),
            value => value.into(),
        };
        let (size, compressed) = (wide(variable.size), wide(variable.compressed));
        let offset = wide(variable.offset);
        match record {
            Record::Begin | Record::Local => {
                self.entry.size = size;
                self.entry.compressed = compressed;
                self.entry.is_zip64 = zip64.is_some();
                self.begin_data()
            }
            Record::Central => {
                let is_disk = match variable.disk {
                    u16::MAX => values.u32() == 0,
                    disk => disk == 0,
                };
                if offset != 0 || !is_disk {
                    return Err(self.corrupt("a false offset"));
                }
                let is_right = variable.crc == self.read.crc.sum()
                    && compressed == self.read.compressed
                    && size == self.read.size;
                if !is_right {
                    return Err(self.corrupt("other sizes or another CRC than its entry has"));
                }
                self.step = Step::After(record);
                Ok(())
            }
            _ => {
                self.step = Step::After(record);
                Ok(())
            }
        }
    }

    fn begin_data(&mut self) -> Result<(), Error> {
        let Entry {
            method,
            compressed,
            size,
            ..
        } = self.entry;
        let has_descriptor = self.entry.has_descriptor();
        match method {
            STORED if has_descriptor && compressed == 0 => Err(self.at_entry(Reason::ZipUnsized)),
            STORED if compressed != size => Err(self.corrupt("a false size")),
            STORED if compressed == 0 => self.end_data(),
            STORED => {
                self.step = Step::Stored;
                Ok(())
            }
            // Deflate data has at least one block.
            _ if compressed == 0 && !has_descriptor => Err(self.corrupt("a false size")),
            _ => {
                self.inflate = Some(Inflate::new());
                self.step = Step::Deflated;
                Ok(())
            }
        }
    }

    fn stored(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (data, rest) = input.split_at(self.left().min(input.len()));
        *input = rest;
        self.read.crc.update(data);
        self.read.compressed += data.len() as u64;
        self.read.size += data.len() as u64;
        next(data)?;
        match self.left() {
            0 => self.end_data(),
            _ => Ok(()),
        }
    }

    /// Bytes of compressed data that are not read yet, if their number is known.
    fn left(&self) -> usize {
        let left = self.entry.compressed.saturating_sub(self.read.compressed);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    fn deflated(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let has_descriptor = self.entry.has_descriptor();
        let (most, most_text) = match has_descriptor {
            true => (input.len(), u64::MAX),
            false => (self.left().min(input.len()), self.entry.size),
        };
        let (mut data, _) = input.split_at(most);
        let Read { crc, size, .. } = &mut self.read;
        let (stream, record) = (self.stream, self.record);
        let inflate = self.inflate.get_or_insert_with(Inflate::new);
        let inflated = inflate.push(&mut data, |decoded| {
            let promised = usize::try_from(most_text - *size).unwrap_or(usize::MAX);
            let decoded_as_promised = decoded.get(..promised).unwrap_or(decoded);
            crc.update(decoded_as_promised);
            *size += decoded_as_promised.len() as u64;
            next(decoded_as_promised)?;
            match decoded.len() > promised {
                true => Err(Reason::CorruptZip("a false size").at(stream, record)),
                false => Ok(()),
            }
        })?;
        let read = most - data.len();
        *input = &input[read..];
        self.read.compressed += read as u64;
        match inflated {
            Inflated::Corrupt => Err(self.corrupt("not deflate")),
            Inflated::More if !has_descriptor && self.left() == 0 => {
                Err(self.corrupt("a false size"))
            }
            Inflated::More => Ok(()),
            Inflated::End => self.end_data(),
        }
    }

    fn end_data(&mut self) -> Result<(), Error> {
        self.inflate = None;
        if self.entry.has_descriptor() {
            self.step = Step::Descriptor;
            return Ok(());
        }
        self.step = Step::After(Record::Local);
        let Entry {
            crc,
            compressed,
            size,
            ..
        } = self.entry;
        self.check_entry(crc, compressed, size)
    }

    /// Fails unless these are the values of the data.
    fn check_entry(&self, crc: u32, compressed: u64, size: u64) -> Result<(), Error> {
        if crc != self.read.crc.sum() {
            return Err(self.corrupt("a wrong CRC"));
        }
        if (compressed, size) != (self.read.compressed, self.read.size) {
            return Err(self.corrupt("a false size"));
        }
        Ok(())
    }

    /// Fails unless an end record describes the directory. A field with all bits set refers to ZIP64.
    fn check_directory(&self, fixed: &Fixed, has_zip64: bool) -> Result<(), Error> {
        let refers = |value: u64, all: u64| has_zip64 && value == all;
        let Place { offset, length } = fixed.directory;
        let entries = fixed
            .entries
            .iter()
            .all(|count| *count == 1 || refers(*count, u16::MAX.into()));
        let disks = fixed
            .disks
            .iter()
            .all(|disk| *disk == 0 || refers((*disk).into(), u16::MAX.into()));
        let is_length = length == self.central.length || refers(length, u32::MAX.into());
        let is_offset = offset == self.central.offset || refers(offset, u32::MAX.into());
        match entries && disks && is_length && is_offset {
            true => Ok(()),
            false => Err(self.corrupt("another directory than there is")),
        }
    }

    fn corrupt(&self, what: &'static str) -> Error {
        Reason::CorruptZip(what).at(self.stream, self.record)
    }

    fn at_entry(&self, reason: Reason) -> Error {
        reason.at(self.stream, self.begin)
    }
}
