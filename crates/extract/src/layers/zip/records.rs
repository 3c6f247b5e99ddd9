//! The records of an archive, as numbers.

/// The number of the extra field with sizes of eight bytes.
const ZIP64: u16 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// None: the archive begins.
    Begin,
    Local,
    Central,
    Zip64End,
    Zip64Locator,
    End,
}

/// The part of a record with a variable length.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Variable {
    pub(super) length: usize,
    /// The place of the extra fields in it.
    pub(super) extra: (usize, usize),
    /// The values that ZIP64 replaces.
    pub(super) crc: u32,
    pub(super) compressed: u32,
    pub(super) size: u32,
    pub(super) offset: u32,
    pub(super) disk: u16,
}

impl Variable {
    /// Returns the bytes of the values for which the record refers to its ZIP64 field.
    pub(super) fn zip64_length(&self) -> usize {
        let values = [self.size, self.compressed, self.offset];
        let wide = values.iter().filter(|value| **value == u32::MAX).count();
        wide * size_of::<u64>() + usize::from(self.disk == u16::MAX) * size_of::<u32>()
    }
}

/// The place of a record in the archive.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl Record {
    /// Bytes after the signature that a record always has.
    pub(super) fn fixed_length(self) -> usize {
        match self {
            Self::Begin | Self::Local => 26,
            Self::Central => 42,
            Self::Zip64End => 52,
            Self::Zip64Locator => 16,
            Self::End => 18,
        }
    }
}

/// The fixed fields of a record. Those that it does not have are zero.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) variable: Variable,
    pub(super) disks: [u32; 2],
    pub(super) entries: [u64; 2],
    /// The directory, or the record to which the ZIP64 locator points.
    pub(super) directory: Place,
    pub(super) zip64_length: u64,
}

impl Fixed {
    pub(super) fn read(record: Record, fields: &[u8]) -> Self {
        let mut fields = Fields(fields);
        match record {
            Record::Begin | Record::Local => Self::of_entry(false, fields),
            Record::Central => Self::of_entry(true, fields),
            Record::Zip64End => {
                let zip64_length = fields.u64();
                // The versions of the writer and of the reader that is needed.
                fields.u32();
                let disks = [fields.u32(), fields.u32()];
                let entries = [fields.u64(), fields.u64()];
                let (length, offset) = (fields.u64(), fields.u64());
                Self {
                    disks,
                    entries,
                    directory: Place { offset, length },
                    zip64_length,
                    ..Self::default()
                }
            }
            Record::Zip64Locator => {
                let disk = fields.u32();
                let offset = fields.u64();
                // The number of disks, of which some writers count none.
                let others = fields.u32().saturating_sub(1);
                Self {
                    disks: [disk, others],
                    directory: Place { offset, length: 0 },
                    ..Self::default()
                }
            }
            Record::End => {
                let disks = [fields.u16().into(), fields.u16().into()];
                let entries = [fields.u16().into(), fields.u16().into()];
                let (length, offset) = (fields.u32().into(), fields.u32().into());
                Self {
                    disks,
                    entries,
                    directory: Place { offset, length },
                    variable: Variable {
                        length: fields.u16().into(),
                        ..Variable::default()
                    },
                    ..Self::default()
                }
            }
        }
    }

    /// Reads a local header, or a central one.
    pub(super) fn of_entry(is_central: bool, mut fields: Fields<'_>) -> Self {
        // The versions of the writer, which only a central header has, and of the reader.
        if is_central {
            fields.u16();
        }
        fields.u16();
        let (flags, method) = (fields.u16(), fields.u16());
        // The time.
        fields.u32();
        let crc = fields.u32();
        let (compressed, size) = (fields.u32(), fields.u32());
        let (name, extra) = (usize::from(fields.u16()), usize::from(fields.u16()));
        let (mut comment, mut disk, mut offset) = (0, 0, 0);
        if is_central {
            comment = usize::from(fields.u16());
            disk = fields.u16();
            // The attributes.
            fields.u16();
            fields.u32();
            offset = fields.u32();
        }
        Self {
            flags,
            method,
            variable: Variable {
                length: name + extra + comment,
                extra: (name, name + extra),
                crc,
                compressed,
                size,
                offset,
                disk,
            },
            ..Self::default()
        }
    }
}

/// The values of a ZIP64 field: up to three of eight bytes, and one of four.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Zip64Field {
    pub(super) bytes: [u8; 28],
    pub(super) length: usize,
}

impl Zip64Field {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Finds the ZIP64 field among extra fields.
pub(super) fn zip64_field(extra: &[u8]) -> Option<Zip64Field> {
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let (number, length) = (fields.u16(), usize::from(fields.u16()));
        let (value, rest) = fields.0.split_at(length.min(fields.0.len()));
        if number == ZIP64 {
            let mut field = Zip64Field::default();
            field.length = value.len().min(field.bytes.len());
            field.bytes[..field.length].copy_from_slice(&value[..field.length]);
            return Some(field);
        }
        fields = Fields(rest);
    }
    None
}

/// Numbers one after another, the lowest byte of each first. After the last one they are zero.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.0 = rest;
                *bytes
            }
            None => {
                self.0 = &[];
                [0; N]
            }
        }
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}
