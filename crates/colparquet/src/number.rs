//! The numbers of a column.

use std::fmt::Debug;

use parquet::file::statistics::{Statistics, ValueStatistics};

use crate::column::{Values, dictionary_pays, write_values};

/// The most entries of a dictionary. Codes such as protocols have fewer, and so have the times of most
/// objects. More would save little: a number is small, and the codec finds repeats by itself.
const MAX_ENTRIES: usize = 1024;

/// The slots of the table that finds an entry, a quarter of which are used at most.
const SLOTS: usize = 4 * MAX_ENTRIES;

/// A number in a file.
pub(crate) trait Native: Debug + Copy + Ord {
    const MIN: Self;
    const MAX: Self;

    /// Returns the number as 64 bits.
    fn bits(self) -> u64;

    /// Appends the number as the format has it.
    fn write(self, page: &mut Vec<u8>);

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

/// Numbers, as a dictionary until that no longer pays, and then plain.
#[derive(Debug)]
pub(crate) struct Number<T> {
    /// Distinct values in the order of their first appearance.
    dictionary: Vec<T>,
    /// The index after the one of the entry that a slot has, or 0.
    slots: Vec<u16>,
    /// The dictionary as its page has it.
    page: Vec<u8>,
    /// The values of the page, as indexes into the dictionary.
    indexes: Vec<u16>,
    /// Whether further values are plain.
    is_plain: bool,
    /// The values of the page.
    plain: Vec<u8>,
    /// The range of values, or the reverse of the widest range if there are none.
    least: T,
    greatest: T,
}

impl<T: Native> Number<T> {
    pub(crate) fn new() -> Self {
        Self {
            dictionary: Vec::new(),
            slots: vec![0; SLOTS],
            page: Vec::new(),
            indexes: Vec::new(),
            is_plain: false,
            plain: Vec::new(),
            least: T::MAX,
            greatest: T::MIN,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, number: T) {
        if self.is_plain {
            self.include(number);
            return number.write(&mut self.plain);
        }
        match self.index(number) {
            Some(index) => self.indexes.push(index),
            None => {
                self.turn_plain();
                self.push(number);
            }
        }
    }

    /// Extends the range of values.
    #[inline]
    fn include(&mut self, number: T) {
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
    }

    /// Finds a number in the dictionary, or adds it. `None` if the dictionary is full.
    #[inline]
    fn index(&mut self, number: T) -> Option<u16> {
        // The upper bits of a product depend on all bits of the number.
        let hash = number.bits().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slot = (hash >> (u64::BITS - SLOTS.ilog2())) as usize;
        loop {
            match self.slots[slot].checked_sub(1) {
                Some(index) if self.dictionary[usize::from(index)] == number => return Some(index),
                Some(_) => slot = (slot + 1) % SLOTS,
                None => return self.add(number, slot),
            }
        }
    }

    #[cold]
    fn add(&mut self, number: T, slot: usize) -> Option<u16> {
        let index = self.dictionary.len();
        if index == MAX_ENTRIES {
            return None;
        }
        self.include(number);
        self.dictionary.push(number);
        number.write(&mut self.page);
        self.slots[slot] = index as u16 + 1;
        Some(index as u16)
    }

    /// Goes on with plain numbers, from the beginning of the page.
    #[cold]
    fn turn_plain(&mut self) {
        self.is_plain = true;
        for index in self.indexes.drain(..) {
            self.dictionary[usize::from(index)].write(&mut self.plain);
        }
    }
}

impl<T: Native> Values for Number<T> {
    #[inline]
    fn indexes(&mut self) -> Option<&mut Vec<u16>> {
        (!self.is_plain).then_some(&mut self.indexes)
    }

    fn end_page(&mut self, is_first: bool, page: &mut Vec<u8>) -> bool {
        if is_first && !dictionary_pays(self.dictionary.len(), self.indexes.len()) {
            self.turn_plain();
        }
        write_values(&mut self.indexes, &mut self.plain, page)
    }

    fn dictionary(&self) -> (&[u8], usize) {
        (&self.page, self.dictionary.len())
    }

    fn statistics(&self, nulls: u64) -> Statistics {
        let has_values = self.least <= self.greatest;
        T::statistics(has_values.then_some((self.least, self.greatest)), nulls)
    }

    fn bytes(&self) -> usize {
        self.page.len() + self.plain.len()
    }

    fn clear(&mut self) {
        self.dictionary.clear();
        self.slots.fill(0);
        self.page.clear();
        self.indexes.clear();
        self.is_plain = false;
        self.plain.clear();
        (self.least, self.greatest) = (T::MAX, T::MIN);
    }
}

impl Native for i32 {
    const MIN: Self = Self::MIN;
    const MAX: Self = Self::MAX;

    #[inline]
    fn bits(self) -> u64 {
        i64::from(self).cast_unsigned()
    }

    #[inline]
    fn write(self, page: &mut Vec<u8>) {
        page.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        Statistics::Int32(exact(bounds, nulls))
    }
}

impl Native for i64 {
    const MIN: Self = Self::MIN;
    const MAX: Self = Self::MAX;

    #[inline]
    fn bits(self) -> u64 {
        self.cast_unsigned()
    }

    #[inline]
    fn write(self, page: &mut Vec<u8>) {
        page.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        Statistics::Int64(exact(bounds, nulls))
    }
}

/// A floating-point number, as an integer whose order is that of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Double(i64);

impl Double {
    pub(crate) fn new(number: f64) -> Self {
        Self(flipped(number.to_bits().cast_signed()))
    }

    fn get(self) -> f64 {
        f64::from_bits(flipped(self.0).cast_unsigned())
    }
}

/// Flips all bits after the sign of a negative number: as written, its greater ones are further from zero.
fn flipped(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

impl Native for Double {
    const MIN: Self = Self(i64::MIN);
    const MAX: Self = Self(i64::MAX);

    #[inline]
    fn bits(self) -> u64 {
        self.0.cast_unsigned()
    }

    #[inline]
    fn write(self, page: &mut Vec<u8>) {
        page.extend_from_slice(&self.get().to_le_bytes());
    }

    /// A bound of zero has the sign that no other zero is beyond
    /// (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).
    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
        let bounds = bounds.map(|(least, greatest)| {
            let (least, greatest) = (least.get(), greatest.get());
            let least = if least == 0.0 { -0.0 } else { least };
            (least, if greatest == 0.0 { 0.0 } else { greatest })
        });
        Statistics::Double(exact(bounds, nulls))
    }
}

fn exact<T>(bounds: Option<(T, T)>, nulls: u64) -> ValueStatistics<T> {
    let (least, greatest) = bounds.unzip();
    ValueStatistics::new(least, greatest, None, Some(nulls), false)
}
