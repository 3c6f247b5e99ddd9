//! The text of a column.

use std::io;

use ahash::RandomState;
use hashbrown::HashTable;
use parquet::bloom_filter::Sbbf;
use parquet::file::statistics::{Statistics, ValueStatistics};

use crate::bounds::Bounds;
use crate::column::{Values, dictionary_pays, write_values};
use crate::filter::Filter;

/// The most entries of a dictionary: as many as an index of 16 bits can tell apart.
const MAX_ENTRIES: usize = 1 << 16;

/// The values of a page after which a column can be seen to have no use for a dictionary.
const LOOK: usize = 1024;

/// One in so many of them repeats another at least, if a quarter of a whole page will: the more values there
/// are, the more of them have come before.
const LOOK_REPEATS: usize = 64;

/// Text, as a dictionary until that no longer pays, and then plain.
#[derive(Debug)]
pub(crate) struct Text {
    dictionary: Dictionary,
    /// The most bytes of a dictionary.
    max_dictionary: usize,
    /// The entries that the dictionary had when the page began.
    entries_before: usize,
    /// The values of the page, as indexes into the dictionary.
    indexes: Vec<u16>,
    /// Whether further values are plain.
    is_plain: bool,
    /// The values of the page, after their lengths.
    plain: Vec<u8>,
    bounds: Bounds,
    /// The plain values of all pages, if the column has a filter.
    filter: Option<Filter>,
}

/// Distinct values in the order of their first appearance.
#[derive(Debug, Default)]
struct Dictionary {
    /// The values after their lengths, as the dictionary's page has them.
    page: Vec<u8>,
    /// Where each value begins.
    begins: Vec<u32>,
    table: HashTable<u16>,
    /// Output does not depend on the hash, so its keys may be random. Fixed ones would let the author of
    /// a log choose values that collide.
    hasher: RandomState,
}

const LENGTH: usize = size_of::<u32>();

impl Dictionary {
    #[inline]
    fn value(&self, index: u16) -> &[u8] {
        value(&self.page, &self.begins, index)
    }

    /// Finds a value, or adds it. Returns its index, and whether it is new. `None` if the dictionary is
    /// full.
    #[inline]
    fn index(&mut self, text: &[u8], max_bytes: usize) -> Option<(u16, bool)> {
        let hash = self.hasher.hash_one(text);
        let Self { page, begins, .. } = &*self;
        let found = (self.table).find(hash, |index| equal(value(page, begins, *index), text));
        match found {
            Some(index) => Some((*index, false)),
            None => self.add(text, hash, max_bytes).map(|index| (index, true)),
        }
    }

    #[cold]
    fn add(&mut self, text: &[u8], hash: u64, max_bytes: usize) -> Option<u16> {
        let Self {
            page,
            begins,
            table,
            hasher,
        } = self;
        if begins.len() == MAX_ENTRIES || page.len() + LENGTH + text.len() > max_bytes {
            return None;
        }
        let index = begins.len() as u16;
        begins.push(page.len() as u32);
        push_plain(text, page);
        table.insert_unique(hash, index, |index| {
            hasher.hash_one(value(page, begins, *index))
        });
        Some(index)
    }

    fn clear(&mut self) {
        self.page.clear();
        self.begins.clear();
        self.table.clear();
    }
}

#[inline]
fn value<'a>(page: &'a [u8], begins: &[u32], index: u16) -> &'a [u8] {
    let index = usize::from(index);
    let end = begins
        .get(index + 1)
        .map_or(page.len(), |next| *next as usize);
    &page[begins[index] as usize + LENGTH..end]
}

/// Whether two texts are equal. Most are short, and are compared without a call.
#[inline]
pub(crate) fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        0..4 => one.iter().eq(other),
        4..8 => equal_ends::<4>(one, other),
        8..=16 => equal_ends::<8>(one, other),
        17..=32 => equal_ends::<16>(one, other),
        _ => one == other,
    }
}

/// Whether the first and the last N bytes are equal.
#[inline]
fn equal_ends<const N: usize>(one: &[u8], other: &[u8]) -> bool {
    one.first_chunk::<N>() == other.first_chunk::<N>()
        && one.last_chunk::<N>() == other.last_chunk::<N>()
}

