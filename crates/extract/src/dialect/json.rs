//! JSON strings and numbers. Decoding can stop and resume between any two bytes.

use wide::u8x16;

/// Bytes in a vector.
const LANE: usize = 16;

/// Counts the plain bytes at the beginning: all before a quote, backslash or control character.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (lanes, _) = bytes.as_chunks::<LANE>();
    for (i, lane) in lanes.iter().enumerate() {
        let special = specials(*lane);
        if special != 0 {
            return LANE * i + special.trailing_zeros() as usize;
        }
    }
    let passed = LANE * lanes.len();
    let (words, _) = bytes[passed..].as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        if let Some(place) = first_special(*word) {
            return passed + 8 * i + place;
        }
    }
    let tail = passed + 8 * words.len();
    let place = bytes[tail..].iter().position(|b| is_special(*b));
    place.map_or(bytes.len(), |place| tail + place)
}

/// Returns a bit for each byte that is not plain.
#[inline(always)]
fn specials(lane: [u8; LANE]) -> u32 {
    let bytes = u8x16::new(lane);
    let equals = |byte| bytes.simd_eq(u8x16::splat(byte));
    (equals(b'"') | equals(b'\\') | bytes.simd_le(u8x16::splat(0x1f))).to_bitmask()
}

/// Whether a byte is not plain.
fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// Finds the first of eight bytes that [`is_special`], within one integer
/// (<https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>).
fn first_special(bytes: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest high bit that is set is that of the first matching byte. Higher ones can be wrong.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let below_space = |word: u64| word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    let word = u64::from_le_bytes(bytes);
    let special = zero(word ^ (ONES * u64::from(b'"')))
        | zero(word ^ (ONES * u64::from(b'\\')))
        | below_space(word);
    (special != 0).then_some(special.trailing_zeros() as usize / 8)
}

/// The state of decoding a string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Unescape {
    /// Outside an escape.
    #[default]
    Plain,
    /// After a backslash.
    Escape,
    /// Inside the four digits of `\uXXXX`, of which `left` are missing. `high` is the first half of
    /// a surrogate pair, or 0.
    Hex { high: u16, unit: u16, left: u8 },
    /// After the first half of a surrogate pair. The second half must follow.
    Pair { high: u16, backslash: bool },
}

impl Unescape {
    /// Decodes a byte at which [`plain_run`] stopped, or a byte of an escape.
    ///
    /// The caller must handle a quote in the state `Plain`, which ends the string.
    ///
    /// # Errors
    ///
    /// Returns the fault of the string, in words.
    pub(crate) fn push(
        &mut self,
        byte: u8,
        out: &mut impl FnMut(&[u8]),
    ) -> Result<(), &'static str> {
        *self = match *self {
            Self::Plain => match byte {
                b'\\' => Self::Escape,
                0..0x20 => return Err("a control character in a string"),
                _ => {
                    out(&[byte]);
                    Self::Plain
                }
            },
            Self::Escape => match byte {
                b'u' => Self::hex(0),
                _ => {
                    out(&[simple_escape(byte).ok_or("an unknown escape in a string")?]);
                    Self::Plain
                }
            },
            Self::Hex { high, unit, left } => {
                let digit = char::from(byte)
                    .to_digit(16)
                    .ok_or("a \\u escape without four hexadecimal digits")?;
                let unit = unit << 4 | digit as u16;
                match left {
                    1 => Self::unit(high, unit, out)?,
                    _ => Self::Hex {
                        high,
                        unit,
                        left: left - 1,
                    },
                }
            }
            Self::Pair { high, backslash } => match (backslash, byte) {
                (false, b'\\') => Self::Pair {
                    high,
                    backslash: true,
                },
                (true, b'u') => Self::hex(high),
                _ => return Err("half a surrogate pair in a string"),
            },
        };
        Ok(())
    }

    fn hex(high: u16) -> Self {
        Self::Hex {
            high,
            unit: 0,
            left: 4,
        }
    }

    /// Decodes a whole UTF-16 code unit.
    fn unit(high: u16, unit: u16, out: &mut impl FnMut(&[u8])) -> Result<Self, &'static str> {
        if high == 0 && matches!(unit, 0xd800..0xdc00) {
            return Ok(Self::Pair {
                high: unit,
                backslash: false,
            });
        }
        let units = if high == 0 { [unit, 0] } else { [high, unit] };
        let character = char::decode_utf16(units)
            .next()
            .and_then(Result::ok)
            .ok_or("half a surrogate pair in a string")?;
        out(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(Self::Plain)
    }
}

/// Appends the decoded content of a string, which is given without its quotes.
///
/// # Errors
///
/// Returns the fault of the string, in words.
pub(crate) fn unescape(content: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut state = Unescape::default();
    let mut rest = content;
    while let [byte, after @ ..] = rest {
        if state == Unescape::Plain {
            let (plain, special) = rest.split_at(plain_run(rest));
            out.extend_from_slice(plain);
            if !plain.is_empty() {
                rest = special;
                continue;
            }
        }
        state.push(*byte, &mut |decoded| out.extend_from_slice(decoded))?;
        rest = after;
    }
    match state {
        Unescape::Plain => Ok(()),
        _ => Err("a string that ends inside an escape"),
    }
}

fn simple_escape(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// The state of reading a JSON number
/// (RFC 8259, section 6, <https://www.rfc-editor.org/rfc/rfc8259#section-6>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

impl Number {
    /// Returns the state after the first byte, or `None` if no number begins with it.
    pub(crate) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::Zero),
            b'1'..=b'9' => Some(Self::Integer),
            _ => None,
        }
    }

    /// Returns the state after the next byte, or `None` if the byte is not part of the number.
    pub(crate) fn push(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus | Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::Sign,
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    /// Whether the number is complete if it ends here.
    pub(crate) fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::Exponent
        )
    }

    /// Whether all of `text` is a number.
    pub(crate) fn is_number(text: &[u8]) -> bool {
        let Some((first, rest)) = text.split_first() else {
            return false;
        };
        rest.iter()
            .try_fold(Self::begin(*first), |state, byte| {
                Some(state.and_then(|s| s.push(*byte)))
            })
            .flatten()
            .is_some_and(Self::is_whole)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_run_ends_before_the_first_byte_that_is_not_plain(
            text in "[a-zé\u{7f}]{0,80}[\"\\\\\u{0}-\u{22}]{0,2}.{0,20}",
        ) {
            let first = text.bytes().position(is_special);
            prop_assert_eq!(plain_run(text.as_bytes()), first.unwrap_or(text.len()));
        }
    }
}
