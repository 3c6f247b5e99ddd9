//! Timestamps: times as logs have them, written as `2020-02-01T00:00:00.000Z`.
//!
//! Most events have the same day as the event before, and many the same millisecond, so both types
//! remember the last one.

use jiff::civil::{Date, DateTime, date};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::bounds::TIMESTAMPS;
use crate::dialect::json::Number;

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
    /// Parses milliseconds since 1970. Returns `None` unless they are within [`TIMESTAMPS`].
    #[inline]
    pub(crate) fn milliseconds(&mut self, text: &[u8]) -> Option<i64> {
        if text.is_empty() || self.text != text {
            self.text.clear();
            self.milliseconds = milliseconds(text)?;
            self.text.extend_from_slice(text);
        }
        Some(self.milliseconds)
    }

    /// Parses seconds or milliseconds since 1970, or a time as in ISO 8601.
    ///
    /// Numbers from 10¹¹ on are milliseconds: in seconds, that is the year 5138.
    pub(crate) fn guess(&mut self, text: &[u8]) -> Option<i64> {
        const MILLISECONDS: f64 = 1e11;
        match number(text) {
            Some(value) if value.abs() >= MILLISECONDS => self.milliseconds(text),
            Some(_) => scaled(text, 1000.0),
            None => iso(text),
        }
    }
}

/// Parses milliseconds. CloudWatch Logs writes an integer. Other software may have made a number with a
/// fraction or an exponent of it, or text; the meaning is the same.
fn milliseconds(text: &[u8]) -> Option<i64> {
    let integer = || std::str::from_utf8(text).ok()?.parse().ok();
    match integer() {
        Some(milliseconds) => within_range(milliseconds),
        None => match number(text) {
            Some(number) => within_range(number.floor() as i64),
            None => iso(text),
        },
    }
}

fn within_range(milliseconds: i64) -> Option<i64> {
    TIMESTAMPS.contains(&milliseconds).then_some(milliseconds)
}

/// Returns the value of a JSON number.
fn number(text: &[u8]) -> Option<f64> {
    match Number::is_number(text) {
        true => std::str::from_utf8(text).ok()?.parse().ok(),
        false => None,
    }
}

/// Returns a number in units of this many milliseconds, rounded to a microsecond and then down to a millisecond:
/// no double is 1095017997.445, and the nearest one is less.
fn scaled(text: &[u8], milliseconds: f64) -> Option<i64> {
    const HALF_A_MICROSECOND: f64 = 0.0005;
    let time = number(text)? * milliseconds;
    let near = time.round();
    let is_near = (near - time).abs() < HALF_A_MICROSECOND;
    // A double has 53 bits, and the years up to 9999 need 48 for milliseconds.
    within_range(if is_near { near } else { time.floor() } as i64)
}

/// Parses ISO 8601, with or without an offset from UTC.
pub(crate) fn iso(text: &[u8]) -> Option<i64> {
    within_range(iso_instant(text)?.as_millisecond())
}

/// The same, to the nanosecond.
pub(crate) fn iso_instant(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let time = text.parse::<Timestamp>().ok();
    // The name of a zone alone says no offset: where clocks are set back, an hour comes twice.
    time.or_else(|| match text.contains('[') {
        true => None,
        false => in_utc(text.parse().ok()?).ok(),
    })
}

fn in_utc(time: DateTime) -> Result<Timestamp, jiff::Error> {
    Ok(time.to_zoned(TimeZone::UTC)?.timestamp())
}

/// Parses a time by a pattern of `strftime`. Without a zone or an offset it is UTC.
fn parse_pattern(pattern: &str, text: &[u8]) -> Result<Timestamp, jiff::Error> {
    let time = strtime::parse(pattern, text)?;
    if time.iana_time_zone().is_some() {
        return Ok(time.to_zoned()?.timestamp());
    }
    match time.to_timestamp() {
        Err(_) if time.offset().is_none() => in_utc(time.to_datetime()?),
        time => time,
    }
}

/// How the time of an event is written. Chosen with the option `time_format`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    #[default]
    Milliseconds,
    Seconds,
    Microseconds,
    Nanoseconds,
    Iso,
    /// A pattern of `strftime`.
    Pattern(String),
}

impl TimeFormat {
    /// Compiles the option.
    ///
    /// # Errors
    ///
    /// Returns the fault in words.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        Ok(match text {
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "us" => Self::Microseconds,
            "ns" => Self::Nanoseconds,
            "iso" => Self::Iso,
            pattern if !pattern.contains('%') => {
                return Err(format!(
                    "{pattern:?} is none of ms, s, us, ns and iso, and no pattern such as \
                     %Y-%m-%d %H:%M:%S"
                ));
            }
            pattern => {
                // A pattern with an unknown conversion fails for every time, and one without a date too.
                let epoch: Zoned = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
                let text = strtime::format(pattern, &epoch).map_err(|error| error.to_string())?;
                parse_pattern(pattern, text.as_bytes()).map_err(|error| {
                    format!("{pattern:?} gives no time: {error}; %Y-%m-%d %H:%M:%S and %s give one")
                })?;
                Self::Pattern(pattern.to_owned())
            }
        })
    }

    /// Parses a time. Without an offset it is UTC. Returns `None` unless it is within [`TIMESTAMPS`].
    pub(crate) fn parse(&self, text: &[u8]) -> Option<i64> {
        match self {
            Self::Milliseconds => milliseconds(text),
            Self::Seconds => scaled(text, 1e3),
            Self::Microseconds => scaled(text, 1e-3),
            Self::Nanoseconds => nanoseconds(text),
            Self::Iso => iso(text),
            Self::Pattern(pattern) => {
                within_range(parse_pattern(pattern, text).ok()?.as_millisecond())
            }
        }
    }
}

/// Nanoseconds of today have more digits than a double.
fn nanoseconds(text: &[u8]) -> Option<i64> {
    let nanoseconds: i128 = std::str::from_utf8(text).ok()?.parse().ok()?;
    within_range(i64::try_from(nanoseconds.div_euclid(1_000_000)).ok()?)
}

/// Parses whole seconds since 1970, as flow logs have them.
pub(crate) fn seconds(text: &[u8]) -> Option<i64> {
    let seconds: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    within_range(seconds.checked_mul(1000)?)
}

/// Parses ISO 8601 in UTC, as milliseconds since 1970.
pub(crate) fn utc(text: &[u8]) -> Option<i64> {
    Some(colparquet::micros(text)?.div_euclid(1000))
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
