//! Other compressions than gzip.

use std::io::{Cursor, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Returns a ZIP archive with one entry, by another writer than [`ZipForm`].
pub fn zip(text: impl AsRef<[u8]>) -> Vec<u8> {
    zip_of([("text", text)], CompressionMethod::Deflated)
}

/// Returns a ZIP archive with these entries.
pub fn zip_of<T: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = (&'static str, T)>,
    method: CompressionMethod,
) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, text) in entries {
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_ref()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Returns a ZIP archive that was written without going back, with sizes after the data, as Java's
/// `ZipOutputStream` does.
pub fn zip_streamed(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut archive = ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file("text", options).unwrap();
    archive.write_all(text.as_ref()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// The form of a ZIP archive with one entry.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZipForm {
    pub is_stored: bool,
    /// The sizes follow the data.
    pub has_descriptor: bool,
    /// The descriptor begins without a signature.
    pub is_unsigned: bool,
    /// The sizes have eight bytes.
    pub is_zip64: bool,
    pub comment: &'static [u8],
}

impl ZipForm {
    /// Every form that is read.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..32_u8).map(Self::numbered).filter(|form| {
            // Nothing tells where such an entry ends, and without descriptor none is unsigned.
            !(form.is_stored && form.has_descriptor) && (form.has_descriptor || !form.is_unsigned)
        })
    }

    pub fn numbered(number: u8) -> Self {
        Self {
            is_stored: number & 1 != 0,
            has_descriptor: number & 2 != 0,
            is_unsigned: number & 4 != 0,
            is_zip64: number & 8 != 0,
            comment: if number & 16 != 0 { b"a comment" } else { b"" },
        }
    }

    pub fn archive(self, text: impl AsRef<[u8]>) -> Vec<u8> {
        let text = text.as_ref();
        let data = match self.is_stored {
            true => text.to_vec(),
            false => deflate(text),
        };
        let crc = crc(text).to_le_bytes();
        let (compressed, size) = (data.len() as u64, text.len() as u64);
        let numbers = |is_wide: bool, numbers: &[u64]| {
            let bytes = |number: &u64| match is_wide {
                true => number.to_le_bytes().to_vec(),
                false => (*number as u32).to_le_bytes().to_vec(),
            };
            numbers.iter().flat_map(bytes).collect::<Vec<u8>>()
        };
        let none = u64::from(u32::MAX) * u64::from(self.is_zip64);
        let flags = u16::from(self.has_descriptor) << 3;
        let method = if self.is_stored { 0_u16 } else { 8 };
        let form = [
            20_u16.to_le_bytes(),
            flags.to_le_bytes(),
            method.to_le_bytes(),
            [1, 2],
            [3, 4],
        ]
        .concat();
        let extra = |values: &[u64]| match self.is_zip64 {
            true => {
                let values = numbers(true, values);
                let length = (values.len() as u16).to_le_bytes();
                // After a field of another kind.
                [&b"RH\x02\0xy\x01\0"[..], &length, &values].concat()
            }
            false => Vec::new(),
        };

        let (local_crc, local_sizes) = match self.has_descriptor {
            true => ([0; 4], [0, 0]),
            false => (crc, [size, compressed]),
        };
        let local_extra = extra(&local_sizes);
        let sizes_or_none = |compressed: u64, size: u64| match self.is_zip64 {
            true => numbers(false, &[none, none]),
            false => numbers(false, &[compressed, size]),
        };
        let mut archive = [
            &b"PK\x03\x04"[..],
            &form,
            &local_crc,
            &sizes_or_none(local_sizes[1], local_sizes[0]),
            &4_u16.to_le_bytes(),
            &(local_extra.len() as u16).to_le_bytes(),
            b"text",
            &local_extra,
            &data,
        ]
        .concat();
        if self.has_descriptor {
            if !self.is_unsigned {
                archive.extend(b"PK\x07\x08");
            }
            archive.extend(crc);
            archive.extend(numbers(self.is_zip64, &[compressed, size]));
        }
        let directory = archive.len() as u64;
        let central_extra = extra(&[size, compressed, 0]);
        archive.extend(b"PK\x01\x02\x14\x03");
        archive.extend(&form);
        archive.extend(crc);
        archive.extend(sizes_or_none(compressed, size));
        archive.extend(4_u16.to_le_bytes());
        archive.extend((central_extra.len() as u16).to_le_bytes());
        // A comment, and the attributes.
        archive.extend(b"\x02\0\0\0\0\0\0\0\x80\x01");
        archive.extend((none as u32).to_le_bytes());
        archive.extend(b"text");
        archive.extend(central_extra);
        archive.extend(b"co");
        let length = archive.len() as u64 - directory;
        if self.is_zip64 {
            let end = archive.len() as u64;
            archive.extend(b"PK\x06\x06");
            archive.extend(44_u64.to_le_bytes());
            archive.extend(b"\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
            archive.extend(numbers(true, &[1, 1, length, directory]));
            archive.extend(b"PK\x06\x07\0\0\0\0");
            archive.extend(end.to_le_bytes());
            archive.extend(1_u32.to_le_bytes());
        }
        archive.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        archive.extend(match self.is_zip64 {
            true => numbers(false, &[none, none]),
            false => numbers(false, &[length, directory]),
        });
        archive.extend((self.comment.len() as u16).to_le_bytes());
        archive.extend(self.comment);
        archive
    }
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn crc(text: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(text);
    crc.sum()
}

/// Returns framed Snappy.
pub fn snappy(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(text.as_ref()).unwrap();
    let framed = encoder.into_inner().unwrap();
    match framed.is_empty() {
        // This writer begins with the first text.
        true => b"\xff\x06\0\0sNaPpY".to_vec(),
        false => framed,
    }
}

/// Returns Snappy in Hadoop's framing: blocks of this many bytes, in chunks of this many.
pub fn hadoop_snappy(text: impl AsRef<[u8]>, block: usize, chunk: usize) -> Vec<u8> {
    let length = |bytes: &[u8]| (bytes.len() as u32).to_be_bytes();
    let mut framed = Vec::new();
    for block in text.as_ref().chunks(block) {
        framed.extend(length(block));
        for chunk in block.chunks(chunk) {
            let compressed = snap::raw::Encoder::new().compress_vec(chunk).unwrap();
            framed.extend(length(&compressed));
            framed.extend(compressed);
        }
    }
    match framed.is_empty() {
        true => vec![0; 4],
        false => framed,
    }
}

/// Returns one zstd frame.
pub fn zstd(text: impl AsRef<[u8]>) -> Vec<u8> {
    ZstdForm::default().frame(text)
}

/// The form of a zstd frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZstdForm {
    pub level: i32,
    pub has_checksum: bool,
    pub has_size: bool,
    /// The binary logarithm of the window, or 0 for the level's own.
    pub window_log: u32,
}

impl ZstdForm {
    pub fn frame(self, text: impl AsRef<[u8]>) -> Vec<u8> {
        let text = text.as_ref();
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), self.level).unwrap();
        encoder.include_checksum(self.has_checksum).unwrap();
        encoder.include_contentsize(self.has_size).unwrap();
        if self.window_log > 0 {
            encoder.window_log(self.window_log).unwrap();
        }
        if self.has_size {
            let size = text.len() as u64;
            encoder.set_pledged_src_size(Some(size)).unwrap();
        }
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }
}
