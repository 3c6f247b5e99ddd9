//! A stash into which AWS delivers the flow logs of many accounts.
//!
//! Each account has a folder for each day. Its objects of a day are spread evenly over the five minutes for
//! which AWS writes files, and arrive when these are over.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Keys, Numbers};

/// What all keys begin with
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
pub(crate) const PREFIX: &str = "AWSLogs/";

/// AWS writes files every five minutes
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html>).
const SLOT_MINUTES: u64 = 5;
const SLOTS_OF_HOUR: u64 = 60 / SLOT_MINUTES;
const SLOTS: u64 = 24 * SLOTS_OF_HOUR;

/// The keys of the accounts' objects. An object's number counts days, then accounts, then objects of the day.
#[derive(Debug)]
pub(crate) struct Accounts {
    files_per_day: u64,
    accounts: u64,
    /// The days of the stash, as keys have them, and the begin of each.
    days: Vec<(Date, Timestamp)>,
}

/// The place of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    account: u64,
    day: u64,
    /// Among the objects of its account and day, of which there are so many.
    object: u64,
    of: u64,
}

impl Place {
    /// The five minutes of the day for which it was written.
    fn slot(self) -> u64 {
        self.object * SLOTS / self.of
    }
}

impl Accounts {
    /// A stash of so many days.
    pub(crate) fn new(files_per_day: u64, accounts: u64, first: Date, days: i64) -> Self {
        let days = (0..days).filter_map(|number| {
            let day = first.checked_add(number.days()).ok()?;
            let begin = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
            Some((day, begin))
        });
        Self {
            files_per_day,
            accounts,
            days: days.collect(),
        }
    }

    /// How many objects arrive for an hour.
    pub(crate) fn of_hour(&self, begin: DateTime) -> u64 {
        let first = begin.hour() as u64 * SLOTS_OF_HOUR;
        let accounts = (0..self.accounts).map(|account| {
            let of = self.of_account(account);
            before(first + SLOTS_OF_HOUR, of) - before(first, of)
        });
        accounts.sum()
    }

    /// The objects of a day of the accounts before this one.
    fn offset(&self, account: u64) -> u64 {
        self.files_per_day * account / self.accounts
    }

    fn of_account(&self, account: u64) -> u64 {
        self.offset(account + 1) - self.offset(account)
    }

    /// The account of an object, by its number among those of a day.
    fn account(&self, of_day: u64) -> u64 {
        ((of_day + 1) * self.accounts).div_ceil(self.files_per_day) - 1
    }

    fn place(&self, number: u64) -> Place {
        let (day, of_day) = (number / self.files_per_day, number % self.files_per_day);
        let account = self.account(of_day);
        Place {
            account,
            day,
            object: of_day - self.offset(account),
            of: self.of_account(account),
        }
    }

    /// The place of an object, by its number in the order of keys.
    fn in_order(&self, number: u64) -> Place {
        let days = self.days.len() as u64;
        let account = self.account(number / days);
        let (within, of) = (
            number - days * self.offset(account),
            self.of_account(account),
        );
        Place {
            account,
            day: within / of,
            object: within % of,
            of,
        }
    }

    fn number_of(&self, place: Place) -> u64 {
        place.day * self.files_per_day + self.offset(place.account) + place.object
    }

    /// How many objects of a place's account and day there are at a time.
    fn delivered(&self, place: Place, now: Timestamp) -> u64 {
        let Some((_, begin)) = self.days.get(place.day as usize) else {
            return 0;
        };
        let seconds = now.as_second() - begin.as_second();
        let slots = u64::try_from(seconds).unwrap_or(0) / (60 * SLOT_MINUTES);
        before(slots.min(SLOTS), place.of)
    }

    fn key_of(&self, place: Place) -> String {
        let day = (self.days.get(place.day as usize)).map_or(Date::ZERO, |(day, _)| *day);
        let (year, month, day) = (day.year(), day.month(), day.day());
        let account = 100_000_000_000 + place.account;
        let (slot, number) = (place.slot(), self.number_of(place));
        let (hour, minute) = (slot / SLOTS_OF_HOUR, slot % SLOTS_OF_HOUR * SLOT_MINUTES);
        format!(
            "{PREFIX}{account}/vpcflowlogs/eu-west-1/{year}/{month:02}/{day:02}/\
             {account}_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_\
             {year}{month:02}{day:02}T{hour:02}{minute:02}Z_{number:08x}.log.gz"
        )
    }

