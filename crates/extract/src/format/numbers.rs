//! Whether fields are numbers. Lengths differ from field to field, so short ones are looked at in one word, and
//! not in a loop whose end the core would have to guess.

/// Bytes of a word.
const WORD: usize = size_of::<u64>();

/// The highest bit of each byte.
const HIGHEST: u64 = u64::from_ne_bytes([0x80; WORD]);

/// A field of a text, and its first bytes.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) text: &'a [u8],
    /// The first eight bytes. If it is shorter, those before it are any.
    word: u64,
}

impl<'a> Field<'a> {
    /// Returns the first `length` bytes of a text.
    #[inline]
    pub(super) fn of(text: &'a [u8], length: usize) -> Self {
        let field = &text[..length];
        let word = text.first_chunk().copied().unwrap_or_else(|| {
            let mut word = [0; WORD];
            word[..text.len()].copy_from_slice(text);
            word
        });
        Self {
            text: field,
            word: u64::from_le_bytes(word),
        }
    }

    /// Returns the highest bit of each byte that is no digit, as those of the last byte of the word upwards.
    /// `None` if the field is empty or longer than a word.
    #[inline]
    fn others(self) -> Option<u64> {
        let missing = match self.text.len() {
            length @ 1..=WORD => u64::BITS - u8::BITS * length as u32,
            _ => return None,
        };
        let digits = self.word ^ u64::from_ne_bytes([b'0'; WORD]);
        let above_nine = digits.wrapping_add(u64::from_ne_bytes([0x80 - 10; WORD]));
        Some(((digits | above_nine) & HIGHEST) << missing)
    }

    /// Whether it is digits, and so few of them that any number's type holds them.
    #[inline]
    pub(super) fn is_short_number(self) -> bool {
        self.others() == Some(0)
    }

    /// Whether it is a decimal number: digits, possibly with a fraction, possibly after a minus sign.
    #[inline]
    pub(super) fn is_decimal(self) -> bool {
        match self.others() {
            Some(0) => true,
            Some(others) if self.is_point(others) => true,
            _ => is_decimal(self.text),
        }
    }

    /// Whether the other bytes are one point between digits.
    #[inline]
    fn is_point(self, others: u64) -> bool {
        let after = others.leading_zeros() / u8::BITS;
        let place = self.text.len().wrapping_sub(1 + after as usize);
        others.is_power_of_two() && after > 0 && place > 0 && self.text.get(place) == Some(&b'.')
    }
}

fn is_decimal(text: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = text.strip_prefix(b"-").unwrap_or(text);
    match memchr::memchr(b'.', text) {
        Some(point) => digits(&text[..point]) && digits(&text[point + 1..]),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_shows_what_a_loop_would_find(
            text in prop_oneof!["[0-9]{0,10}", "-?[0-9]{0,5}[.]?[0-9]{0,5}", "[-0-9./:é]{0,12}"],
            after in ".{0,9}",
        ) {
            let whole = format!("{text}{after}");
            let field = Field::of(whole.as_bytes(), text.len());
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(field.text, text.as_bytes());
            prop_assert_eq!(field.is_short_number(), digits && text.len() <= WORD);
            prop_assert_eq!(field.is_decimal(), is_decimal(text.as_bytes()));
        }
    }
}
