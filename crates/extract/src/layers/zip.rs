//! A layer of ZIP with one entry, as Firehose writes it
//! (APPNOTE.TXT, <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>).
//!
//! An archive is read from its first byte to its last, not from the directory at its end as most
//! readers do, because an object is streamed. The directory must then describe the entry that was read.

mod entry;
mod records;

use self::entry::Entry;
use self::records::{Fields, Fixed, Place, Record, Variable, Zip64Field, zip64_field};
use super::collected::Collected;
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
    /// The data of the entry.
    Data,
    /// The signature of the data descriptor, or its CRC.
    Descriptor,
    DescriptorCrc,
    DescriptorSizes(u32),
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
                Step::Data => self.data(&mut input, next)?,
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
                let is_long = self.entry.has_long_sizes();
                let Some(sizes) = self.collected.take(input, if is_long { 16 } else { 8 }) else {
                    return Ok(());
                };
                let mut sizes = Fields(sizes);
                let (compressed, size) = match is_long {
                    true => (sizes.u64(), sizes.u64()),
                    false => (sizes.u32().into(), sizes.u32().into()),
                };
                let checked = self.entry.check(crc, compressed, size);
                checked.map_err(|reason| self.at_record(reason))?;
                self.step = Step::After(Record::Local);
            }
            Step::Data => {}
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
            (Record::Local, EXTRA_DATA) => Err(Reason::ZipEncrypted.at(self.stream, self.begin)),
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
                let entry = Entry::of(fixed);
                self.entry = entry.map_err(|reason| self.at_record(reason))?;
            }
            Record::Central => {
                self.central.offset = self.record - self.begin;
                self.central.length = (SIGNATURE + record.fixed_length() + variable.length) as u64;
                if !self.entry.has_form_of(fixed) {
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
                self.entry.set_sizes(compressed, size, zip64.is_some());
                let begun = self.entry.begin_data();
                match begun.map_err(|reason| self.at_record(reason))? {
                    true => self.step = Step::Data,
                    false => self.end_data()?,
                }
                Ok(())
            }
            Record::Central => {
                let is_disk = match variable.disk {
                    u16::MAX => values.u32() == 0,
                    disk => disk == 0,
                };
                if offset != 0 || !is_disk {
                    return Err(self.corrupt("a false offset"));
                }
                if self.entry.check(variable.crc, compressed, size).is_err() {
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

    fn data(
        &mut self,
        input: &mut &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (stream, record) = (self.stream, self.record);
        let at = |reason: Reason| reason.at(stream, record);
        match self.entry.push(input, at, next)? {
            true => self.end_data(),
            false => Ok(()),
        }
    }

    fn end_data(&mut self) -> Result<(), Error> {
        if self.entry.has_descriptor() {
            self.step = Step::Descriptor;
            return Ok(());
        }
        self.step = Step::After(Record::Local);
        let checked = self.entry.check_header();
        checked.map_err(|reason| self.at_record(reason))
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
        self.at_record(Reason::CorruptZip(what))
    }

    fn at_record(&self, reason: Reason) -> Error {
        reason.at(self.stream, self.record)
    }
}
