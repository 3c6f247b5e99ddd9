//! The ends of JSON values in a text.

use super::json::{Number, plain_run};
use crate::bounds::MAX_DEPTH;
use crate::space::is_space;

/// Returns the place of the first byte from `at` on that is no white space.
#[inline]
pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|byte| is_space(*byte)) {
        at += 1;
    }
    at
}

/// Returns the end of the value that begins at a place inside of this many open containers, or `None` if there
/// is no value, or if it is nested too deep. The halves of surrogate pairs are not looked at.
#[inline]
pub(crate) fn value_end(text: &[u8], at: usize, depth: usize) -> Option<usize> {
    value(text, at, depth)
}

fn value(text: &[u8], at: usize, depth: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at + 1),
        b'{' | b'[' if depth == MAX_DEPTH => None,
        b'{' => members(text, at + 1, b'}', |text, at| {
            let colon = skip_space(text, key_end(text, at)?);
            let at = skip_space(
                text,
                text.get(colon).filter(|b| **b == b':').map(|_| colon + 1)?,
            );
            value(text, at, depth + 1)
        }),
        b'[' => members(text, at + 1, b']', |text, at| value(text, at, depth + 1)),
        b't' => literal(text, at, b"true"),
        b'f' => literal(text, at, b"false"),
        b'n' => literal(text, at, b"null"),
        _ => number_end(text, at),
    }
}

/// Returns the end of a number that begins at a place. Most are integers without a sign.
#[inline]
fn number_end(text: &[u8], at: usize) -> Option<usize> {
    let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let end = at + digits.count();
    let is_integer = end > at
        && (text[at] != b'0' || end == at + 1)
        && !matches!(text.get(end), Some(b'.' | b'e' | b'E'));
    match is_integer {
        true => Some(end),
        false => any_number_end(text, at),
    }
}

fn any_number_end(text: &[u8], at: usize) -> Option<usize> {
    let mut number = Number::begin(text[at])?;
    let mut end = at + 1;
    while let Some(next) = text.get(end).and_then(|byte| number.push(*byte)) {
        number = next;
        end += 1;
    }
    number.is_whole().then_some(end)
}

/// Returns the end of the members of an object or array, the first of which may begin at a place. `member` is
/// given the place of one, and returns its end.
fn members(
    text: &[u8],
    at: usize,
    close: u8,
    member: impl Fn(&[u8], usize) -> Option<usize>,
) -> Option<usize> {
    let mut at = skip_space(text, at);
    if text.get(at) == Some(&close) {
        return Some(at + 1);
    }
    loop {
        at = skip_space(text, member(text, at)?);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            byte if *byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Returns the end of the key that begins at a place with its quote.
#[inline]
pub(crate) fn key_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at + 1),
        _ => None,
    }
}

/// Returns the end of a string, whose content begins at a place.
#[inline]
fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += plain_run(&text[at..]);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => {}
            // A control character.
            _ => return None,
        }
        at += match text.get(at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => {
                let digits = text.get(at + 2..at + 6)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(6)?
            }
            _ => return None,
        };
    }
}

fn literal(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    text[at..].starts_with(word).then_some(at + word.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_shortcut_for_integers_agrees_with_the_state_machine(text in "[-+0-9.eE]{1,12}[ ,}]?") {
            prop_assert_eq!(number_end(text.as_bytes(), 0), any_number_end(text.as_bytes(), 0));
        }
    }
}