    /// The number in the order of keys of the first object after a key, which need not be that of an object.
    fn first_after(&self, key: &str) -> u64 {
        let (mut low, mut high) = (0, self.objects());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key_of(self.in_order(middle)).as_str() > key {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        low
    }
}

/// How many of so many objects of a day are of the slots before this one.
fn before(slot: u64, of: u64) -> u64 {
    (slot * of).div_ceil(SLOTS)
}

impl Keys for Accounts {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn objects(&self) -> u64 {
        self.files_per_day * self.days.len() as u64
    }

    fn key(&self, number: u64) -> String {
        self.key_of(self.place(number))
    }

    fn number_in(&self, key: &str) -> Option<u64> {
        let name = key.strip_suffix(".log.gz")?;
        u64::from_str_radix(name.rsplit('_').next()?, 16).ok()
    }

    fn after(&self, key: Option<&str>, limit: usize, now: Timestamp) -> Numbers {
        let mut next = key.map_or(0, |key| self.first_after(key));
        let mut page = Numbers::default();
        while next < self.objects() {
            let place = self.in_order(next);
            if place.object >= self.delivered(place, now) {
                // The rest of the day has not arrived.
                next += place.of - place.object;
                continue;
            }
            if page.numbers.len() == limit {
                page.more = true;
                break;
            }
            page.numbers.push(self.number_of(place));
            next += 1;
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn stash() -> Accounts {
        Accounts::new(10_007, 7, date(2026, 11, 24), 3)
    }

    fn at(day: i8, hour: i8, minute: i8) -> Timestamp {
        let time = date(2026, 11, day).at(hour, minute, 0, 0);
        time.to_zoned(TimeZone::UTC).unwrap().timestamp()
    }

    fn listed(stash: &Accounts, now: Timestamp) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        loop {
            let page = stash.after(keys.last().map(String::as_str), 1_000, now);
            keys.extend(page.numbers.into_iter().map(|number| stash.key(number)));
            if !page.more {
                return keys;
            }
        }
    }

    #[test]
    fn keys_are_those_of_aws() {
        assert_eq!(
            stash().key(1_429 + 200),
            "AWSLogs/100000000001/vpcflowlogs/eu-west-1/2026/11/24/\
             100000000001_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20261124T0320Z_0000065d.log.gz"
        );
    }

    #[test]
    fn a_listing_has_every_object_once_in_order() {
        let stash = stash();
        let keys = listed(&stash, at(27, 0, 0));
        assert!(keys.is_sorted_by(|one, next| one < next));
        let mut numbers: Vec<u64> = keys.iter().map(|key| stash.number(key).unwrap()).collect();
        numbers.sort();
        assert_eq!(numbers, (0..30_021).collect::<Vec<_>>());
        assert_eq!(stash.number(&stash.key(30_021)), None);
    }

    #[test]
    fn an_object_arrives_when_its_five_minutes_are_over() {
        let stash = stash();
        let of_first_hour = stash.of_hour(date(2026, 11, 26).at(0, 0, 0, 0));
        let day_before = listed(&stash, at(26, 0, 4)).len() as u64;
        assert_eq!(day_before, 20_014);
        let after = listed(&stash, at(26, 1, 4));
        assert_eq!(after.len() as u64, day_before + of_first_hour);
        assert!(after.iter().any(|key| key.contains("_20261126T0055Z_")));
    }

    #[test]
    fn a_listing_begins_after_a_key_that_does_not_exist() {
        let stash = stash();
        let first = |key: &str| {
            let page = stash.after(Some(key), 1, at(27, 0, 0));
            stash.key(page.numbers[0])
        };
        let folder = "AWSLogs/100000000003/vpcflowlogs/eu-west-1/2026/11/25";
        assert!(first(folder).starts_with(folder));
        let beyond = format!("AWSLogs/100000000003/vpcflowlogs/eu-west-1/{}", char::MAX);
        assert!(first(&beyond).starts_with("AWSLogs/100000000004/"));
    }
}