#[inline]
fn push_plain(text: &[u8], page: &mut Vec<u8>) {
    page.extend_from_slice(&(text.len() as u32).to_le_bytes());
    page.extend_from_slice(text);
}

impl Text {
    /// A dictionary has at most `max_dictionary` bytes.
    pub(crate) fn new(max_dictionary: usize, has_filter: bool) -> Self {
        Self {
            dictionary: Dictionary::default(),
            max_dictionary,
            entries_before: 0,
            indexes: Vec::new(),
            is_plain: false,
            plain: Vec::new(),
            bounds: Bounds::default(),
            filter: has_filter.then(Filter::default),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        if self.is_plain {
            self.bounds.include(text);
            if let Some(filter) = &mut self.filter {
                filter.insert(text);
            }
            return push_plain(text, &mut self.plain);
        }
        match self.dictionary.index(text, self.max_dictionary) {
            Some((index, is_new)) => {
                self.indexes.push(index);
                if is_new {
                    self.include_entry(text);
                }
            }
            None => {
                self.turn_plain();
                self.push(text);
            }
        }
    }

    /// Adds a value that often is the one before. Comparing is cheaper than hashing.
    #[inline]
    pub(crate) fn push_neighbour(&mut self, text: &[u8]) {
        match self.indexes.last().copied() {
            Some(last) if equal(self.dictionary.value(last), text) => self.indexes.push(last),
            _ => self.push(text),
        }
    }

    /// Goes on in plain text, from the beginning of the page.
    #[cold]
    fn turn_plain(&mut self) {
        self.is_plain = true;
        for index in self.indexes.drain(..) {
            push_plain(self.dictionary.value(index), &mut self.plain);
        }
    }

    #[cold]
    fn include_entry(&mut self, text: &[u8]) {
        self.bounds.include(text);
        let (values, entries) = (self.indexes.len(), self.dictionary.begins.len());
        if values == LOOK && self.entries_before == 0 && values - entries < LOOK / LOOK_REPEATS {
            self.turn_plain();
        }
    }

    /// Returns the filter of the row group, if the column has one.
    pub(crate) fn finish_filter(&mut self) -> io::Result<Option<Sbbf>> {
        let Self {
            dictionary: Dictionary { page, begins, .. },
            filter,
            ..
        } = self;
        let entries = (0..begins.len()).map(|index| value(page, begins, index as u16));
        filter
            .as_mut()
            .map(|filter| filter.finish(entries))
            .transpose()
    }
}

impl Values for Text {
    #[inline]
    fn indexes(&mut self) -> Option<&mut Vec<u16>> {
        (!self.is_plain).then_some(&mut self.indexes)
    }

    fn end_page(&mut self, is_first: bool, page: &mut Vec<u8>) -> bool {
        let entries = self.dictionary.begins.len();
        let new = entries - std::mem::replace(&mut self.entries_before, entries);
        if !self.is_plain && !dictionary_pays(new, self.indexes.len()) {
            match is_first {
                true => self.turn_plain(),
                false => self.is_plain = true,
            }
        }
        write_values(&mut self.indexes, &mut self.plain, page)
    }

    fn dictionary(&self) -> (&[u8], usize) {
        (&self.dictionary.page, self.dictionary.begins.len())
    }

    fn statistics(&self, nulls: u64) -> Statistics {
        let (least, greatest) = self.bounds.get().unzip();
        // Bounds that are not said to be exact are of no use to a reader that looks for a maximum. These
        // are, as the constructor has it.
        Statistics::ByteArray(ValueStatistics::new(
            least,
            greatest,
            None,
            Some(nulls),
            false,
        ))
    }

    fn bytes(&self) -> usize {
        self.dictionary.page.len() + self.plain.len()
    }

    fn clear(&mut self) {
        self.dictionary.clear();
        self.entries_before = 0;
        self.indexes.clear();
        self.plain.clear();
        self.is_plain = false;
        self.bounds.clear();
        self.filter.iter_mut().for_each(Filter::clear);
    }
}
