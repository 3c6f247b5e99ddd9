//! The time zone of the hours in keys.

use std::str::FromStr;

use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};

/// The years whose offsets count: tables are queried now and later, not in the past of a zone. Each month
/// is looked at, because summer time is longer than a month.
const YEARS: std::ops::RangeInclusive<i16> = 2025..=2037;

const SECONDS_PER_HOUR: i32 = 3_600;

/// No clock is further from UTC than that of Kiritimati.
const MAX_HOURS: i8 = 14;

/// The time zone in which Firehose writes hours into keys: UTC, or the `CustomTimeZone` of a stream
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>).
///
/// Athena's `NOW` is in UTC. East of it, keys have later hours, so the range of hours ends later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Zone {
    /// The greatest number of hours that its clock is ahead of UTC, rounded up.
    ahead: i32,
}

/// A text names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no time zone: name one, as Asia/Tokyo, or its offset from UTC, as +09:00")]
pub struct ZoneError;

impl Zone {
    /// The end of a range of times, as Athena takes it: `NOW`, or as `NOW+9HOURS`
    /// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html>).
    pub(crate) fn end(self) -> String {
        match self.ahead {
            0 => "NOW".to_owned(),
            hours => format!("NOW+{hours}HOURS"),
        }
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        let seconds = match parse_offset(text) {
            Some(offset) => offset.seconds(),
            None => greatest_offset(&TimeZone::get(text).map_err(|_| ZoneError)?),
        };
        let hours = (seconds.max(0) + SECONDS_PER_HOUR - 1) / SECONDS_PER_HOUR;
        Ok(Self { ahead: hours })
    }
}

/// Parses `+09:00` or `+09`.
fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "00"));
    let two = |text: &str| match text.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9'] => text.parse::<i8>().ok(),
        _ => None,
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    if hours > MAX_HOURS || minutes > 59 {
        return None;
    }
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    Offset::from_seconds(sign * seconds).ok()
}

/// In seconds, at least zero.
fn greatest_offset(zone: &TimeZone) -> i32 {
    let months = YEARS.flat_map(|year| (1..=12).map(move |month| date(year, month, 1)));
    let offsets = months.filter_map(|first| {
        let time = Offset::UTC.to_timestamp(first.at(0, 0, 0, 0)).ok()?;
        Some(zone.to_offset(time).seconds())
    });
    offsets.max().unwrap_or(0)
}
