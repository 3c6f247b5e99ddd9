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
    let text = std::str::from_utf8(field.bytes()).ok()?;
    let is_decimal =
        (text.bytes()).all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+'));
    is_decimal.then(|| text.parse().ok().map(Double::new))?
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

#[cold]
fn long(field: &[u8]) -> Option<i64> {
    match field.iter().all(u8::is_ascii_digit) {
        true => std::str::from_utf8(field).ok()?.parse().ok(),
        false => None,
    }
}
