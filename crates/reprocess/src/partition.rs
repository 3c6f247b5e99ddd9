//! Partitions: the hours or days whose objects are merged together.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
pub use rehose_catalog::Per;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// An hour or a day, in UTC, as text `2026-11-25/07` or `2026-11-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Partition {
    day: Date,
    /// `None` for the whole day.
    hour: Option<i8>,
}

impl Partition {
    /// The partition of a time. `None` if it takes an hour, and there is only a day.
    pub fn of(per: Per, day: Date, hour: Option<i8>) -> Option<Self> {
        let hour = match per {
            Per::Day => None,
            Per::Hour => Some(hour?),
        };
        Some(Self { day, hour })
    }

    /// The day, as text.
    pub fn day(&self) -> String {
        self.day.to_string()
    }

    /// The hour as two digits, unless it is a day.
    pub fn hour(&self) -> Option<String> {
        self.hour.map(|hour| format!("{hour:02}"))
    }

    /// When it begins.
    pub fn begin(&self) -> DateTime {
        let time = Time::new(self.hour.unwrap_or_default(), 0, 0, 0);
        DateTime::from_parts(self.day, time.unwrap_or_default())
    }

    /// When it ends.
    pub fn end(&self) -> DateTime {
        let length = match self.hour {
            Some(_) => 1.hour(),
            None => 1.day(),
        };
        self.begin().saturating_add(length)
    }

    /// Whether it has ended this long before a time, so that no more objects are expected.
    pub fn is_closed(&self, lateness: SignedDuration, now: Timestamp) -> bool {
        let now = now.to_zoned(TimeZone::UTC).datetime();
        self.end().saturating_add(lateness) <= now
    }

    /// The folder of its files under `merged/`, as query engines find partitions.
    pub fn folder(&self) -> String {
        match self.hour {
            Some(hour) => format!("day={}/hour={hour:02}/", self.day),
            None => format!("day={}/", self.day),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hour {
            Some(hour) => write!(f, "{}/{hour:02}", self.day),
            None => write!(f, "{}", self.day),
        }
    }
}

impl FromStr for Partition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = || {
            let (day, hour) = match text.split_once('/') {
                Some((day, hour)) => (day, Some(hour.parse().ok()?)),
                None => (text, None),
            };
            if let Some(hour) = hour {
                Time::new(hour, 0, 0, 0).ok()?;
            }
            let day = day.parse().ok()?;
            Some(Self { day, hour })
        };
        let partition = parsed().filter(|partition| partition.to_string() == text);
        partition.ok_or_else(|| Error::Value {
            name: "partition",
            reason: format!("{text:?} is no hour such as 2026-11-25/07, and no day"),
        })
    }
}

impl TryFrom<String> for Partition {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Partition> for String {
    fn from(partition: Partition) -> Self {
        partition.to_string()
    }
}
