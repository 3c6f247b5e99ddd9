//! Milliseconds since 1970 as `2020-02-01T00:00:00.000Z`.

use jiff::Span;
use jiff::civil::{Date, date};

use crate::bounds::TIMESTAMPS;

const EPOCH: Date = date(1970, 1, 1);

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A timestamp as it is written: `2020-02-01T00:00:00.000Z`.
const LENGTH: usize = 24;

/// The date of it.
const DATE: usize = 10;

/// Formats timestamps. Those of a stash are of one day for long, and often of one second, so what is
/// known is kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// The day whose date stands in `formatted`, counted from 1970.
    day: Option<i64>,
    /// The last timestamp, as it was read; empty if it could not be written.
    text: Vec<u8>,
    /// And as it was written.
    formatted: [u8; LENGTH],
}

impl Clock {
    /// Appends a timestamp, written in decimal, to a row; `None` where it is not an integer or
    /// outside the years 1 to 9999.
    pub(crate) fn write(&mut self, text: &[u8], row: &mut Vec<u8>) -> Option<()> {
        if text.is_empty() || self.text != text {
            self.text.clear();
            self.format(text)?;
            self.text.extend_from_slice(text);
        }
        row.extend_from_slice(&self.formatted);
        Some(())
    }

    fn format(&mut self, text: &[u8]) -> Option<()> {
        let milliseconds: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        if !TIMESTAMPS.contains(&milliseconds) {
            return None;
        }
        let (day, of_day) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
        self.set_date(day)?;
        // Less than a day of milliseconds, for which 32 bits are enough, and faster.
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
        Some(())
    }

    fn set_date(&mut self, day: i64) -> Option<()> {
        if self.day != Some(day) {
            // A civil date, for `jiff::Timestamp` ends a day before the year 9999 does.
            let date = EPOCH.checked_add(Span::new().try_days(day).ok()?).ok()?;
            let date = date.to_string();
            self.formatted[..DATE].copy_from_slice(date.as_bytes().first_chunk::<DATE>()?);
            self.day = Some(day);
        }
        Some(())
    }
}
