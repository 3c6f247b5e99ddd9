//! Times as text.

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The length of `2020-02-01T00:00:00`.
const SECONDS: usize = 19;

/// Parses a time in ISO 8601 in UTC, `2020-02-01T00:00:00.123456Z` with any number of digits in the fraction
/// or none, as microseconds since 1970, rounded down. Returns `None` for any other text.
///
/// The year is at least 1, and there are no leap seconds.
#[inline]
pub fn micros(text: &[u8]) -> Option<i64> {
    local_micros(text.strip_suffix(b"Z")?)
}

/// Parses a time without its zone as [`micros`] does one in UTC.
#[inline]
pub fn local_micros(text: &[u8]) -> Option<i64> {
    const DATE: Form = Form::new(*b"0000-00-");
    const DAY_AND_TIME: Form = Form::new(*b"00T00:00");
    const TIME: Form = Form::new(*b"00:00:00");
    let (time, fraction) = text.split_first_chunk::<SECONDS>()?;
    let [century, _, year, _, _, month, ..] = DATE.pairs(time.first_chunk()?)?;
    let [day, _, _, hour, _, _, minute, _] = DAY_AND_TIME.pairs(time[8..].first_chunk()?)?;
    let [.., second, _] = TIME.pairs(time.last_chunk()?)?;
    let (year, month, day) = (
        100 * i64::from(century) + i64::from(year),
        month.into(),
        day.into(),
    );
    let is_real = year >= 1
        && matches!(month, 1..=12)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let micros = fraction_micros(fraction)?;
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    is_real.then(|| days(year, month, day) * DAY + seconds * 1_000_000 + micros)
}

/// How eight bytes are written: digits where it has zeros, and otherwise the same bytes.
struct Form {
    bytes: u64,
    /// What makes the highest bit of a byte, if it is further above that of the form than it may be.
    limits: u64,
}

impl Form {
    const fn new(form: [u8; 8]) -> Self {
        let mut limits = [0; 8];
        let mut place = 0;
        while place < form.len() {
            limits[place] = if form[place] == b'0' {
                0x80 - 10
            } else {
                0x80 - 1
            };
            place += 1;
        }
        Self {
            bytes: u64::from_le_bytes(form),
            limits: u64::from_le_bytes(limits),
        }
    }

    /// Returns the number that two digits are, at the place of the first. The other places have any number.
    /// All bytes are looked at in one word.
    #[inline]
    fn pairs(&self, text: &[u8; 8]) -> Option<[u8; 8]> {
        const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
        let digits = u64::from_le_bytes(*text) ^ self.bytes;
        let is_right = (digits | digits.wrapping_add(self.limits)) & HIGHEST == 0;
        is_right.then(|| (digits * 10 + (digits >> 8)).to_le_bytes())
    }
}

/// Returns the microseconds of a fraction of a second with its point, or 0 if there is none.
#[inline]
fn fraction_micros(text: &[u8]) -> Option<i64> {
    const MICROS: Form = Form::new(*b".000000 ");
    let Some(fraction) = text.first_chunk::<7>().filter(|_| text.len() == 7) else {
        return any_fraction(text);
    };
    let mut bytes = *b".000000 ";
    bytes[..7].copy_from_slice(fraction);
    let [_, first, _, second, _, third, ..] = MICROS.pairs(&bytes)?;
    Some((i64::from(first) * 100 + i64::from(second)) * 100 + i64::from(third))
}

fn any_fraction(fraction: &[u8]) -> Option<i64> {
    let digits = match fraction {
        [] => return Some(0),
        [b'.', digits @ ..] if !digits.is_empty() => digits,
        _ => return None,
    };
    let (mut micros, mut unit) = (0, 100_000);
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        micros += i64::from(byte - b'0') * unit;
        unit /= 10;
    }
    Some(micros)
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days since 1970 of a date of the Gregorian calendar
/// (<https://howardhinnant.github.io/date_algorithms.html#days_from_civil>).
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last.
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.000001Z", Some(1)),
            ("1969-12-31T23:59:59.999999Z", Some(-1)),
            ("2020-02-29T23:59:59.5Z", Some(1_583_020_799_500_000)),
            ("2000-03-01T00:00:00.1234567Z", Some(951_868_800_123_456)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000_000)),
            ("2021-02-29T00:00:00Z", None),
            ("1900-02-29T00:00:00Z", None),
            ("0000-01-01T00:00:00Z", None),
            ("2020-13-01T00:00:00Z", None),
            ("2020-01-00T00:00:00Z", None),
            ("2020-01-01T24:00:00Z", None),
            ("2020-01-01T00:60:00Z", None),
            ("2020-01-01T00:00:60Z", None),
            ("2020-01-01T00:00:00", None),
            ("2020-01-01T00:00:00.Z", None),
            ("2020-01-01T00:00:00,5Z", None),
            ("2020-01-01 00:00:00Z", None),
            ("2020-01-01T00:00:0", None),
            ("", None),
        ] {
            assert_eq!(micros(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn no_byte_may_be_another() {
        const TIME: &[u8; 27] = b"2020-11-22T11:12:13.123456Z";
        const FORM: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";
        for place in 0..TIME.len() {
            for byte in 0..=u8::MAX {
                let mut text = *TIME;
                text[place] = byte;
                let has_form = std::iter::zip(text, FORM).all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    _ => byte == *form,
                });
                let two =
                    |at: usize| 10 * u32::from(text[at] - b'0') + u32::from(text[at + 1] - b'0');
                let is_real = || {
                    matches!(two(5), 1..=12)
                        && matches!(two(8), 1..=30)
                        && two(11) < 24
                        && two(14) < 60
                        && two(17) < 60
                };
                let text_of_it = String::from_utf8_lossy(&text);
                assert_eq!(
                    micros(&text).is_some(),
                    has_form && is_real(),
                    "{text_of_it}"
                );
            }
        }
    }

    #[test]
    fn every_day_of_400_years_is_one_after_the_other() {
        let mut expected = days(1800, 1, 1);
        for year in 1800..2200 {
            for month in 1..=12 {
                for day in 1..=days_of(year, month) {
                    assert_eq!(days(year, month, day), expected);
                    expected += 1;
                }
            }
        }
    }
}
