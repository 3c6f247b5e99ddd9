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
    let (time, fraction) = text.split_first_chunk::<SECONDS>()?;
    let two = |at: usize| {
        let (ten, one) = (digit(time[at])?, digit(time[at + 1])?);
        Some(10 * ten + one)
    };
    let has_marks = time[4] == b'-'
        && time[7] == b'-'
        && time[10] == b'T'
        && time[13] == b':'
        && time[16] == b':';
    let (year, month, day) = (100 * two(0)? + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let is_real = has_marks
        && year >= 1
        && matches!(month, 1..=12)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let micros = fraction_micros(fraction.strip_suffix(b"Z")?)?;
    let seconds = (hour * 60 + minute) * 60 + second;
    is_real.then(|| days(year, month, day) * DAY + seconds * 1_000_000 + micros)
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Returns the microseconds of a fraction of a second with its point, or 0 for no text.
fn fraction_micros(fraction: &[u8]) -> Option<i64> {
    let digits = match fraction {
        [] => return Some(0),
        [b'.', digits @ ..] if !digits.is_empty() => digits,
        _ => return None,
    };
    let (mut micros, mut unit) = (0, 100_000);
    for byte in digits {
        micros += digit(*byte)? * unit;
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
