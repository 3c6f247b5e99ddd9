//! Timestamps: milliseconds since 1970, written as `2020-02-01T00:00:00.000Z`.
//!
//! Most events have the same day as the event before, and many the same millisecond, so both types
//! remember the last one.

use jiff::Span;
use jiff::civil::{Date, date};

use crate::bounds::TIMESTAMPS;

const EPOCH: Date = date(1970, 1, 1);

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// The length of `2020-02-01T00:00:00.000Z`.
const LENGTH: usize = 24;

/// The length of `2020-02-01`.
const DATE: usize = 10;

/// Parses timestamps.
#[derive(Debug, Default)]
pub(crate) struct TimestampParser {
    /// The last timestamp, as text. Empty if there was none or it was invalid.
    text: Vec<u8>,
    milliseconds: i64,
}

impl TimestampParser {
    /// Parses a decimal number. Returns `None` unless it is within [`TIMESTAMPS`].
    #[inline]
    pub(crate) fn parse(&mut self, text: &[u8]) -> Option<i64> {
        if text.is_empty() || self.text != text {
            self.text.clear();
            let milliseconds = std::str::from_utf8(text).ok()?.parse().ok()?;
            if !TIMESTAMPS.contains(&milliseconds) {
                return None;
            }
            self.milliseconds = milliseconds;
            self.text.extend_from_slice(text);
        }
        Some(self.milliseconds)
    }
}

/// Formats timestamps.
#[derive(Debug)]
pub(crate) struct TimestampFormatter {
    /// The day, counted from 1970, whose date is in `formatted`.
    day: i64,
    /// The timestamp that is in `formatted`.
    milliseconds: i64,
    formatted: [u8; LENGTH],
}

impl Default for TimestampFormatter {
    fn default() -> Self {
        Self {
            day: 0,
            milliseconds: 0,
            formatted: *b"1970-01-01T00:00:00.000Z",
        }
    }
}

impl TimestampFormatter {
    /// Formats milliseconds within [`TIMESTAMPS`].
    #[inline]
    pub(crate) fn format(&mut self, milliseconds: i64) -> &[u8; LENGTH] {
        if self.milliseconds != milliseconds {
            self.set(milliseconds);
        }
        &self.formatted
    }

    fn set(&mut self, milliseconds: i64) {
        self.milliseconds = milliseconds;
        let (day, of_day) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
        if self.day != day {
            self.day = day;
            self.formatted[..DATE].copy_from_slice(&format_date(day));
        }
        // The milliseconds of a day fit 32 bits, which are faster to divide.
        let of_day = of_day as u32;
        let (seconds, milliseconds) = (of_day / 1000, of_day % 1000);
        let two = |n: u32| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        let ([h, i], [m, n], [s, t]) = (
            two(seconds / 3600),
            two(seconds / 60 % 60),
            two(seconds % 60),
        );
        let ([u, v], w) = (two(milliseconds / 10), b'0' + (milliseconds % 10) as u8);
        self.formatted[DATE..]
            .copy_from_slice(&[b'T', h, i, b':', m, n, b':', s, t, b'.', u, v, w, b'Z']);
    }
}

/// Formats a day, counted from 1970.
fn format_date(day: i64) -> [u8; DATE] {
    // A civil date, because `jiff::Timestamp` ends a day before the year 9999 does.
    let date = Span::new()
        .try_days(day)
        .and_then(|days| EPOCH.checked_add(days))
        .unwrap_or(if day < 0 { Date::MIN } else { Date::MAX });
    let (year, month, day) = (date.year(), date.month(), date.day());
    let digit = |n: i16, power: i16| b'0' + (n / power % 10).unsigned_abs() as u8;
    let [month, day] = [month, day].map(i16::from);
    [
        digit(year, 1000),
        digit(year, 100),
        digit(year, 10),
        digit(year, 1),
        b'-',
        digit(month, 10),
        digit(month, 1),
        b'-',
        digit(day, 10),
        digit(day, 1),
    ]
}
