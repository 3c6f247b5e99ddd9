//! The fields of a line between spaces, of which some are in quotes.

use std::ops::Range;

use super::places::{WORD, last_word, mask, push_places};
use crate::rejection::Rejection;

/// Finds the fields of a line, one after the other.
pub(super) struct Tokens<'a> {
    message: &'a [u8],
    at: usize,
    /// Whether a backslash before a quote makes it part of a field.
    has_escapes: bool,
    /// The ends of the next fields, as far as they are known.
    ends: &'a [u32],
}

pub(super) struct Token {
    /// The field without its quotes.
    pub(super) content: Range<usize>,
    pub(super) is_quoted: bool,
}

impl<'a> Tokens<'a> {
    /// Returns the fields of a message. `ends` is a buffer, which is reused for each.
    #[inline]
    pub(super) fn of(message: &'a [u8], has_escapes: bool, ends: &'a mut Vec<u32>) -> Self {
        ends.clear();
        find_ends(message, has_escapes, ends);
        Self {
            message,
            at: 0,
            has_escapes,
            ends,
        }
    }

    /// Returns the next field. `is_raw` is whether quotes have no meaning.
    #[inline]
    pub(super) fn next(&mut self, is_raw: bool) -> Result<Option<Token>, Rejection> {
        let begin = self.at;
        let [end, ends @ ..] = self.ends else {
            return self.search(is_raw);
        };
        let end = *end as usize;
        let is_quoted = self.message[begin] == b'"';
        if is_quoted && is_raw {
            self.ends = &[];
            return self.search(is_raw);
        }
        (self.at, self.ends) = (end + 1, ends);
        let quote = usize::from(is_quoted);
        Ok(Some(Token {
            content: begin + quote..end - quote,
            is_quoted,
        }))
    }

    /// Returns the next field, whose end is not known.
    fn search(&mut self, is_raw: bool) -> Result<Option<Token>, Rejection> {
        self.skip_spaces();
        let begin = self.at;
        match self.message.get(begin) {
            None => Ok(None),
            Some(b'"') if !is_raw => {
                let end = self.closing_quote(begin + 1)?;
                self.at = end + 1;
                Ok(Some(Token {
                    content: begin + 1..end,
                    is_quoted: true,
                }))
            }
            Some(_) => {
                let rest = &self.message[begin..];
                self.at = begin + memchr::memchr(b' ', rest).unwrap_or(rest.len());
                Ok(Some(Token {
                    content: begin..self.at,
                    is_quoted: false,
                }))
            }
        }
    }

    /// Returns the next field, if it is not in quotes and `is_such`.
    pub(super) fn unquoted(&mut self, is_such: impl Fn(&[u8]) -> bool) -> Option<Range<usize>> {
        let (at, ends) = (self.at, self.ends);
        let token = self.next(true).ok().flatten()?.content;
        let text = &self.message[token.clone()];
        if text.starts_with(b"\"") || !is_such(text) {
            (self.at, self.ends) = (at, ends);
            return None;
        }
        Some(token)
    }

    /// Returns what is left of the line, if it is more than spaces.
    pub(super) fn rest(&mut self) -> Option<Range<usize>> {
        self.skip_spaces();
        (self.at < self.message.len()).then_some(self.at..self.message.len())
    }

