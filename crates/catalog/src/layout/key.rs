//! The time in a key.

use jiff::civil::{Date, Time};

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
}

impl Layout {
    /// Finds the time of an object in its key, at the beginning of any folder.
    ///
    /// If the layout ends at the day, the hour is that of the name, as AWS writes it:
    /// `123456789012_vpcflowlogs_eu-west-1_fl-1_20261125T0705Z_0a1b2c3d.log.gz`
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
    pub fn time_in(&self, key: &str) -> Option<KeyTime> {
        let folders = key.match_indices('/').map(|(slash, _)| slash + 1);
        let mut begins = std::iter::once(0).chain(folders);
        begins.find_map(|begin| self.time_at(key, begin))
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
        Some(KeyTime { day, hour, begin })
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
