//! What a job that makes a digest does.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rehose_catalog::Layout;
use rehose_extract::Shape;
use rehose_extract::merge::{DigestFile, DigestRows, FoldPorts, Selection};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::error::Error;

/// How long before a record the key of its object may be. Firehose names an object by its oldest record, and
/// collects records for up to 15 minutes
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>,
/// <https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html>).
const EARLINESS: SignedDuration = SignedDuration::from_mins(15);

/// A time window, and what is made of the records that begin in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Its number among the digests of the same window and options, from 1.
    #[serde(default = "first")]
    pub version: u32,
    /// The first start of a record.
    pub from: Timestamp,
    /// The time before which records start.
    pub to: Timestamp,
    /// The accounts and regions whose records count.
    #[serde(default, skip_serializing_if = "Scope::is_all")]
    pub scope: Scope,
    /// The time in the keys of the objects.
    #[serde(default)]
    pub layout: Layout,
    /// Seconds after the window in which its records may still arrive.
    #[serde(default = "lateness")]
    pub lateness: u32,
    /// What becomes of the ports.
    #[serde(default)]
    pub fold_ports: FoldPorts,
    /// The columns of the key. Empty for all that are no measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// The kinds of its files.
    #[serde(rename = "as", default = "files")]
    pub files: Vec<DigestFile>,
}

fn first() -> u32 {
    1
}

fn lateness() -> u32 {
    Digest::LATENESS
}

fn files() -> Vec<DigestFile> {
    vec![DigestFile::default()]
}

impl Digest {
    /// Seconds after its start in which a record may arrive, unless told otherwise: AWS aggregates for up to ten
    /// minutes and delivers within about ten more
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-basics.html#flow-logs-aggregration-interval>),
    /// and Firehose waits up to 15.
    pub const LATENESS: u32 = 60 * 60;

    /// The digest of a window, with the default of every option.
    pub fn of(from: Timestamp, to: Timestamp) -> Self {
        Self {
            version: first(),
            from,
            to,
            scope: Scope::default(),
            layout: Layout::default(),
            lateness: lateness(),
            fold_ports: FoldPorts::default(),
            by: Vec::new(),
            files: files(),
        }
    }

    /// Its rows.
    pub fn rows(&self) -> DigestRows {
        DigestRows {
            by: self.by.clone(),
            fold_ports: self.fold_ports,
        }
    }

    /// Returns it in the one spelling of its meaning, for records of this shape.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the window is empty, not in whole minutes or not over, or the records have no such
    /// columns.
    pub fn checked(&self, shape: &Shape, now: Timestamp) -> Result<Self, Error> {
        for (name, time) in [("from", self.from), ("to", self.to)] {
            if time.as_second() % 60 != 0 || time.subsec_nanosecond() != 0 {
                return Err(value(name, format!("{time} is no whole minute")));
            }
            if time > now {
                return Err(value(
                    name,
                    format!("{time} is in the future; it is {now:.0} now"),
                ));
            }
        }
        if self.from >= self.to {
            let reason = format!(
                "{} is not after {}, where the window begins",
                self.to, self.from
            );
            return Err(value("to", reason));
        }
        let rows = self.rows();
        let all = DigestRows::default()
            .key(shape)
            .map_err(|reason| value("format", reason))?;
        let key = rows.key(shape).map_err(|reason| value("by", reason))?;
        let by = match key == all {
            true => Vec::new(),
            false => key.into_iter().map(str::to_owned).collect(),
        };
        self.scope.check(shape)?;
        let mut files = self.files.clone();
        files.sort_unstable();
        files.dedup();
        if files.is_empty() {
            return Err(value("as", "it names no kind of file".to_owned()));
        }
        for file in &files {
            rows.check_file(shape, *file)
                .map_err(|reason| value("as", reason))?;
        }
        Ok(Self {
            by,
            files,
            ..self.clone()
        })
    }

    /// The records of an object that count.
    pub(crate) fn selection(&self, key: &str) -> Selection {
        Selection {
            start: self.from.as_second()..self.to.as_second(),
            accounts: self.scope.accounts_in(key).to_vec(),
            regions: self.scope.regions_in(key).to_vec(),
        }
    }

    /// The time of the keys of objects in which a record of the window may be. It begins at an hour.
    pub(crate) fn hours(&self) -> (DateTime, DateTime) {
        let lateness = SignedDuration::from_secs(self.lateness.into());
        let first = in_utc(self.from, -EARLINESS);
        let hour = Time::new(first.hour(), 0, 0, 0).unwrap_or_default();
        (
            DateTime::from_parts(first.date(), hour),
            in_utc(self.to, lateness),
        )
    }
}

fn in_utc(time: Timestamp, later: SignedDuration) -> DateTime {
    let time = time.saturating_add(later).unwrap_or(time);
    time.to_zoned(TimeZone::UTC).datetime()
}

fn value(name: &'static str, reason: String) -> Error {
    Error::Value { name, reason }
}
