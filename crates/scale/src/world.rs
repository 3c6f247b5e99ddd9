//! The stash: keys and sizes are computed from an object's number.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rehose_store::{Listed, Page};
use rehose_testkit::stash::{FLOW, envelope, event, gzip};

use crate::scenario::Scenario;

/// Objects of an hour: one a minute from each of two log groups, as Firehose writes them.
const PER_HOUR: u64 = 120;

/// The first hour, 2020-01-01T00:00Z, in seconds since 1970.
const FIRST: i64 = 1_577_836_800;

/// The stash.
#[derive(Debug, Clone)]
pub(crate) struct World {
    objects: u64,
    stored: u64,
    /// The bytes of every object.
    pub(crate) body: Bytes,
}

impl World {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            objects: scenario.objects,
            stored: scenario.stored,
            body: gzip(envelope(&[event(1_577_836_800_000, FLOW)])).into(),
        }
    }

    /// The key of an object, as long as those of Firehose. Numbers and keys have the same order.
    pub(crate) fn key(number: u64) -> String {
        let seconds = FIRST + (number / PER_HOUR * 3_600 + number % PER_HOUR * 30) as i64;
        let time = Timestamp::from_second(seconds)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC);
        let (year, month, day) = (time.year(), time.month(), time.day());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        format!(
            "{year}/{month:02}/{day:02}/{hour:02}/flow-logs-1-{year}-{month:02}-{day:02}-{hour:02}-\
             {minute:02}-{second:02}-6c1f0b0a-5d0e-4f7a-9c2b-{number:012}"
        )
    }

    /// The number of an object, if it exists.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        let number = key.rsplit('-').next()?.parse().ok()?;
        (number < self.objects && Self::key(number) == key).then_some(number)
    }

    /// The page after a key.
    pub(crate) fn page(&self, after: Option<&str>, limit: usize) -> Page {
        let from = after.and_then(|key| self.number(key)).map_or(0, |n| n + 1);
        let to = self.objects.min(from + limit as u64);
        let listed = |number| Listed {
            key: Self::key(number),
            bytes: self.stored,
            // As long as an ETag. No object changes.
            tag: format!("{number:032x}"),
        };
        Page {
            objects: (from..to).map(listed).collect(),
            more: to < self.objects,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_order_of_their_numbers() {
        let keys: Vec<String> = (0..10_000).map(World::key).collect();
        assert!(keys.is_sorted());
        assert_eq!(
            keys[121],
            "2020/01/01/01/flow-logs-1-2020-01-01-01-00-30-6c1f0b0a-5d0e-4f7a-9c2b-000000000121"
        );
    }

    #[test]
    fn a_listing_has_every_object_once() {
        let world = World::new(&Scenario::of(2_500));
        let mut keys = Vec::new();
        loop {
            let page = world.page(keys.last().map(String::as_str), 1_000);
            keys.extend(page.objects.into_iter().map(|object| object.key));
            if !page.more {
                break;
            }
        }
        assert_eq!(keys, (0..2_500).map(World::key).collect::<Vec<_>>());
        assert_eq!(world.number(&keys[77]), Some(77));
        assert_eq!(world.number(&World::key(2_500)), None);
    }
}
