//! Numbers as they are written.

use crate::batch::Field;
use crate::number::Double;

/// Parses decimal digits, possibly after a minus sign.
#[inline(always)]
pub(crate) fn whole(field: Field<'_>) -> Option<i64> {
    digits(field).or_else(|| negative(field.bytes()))
}

#[cold]
fn negative(field: &[u8]) -> Option<i64> {
    let digits = field.strip_prefix(b"-")?;
    match digits.iter().all(u8::is_ascii_digit) {
        true => std::str::from_utf8(field).ok()?.parse().ok(),
        false => None,
    }
}

/// Parses a decimal number with or without a fraction.
pub(crate) fn double(field: Field<'_>) -> Option<Double> {
    let number = short_decimal(field).or_else(|| any_decimal(field.bytes()));
    number.map(Double::new)
}

/// Parses up to eight bytes: digits, and a point between them. They and the power of ten that is below them are
/// exact as doubles, and so their quotient is the nearest double.
#[inline]
fn short_decimal(field: Field<'_>) -> Option<f64> {
    let length @ 1..=8 = field.bytes().len() else {
        return None;
    };
    let missing = u64::BITS - u8::BITS * length as u32;
    let text = field.word() << missing | zeros(missing);
    let points = zero_bytes(text ^ u64::from_ne_bytes([b'.'; 8]));
    if points == 0 {
        return Some(eight_digits(text)? as f64);
    }
    let (before, after) = (
        points.trailing_zeros() & !7,
        points.leading_zeros() / u8::BITS,
    );
    if after == 0 || before == missing {
        return None;
    }
    // The bytes before the point move to its place.
    let below = !(u64::MAX << before);
    let digits =
        (text & below) << u8::BITS | text & (u64::MAX << before << u8::BITS) | zeros(u8::BITS);
    Some(eight_digits(digits)? as f64 / POWERS_OF_TEN[after as usize])
}

const POWERS_OF_TEN: [f64; 8] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];

/// Returns the highest bit of each byte that is zero.
#[inline]
fn zero_bytes(bytes: u64) -> u64 {
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    !(bytes & !HIGHEST).wrapping_add(!HIGHEST) & !bytes & HIGHEST
}

#[cold]
fn any_decimal(text: &[u8]) -> Option<f64> {
    let is_decimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+');
    match text.iter().all(is_decimal) {
        true => std::str::from_utf8(text).ok()?.parse().ok(),
        false => None,
    }
}

/// Parses decimal digits. Lengths differ from row to row, so there is no loop whose end the core would
/// have to guess.
#[inline(always)]
fn digits(field: Field<'_>) -> Option<i64> {
    match field.bytes().len() {
        length @ 1..=8 => {
            let missing = u64::BITS - u8::BITS * length as u32;
            eight_digits(field.word() << missing | zeros(missing))
        }
        9..=16 => sixteen_digits(field.bytes()),
        _ => long(field.bytes()),
    }
}

/// Parses 9 to 16 digits: the first eight, and the others as the end of the last eight.
#[inline(never)]
fn sixteen_digits(field: &[u8]) -> Option<i64> {
    let first = u64::from_le_bytes(*field.first_chunk()?);
    let last = u64::from_le_bytes(*field.last_chunk()?);
    let others = field.len() - 8;
    let missing = u64::BITS - u8::BITS * others as u32;
    let others_of_last = last & u64::MAX << missing | zeros(missing);
    Some(eight_digits(first)? * 10_i64.pow(others as u32) + eight_digits(others_of_last)?)
}

/// Returns digits in these bits, and nothing in those above.
#[inline]
fn zeros(bits: u32) -> u64 {
    u64::from_ne_bytes([b'0'; 8]) & !(u64::MAX << bits)
}

/// Parses eight digits at once: pairs of digits, then pairs of pairs, and then both halves. The first is
/// in the lowest byte.
#[inline]
fn eight_digits(bytes: u64) -> Option<i64> {
    const UPPER: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    // Only a digit has 3 as its upper half, and still has it after 6 is added.
    let after = bytes.wrapping_add(0x0606_0606_0606_0606) & UPPER;
    if bytes & UPPER | after >> 4 != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = bytes & !UPPER;
    let pairs = ones * 10 + (ones >> 8);
    let (even, odd) = (pairs & 0x00ff_0000_00ff, pairs >> 16 & 0x00ff_0000_00ff);
    let number = even.wrapping_mul(100 + (1_000_000 << 32));
    let number = number.wrapping_add(odd.wrapping_mul(1 + (10_000 << 32)));
    Some((number >> 32) as i64)
}

/// Parses more than 16 digits: the last 16, and those before them.
fn long(field: &[u8]) -> Option<i64> {
    let (first, last) = field.split_at(field.len().checked_sub(16)?);
    let first = first.iter().try_fold(0_i64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    (first.checked_mul(10_i64.pow(16))?).checked_add(sixteen_digits(last)?)
}
