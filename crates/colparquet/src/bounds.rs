//! The range of a column's texts.

use parquet::data_type::ByteArray;

/// Bytes of the longest value that is the least or greatest of a chunk's statistics. A longer one would
/// be in the footer of the file, which every reader reads whole.
const MAX_BOUND: usize = 512;

/// The least and the greatest text.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    least: Vec<u8>,
    greatest: Vec<u8>,
    has_texts: bool,
}

impl Bounds {
    /// Extends the range by a text.
    #[inline]
    pub(crate) fn include(&mut self, text: &[u8]) {
        let begins = beginning(text);
        let is_inside = beginning(&self.least) < begins && begins < beginning(&self.greatest);
        if !is_inside {
            self.extend(text);
        }
    }

    fn extend(&mut self, text: &[u8]) {
        if !self.has_texts || text < self.least.as_slice() {
            self.least.clear();
            self.least.extend_from_slice(text);
        }
        if !self.has_texts || text > self.greatest.as_slice() {
            self.greatest.clear();
            self.greatest.extend_from_slice(text);
        }
        self.has_texts = true;
    }

    /// Returns both bounds, if there are any and they are short.
    pub(crate) fn get(&self) -> Option<(ByteArray, ByteArray)> {
        let is_short = self.least.len() <= MAX_BOUND && self.greatest.len() <= MAX_BOUND;
        let bound = |text: &Vec<u8>| ByteArray::from(text.clone());
        (self.has_texts && is_short).then(|| (bound(&self.least), bound(&self.greatest)))
    }

    pub(crate) fn clear(&mut self) {
        self.least.clear();
        self.greatest.clear();
        self.has_texts = false;
    }
}

/// Returns the first eight bytes as a number, which is less than another only if the text is.
#[inline]
fn beginning(text: &[u8]) -> u64 {
    let bytes = text.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; size_of::<u64>()];
        bytes[..text.len()].copy_from_slice(text);
        bytes
    });
    u64::from_be_bytes(bytes)
}