    #[inline]
    fn skip_spaces(&mut self) {
        while self.message.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// Returns the place of the quote that ends a field. A space follows it, or the end of the line.
    fn closing_quote(&self, begin: usize) -> Result<usize, Rejection> {
        let mut at = begin;
        loop {
            let found = memchr::memchr(b'"', &self.message[at..]).ok_or(Rejection::Quotes)?;
            let quote = at + found;
            let content = &self.message[begin..quote];
            let backslashes = content.iter().rev().take_while(|b| **b == b'\\').count();
            if self.has_escapes && backslashes % 2 == 1 {
                at = quote + 1;
                continue;
            }
            return match self.message.get(quote + 1) {
                None | Some(b' ') => Ok(quote),
                Some(_) => Err(Rejection::Quotes),
            };
        }
    }
}

/// Appends the ends of the fields of a message, up to where something is unusual: more than one space between two
/// fields, a quote other than those around fields and escaped ones, or a backslash before another. 64 bytes are
/// looked at together.
#[inline]
fn find_ends(message: &[u8], has_escapes: bool, ends: &mut Vec<u32>) {
    let mut line = Line {
        has_escapes,
        after_backslash: 0,
        in_quotes: 0,
        after_quote: 0,
        after_space: 1,
    };
    let (words, rest) = message.as_chunks::<WORD>();
    for (i, word) in words.iter().enumerate() {
        let Some(spaces) = line.word(word, WORD) else {
            return;
        };
        push_places(spaces, i * WORD, ends);
    }
    if !rest.is_empty() {
        let Some(spaces) = line.word(&last_word(rest), rest.len()) else {
            return;
        };
        push_places(spaces, words.len() * WORD, ends);
    }
    if line.in_quotes == 0 && line.after_space == 0 {
        ends.push(message.len() as u32);
    }
}

/// What is known of a line before a word of it.
struct Line {
    has_escapes: bool,
    /// The first bit, if a backslash is just before the word.
    after_backslash: u64,
    /// All bits, if the word begins inside of quotes.
    in_quotes: u64,
    /// The first bit, if a field in quotes has ended just before the word.
    after_quote: u64,
    /// The first bit, if a field begins with the word.
    after_space: u64,
}

impl Line {
    /// Returns a bit for each space between fields. `None` if something is unusual.
    #[inline(always)]
    fn word(&mut self, word: &[u8; WORD], length: usize) -> Option<u64> {
        let last = length - 1;
        let backslashes = match self.has_escapes {
            true => mask(word, b'\\'),
            false => 0,
        };
        let escaped = backslashes << 1 | self.after_backslash;
        let quotes = mask(word, b'"') & !escaped;
        // From each opening quote up to the byte before the closing one.
        let inside = parities(quotes) ^ self.in_quotes;
        let spaces = mask(word, b' ') & !inside;
        let begins = spaces << 1 | self.after_space;
        let closing = quotes & !inside;
        let after_closing = closing << 1 | self.after_quote;
        let is_usual = quotes & inside & !begins == 0
            && after_closing & !spaces & (u64::MAX >> (WORD - length)) == 0
            && spaces & begins == 0
            && backslashes & escaped == 0;
        self.after_backslash = backslashes >> last & 1;
        self.in_quotes = (inside >> last & 1).wrapping_neg();
        self.after_quote = closing >> last & 1;
        self.after_space = spaces >> last & 1;
        is_usual.then_some(spaces)
    }
}

/// Returns for each bit whether it and those below are odd in number.
#[inline(always)]
fn parities(bits: u64) -> u64 {
    let mut parities = bits;
    for distance in [1, 2, 4, 8, 16, 32] {
        parities ^= parities << distance;
    }
    parities
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns all fields, and how the line ends.
    fn fields(
        mut tokens: Tokens<'_>,
        raw: &[bool],
    ) -> (Vec<(Range<usize>, bool)>, Option<Rejection>) {
        let mut fields = Vec::new();
        for is_raw in raw.iter().cycle() {
            match tokens.next(*is_raw) {
                Ok(Some(token)) => fields.push((token.content, token.is_quoted)),
                Ok(None) => break,
                Err(rejection) => return (fields, Some(rejection)),
            }
        }
        assert_eq!(tokens.rest(), None);
        (fields, None)
    }

    proptest! {
        #[test]
        fn the_vectorised_path_agrees_with_the_general_path(
            message in prop_oneof![
                r#"([a-c]{1,9}|"[a-c ]{0,70}"|"-"|-)( ([a-c]{1,9}|"[a-c ]{0,70}"|"-"|-)){0,20}"#,
                r#"([a-c]{0,3}|"([a-c ]|\\"){0,40}"|\\)( ([a-c"]{0,3}|"([a-c ]|\\")*[\\]{0,2}"|\\)){0,20}"#,
                r#"[ab "\\]{0,140}"#,
            ],
            has_escapes in any::<bool>(),
            raw in prop_oneof![Just(vec![false]), proptest::collection::vec(any::<bool>(), 1..20)],
        ) {
            let message = message.as_bytes();
            let mut ends = Vec::new();
            let general = Tokens { message, at: 0, has_escapes, ends: &[] };
            let known = Tokens::of(message, has_escapes, &mut ends);
            prop_assert_eq!(fields(known, &raw), fields(general, &raw));
        }
    }
}
