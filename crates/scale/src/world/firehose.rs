//! A stash as Firehose writes it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Keys, Numbers};

/// Objects of an hour: one a minute from each of two log groups, as Firehose writes them.
const PER_HOUR: u64 = 120;

/// The first hour, 2020-01-01T00:00Z, in seconds since 1970.
const FIRST: i64 = 1_577_836_800;

/// The keys of objects that are all there from the beginning.
#[derive(Debug)]
pub(crate) struct Firehose {
    pub(crate) objects: u64,
}

impl Keys for Firehose {
    fn prefix(&self) -> &'static str {
        ""
    }

    fn objects(&self) -> u64 {
        self.objects
    }

    /// The key of an object, as long as those of Firehose. Numbers and keys have the same order.
    fn key(&self, number: u64) -> String {
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

    fn number_in(&self, key: &str) -> Option<u64> {
        key.rsplit('-').next()?.parse().ok()
    }

    fn after(&self, key: Option<&str>, limit: usize, _: Timestamp) -> Numbers {
        let from = key.and_then(|key| self.number(key)).map_or(0, |n| n + 1);
        let to = self.objects.min(from + limit as u64);
        Numbers {
            numbers: (from..to).collect(),
            more: to < self.objects,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_order_of_their_numbers() {
        let stash = Firehose { objects: 10_000 };
        let keys: Vec<String> = (0..10_000).map(|number| stash.key(number)).collect();
        assert!(keys.is_sorted());
        assert_eq!(
            keys[121],
            "2020/01/01/01/flow-logs-1-2020-01-01-01-00-30-6c1f0b0a-5d0e-4f7a-9c2b-000000000121"
        );
    }

    #[test]
    fn a_listing_has_every_object_once() {
        let stash = Firehose { objects: 2_500 };
        let mut listed: Vec<u64> = Vec::new();
        loop {
            let last = listed.last().map(|number| stash.key(*number));
            let page = stash.after(last.as_deref(), 1_000, Timestamp::UNIX_EPOCH);
            listed.extend(page.numbers);
            if !page.more {
                break;
            }
        }
        assert_eq!(listed, (0..2_500).collect::<Vec<_>>());
        assert_eq!(stash.number(&stash.key(77)), Some(77));
        assert_eq!(stash.number(&stash.key(2_500)), None);
    }
}
