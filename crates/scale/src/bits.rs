//! A set of numbers below a limit, one bit each.

/// A set of numbers.
#[derive(Debug)]
pub(crate) struct Bits {
    words: Vec<u64>,
    number: u64,
}

impl Bits {
    /// An empty set of numbers below `limit`.
    pub(crate) fn new(limit: u64) -> Self {
        let words = vec![0; limit.div_ceil(64) as usize];
        Self { words, number: 0 }
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        let word = self.words.get((number / 64) as usize);
        word.is_some_and(|word| word & bit(number) != 0)
    }

    /// Inserts a number below the limit. Returns whether it is new.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        let Some(word) = self.words.get_mut((number / 64) as usize) else {
            return false;
        };
        let is_new = *word & bit(number) == 0;
        *word |= bit(number);
        self.number += u64::from(is_new);
        is_new
    }

    /// How many numbers it has.
    pub(crate) fn len(&self) -> u64 {
        self.number
    }
}

fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_number_is_inserted_once() {
        let mut bits = Bits::new(100);
        assert!(bits.insert(99) && !bits.insert(99) && bits.insert(0));
        assert!(bits.contains(99) && !bits.contains(98));
        assert_eq!(bits.len(), 2);
    }
}
