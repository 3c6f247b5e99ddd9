//! The time in a key.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Time};

use super::{Layout, TimePart, Unit};

/// The time that a key has, to the hour at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTime {
    /// The day.
    pub day: Date,
    /// The hour, unless the key has only a day.
    pub hour: Option<i8>,
    /// Where the time begins in the key. Keys that are equal before it are in the order of their times.
    pub begin: usize,
    /// Whether it is in the object's name, and not in the folders that the layout names.
    is_in_name: bool,
}

/// The digits of a time in a name, as in `2026-01-05-10`.
const IN_NAME: &str = "dddd-dd-dd-dd";

impl KeyTime {
    /// Finds the time in the name of an object, in UTC, as AWS writes it where there is no folder for it:
    ///
    /// - access logs of S3: `2026-01-05-10-15-00-79A59DF900B949E5` after any prefix
    ///   (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>)
    /// - logs of CloudFront: `E2ABCD.2026-01-05-10.0a1b2c3d.gz`
    ///   (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html>)
    /// - Firehose: `stream-1-2026-01-05-10-15-00-<id>`
    ///   (<https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>)
    ///
    /// ```
    /// # use rehose_catalog::KeyTime;
    /// let time = KeyTime::of_name("cdn/E2ABCD.2026-01-05-10.0a1b2c3d.gz");
    /// assert_eq!(time.map(|time| time.day.to_string()).as_deref(), Some("2026-01-05"));
    /// assert_eq!(KeyTime::of_name("2026-01-05-10/x.gz"), None);
    /// ```
    pub fn of_name(key: &str) -> Option<Self> {
        let name = key.rfind('/').map_or(0, |slash| slash + 1);
        let bytes = key.as_bytes();
        // A prefix may have a time too. The last one is AWS's.
        let last = bytes.len().checked_sub(IN_NAME.len() + 1)?;
        (name..=last).rev().find_map(|begin| {
            let (time, rest) = bytes[begin..].split_at(IN_NAME.len());
            let fits = |(byte, form): (&u8, u8)| match form {
                b'd' => byte.is_ascii_digit(),
                form => *byte == form,
            };
            if !time.iter().zip(IN_NAME.bytes()).all(fits)
                || !rest.starts_with(b"-") && !rest.starts_with(b".")
            {
                return None;
            }
            let part = |part: Range<usize>| number(&key[begin + part.start..begin + part.end]);
            let month = i8::try_from(part(5..7)?).ok()?;
            let day = i8::try_from(part(8..10)?).ok()?;
            let hour = i8::try_from(part(11..13)?).ok()?;
            Some(Self {
                day: Date::new(part(0..4)?, month, day).ok()?,
                hour: Some(Time::new(hour, 0, 0, 0).ok()?.hour()),
                begin,
                is_in_name: true,
            })
        })
    }

    /// What a key like this one has in place of its time, for another time.
    pub fn replaced_by(&self, time: DateTime, layout: &Layout) -> String {
        match self.is_in_name {
            true => time.strftime("%Y-%m-%d-%H").to_string(),
            false => layout.value(time),
        }
    }
}

impl Layout {
    /// Finds the time of an object in its key: at the beginning of any folder, or else
    /// [in its name](KeyTime::of_name).
    ///
    /// If the layout ends at the day, the hour is that of the name, as AWS writes it:
    /// `123456789012_vpcflowlogs_eu-west-1_fl-1_20261125T0705Z_0a1b2c3d.log.gz`
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
    pub fn time_in(&self, key: &str) -> Option<KeyTime> {
        let folders = key.match_indices('/').map(|(slash, _)| slash + 1);
        let mut begins = std::iter::once(0).chain(folders);
        begins
            .find_map(|begin| self.time_at(key, begin))
            .or_else(|| KeyTime::of_name(key))
    }

    fn time_at(&self, key: &str, begin: usize) -> Option<KeyTime> {
        let mut rest = key.get(begin..)?;
        let (mut year, mut month, mut day, mut hour) = (None, None, None, None);
        for part in &self.time {
            rest = match part {
                TimePart::Text(text) => rest.strip_prefix(text.as_str())?,
                TimePart::Unit(unit) => {
                    let length = unit.pattern().len();
                    let (digits, after) = rest.split_at_checked(length)?;
                    let number = number(digits)?;
                    match unit {
                        Unit::Year => year = Some(number),
                        Unit::Month => month = i8::try_from(number).ok(),
                        Unit::Day => day = i8::try_from(number).ok(),
                        Unit::Hour => hour = i8::try_from(number).ok(),
                    }
                    after
                }
            };
        }
        // The time ends with its folder, or with what the layout has after it.
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let day = Date::new(year?, month?, day?).ok()?;
        let hour = match hour {
            Some(hour) => Some(Time::new(hour, 0, 0, 0).ok()?.hour()),
            None => hour_of_name(rest, day),
        };
        Some(KeyTime {
            day,
            hour,
            begin,
            is_in_name: false,
        })
    }
}

/// The hour in a name such as `…_20261125T0705Z_…`, if it is of this day.
fn hour_of_name(path: &str, day: Date) -> Option<i8> {
    let (_, name) = path.rsplit_once('/')?;
    let date = format!("{:04}{:02}{:02}T", day.year(), day.month(), day.day());
    let mut parts = name.split(['_', '.']);
    parts.find_map(|part| {
        let time = part.strip_prefix(date.as_str())?.strip_suffix('Z')?;
        let (hour, minute) = time.split_at_checked(2)?;
        number(minute)?;
        let hour = i8::try_from(number(hour)?).ok()?;
        Some(Time::new(hour, 0, 0, 0).ok()?.hour())
    })
}

fn number(digits: &str) -> Option<i16> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| are_digits)
}
