//! Which rows of a page have a value: the definition levels of an optional column.

use crate::hybrid;

/// The rows of a page so far.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    rows: usize,
    /// One for each row that has a value, and zero for the others. Empty until a row has none.
    levels: Vec<u8>,
    nulls: usize,
}

impl Presence {
    #[inline]
    pub(crate) fn push(&mut self, is_present: bool) {
        if !is_present || self.nulls > 0 {
            self.push_level(is_present);
        }
        self.rows += 1;
    }

    fn push_level(&mut self, is_present: bool) {
        if self.nulls == 0 {
            self.levels.clear();
            self.levels.resize(self.rows, 1);
        }
        self.levels.push(is_present.into());
        self.nulls += usize::from(!is_present);
    }

    pub(crate) fn nulls(&self) -> usize {
        self.nulls
    }

    /// Appends the levels, with their length before them, and begins the next page.
    pub(crate) fn end_page(&mut self, page: &mut Vec<u8>) {
        const LENGTH: usize = size_of::<u32>();
        let begin = page.len();
        page.extend_from_slice(&[0; LENGTH]);
        match self.nulls {
            0 => hybrid::write_run(self.rows, &[1], page),
            nulls if nulls == self.rows => hybrid::write_run(self.rows, &[0], page),
            _ => write_bits(&self.levels, page),
        }
        let length = (page.len() - begin - LENGTH) as u32;
        page[begin..begin + LENGTH].copy_from_slice(&length.to_le_bytes());
        self.clear();
    }

    pub(crate) fn clear(&mut self) {
        (self.rows, self.nulls) = (0, 0);
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
