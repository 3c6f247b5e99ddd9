//! Which rows of a page have a value: the definition levels of an optional column.

use crate::hybrid;

/// The levels of a page so far.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// One for each row that has a value, and zero for the others. They end with the last row that has none:
    /// the values of most columns are never missing.
    levels: Vec<u8>,
    nulls: usize,
}

impl Presence {
    /// Adds a row without a value, which comes after `rows` others.
    pub(crate) fn push_null(&mut self, rows: usize) {
        self.levels.resize(rows, 1);
        self.levels.push(0);
        self.nulls += 1;
    }

    pub(crate) fn nulls(&self) -> usize {
        self.nulls
    }

    /// Appends the levels of a page with this many rows, with their length before them, and begins the
    /// next page.
    pub(crate) fn end_page(&mut self, rows: usize, page: &mut Vec<u8>) {
        const LENGTH: usize = size_of::<u32>();
        let begin = page.len();
        page.extend_from_slice(&[0; LENGTH]);
        match self.nulls {
            0 => hybrid::write_run(rows, &[1], page),
            nulls if nulls == rows => hybrid::write_run(rows, &[0], page),
            _ => {
                self.levels.resize(rows, 1);
                write_bits(&self.levels, page);
            }
        }
        let length = (page.len() - begin - LENGTH) as u32;
        page[begin..begin + LENGTH].copy_from_slice(&length.to_le_bytes());
        self.clear();
    }

    pub(crate) fn clear(&mut self) {
        self.levels.clear();
        self.nulls = 0;
    }
}

/// Appends a bit for each level.
fn write_bits(levels: &[u8], page: &mut Vec<u8>) {
    hybrid::write_header_of_packed(levels.len(), page);
    page.extend(levels.chunks(8).map(|levels| {
        let bits = levels.iter().enumerate().map(|(i, level)| level << i);
        bits.fold(0, |byte, bit| byte | bit)
    }));
}
