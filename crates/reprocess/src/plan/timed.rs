//! A listing of the objects of a time.
//!
//! Keys of other times are passed over. In a stash whose keys begin with an account, each account needs a
//! request or two, and not one for every thousand keys.

use jiff::civil::DateTime;
use rehose_catalog::{KeyTime, Layout};
use rehose_store::location::Source;
use rehose_store::{Listed, MAX_PAGE};

use crate::error::Result;
use crate::partition::{Partition, Per};

/// The objects under a prefix whose keys have a time between two others, or none.
pub(super) struct Timed<'a> {
    pub(super) source: &'a Source,
    pub(super) prefix: &'a str,
    pub(super) layout: &'a Layout,
    /// The partition of a key. `None` for the hour if it has one, and else the day.
    pub(super) per: Option<Per>,
    /// The begin of the first partition, or with `per: None` the time after which the first one ends.
    pub(super) from: Option<DateTime>,
    /// The time before which the last one begins.
    pub(super) to: Option<DateTime>,
}

/// A page of such a listing.
pub(super) struct TimedPage {
    /// The objects, each with its partition if its key has one.
    pub(super) objects: Vec<(Listed, Option<Partition>)>,
    /// The key after which the next page begins.
    pub(super) after: Option<String>,
    pub(super) more: bool,
}

impl Timed<'_> {
    /// Lists what comes after a key, with one request.
    pub(super) async fn page(&self, after: Option<&str>) -> Result<TimedPage> {
        let page = self.source.store.list(self.prefix, after, MAX_PAGE).await?;
        let mut objects = Vec::with_capacity(page.objects.len());
        let mut after = after.map(str::to_owned);
        for object in page.objects {
            if after.as_ref().is_some_and(|after| object.key <= *after) {
                continue;
            }
            after = Some(object.key.clone());
            let time = self.layout.time_in(&object.key);
            let partition = time.and_then(|time| self.partition(time));
            let target = time.zip(partition);
            match target.and_then(|(time, partition)| self.target(&object.key, time, partition)) {
                Some(target) => after = after.max(Some(target)),
                None => objects.push((object, partition)),
            }
        }
        Ok(TimedPage {
            objects,
            after,
            more: page.more,
        })
    }

    fn partition(&self, time: KeyTime) -> Option<Partition> {
        let partition = |per| Partition::of(per, time.day, time.hour);
        match self.per {
            Some(per) => partition(per),
            None => partition(Per::Hour).or_else(|| partition(Per::Day)),
        }
    }

    /// Where the listing continues after a key whose time is not wanted. `None` if it is wanted.
    fn target(&self, key: &str, time: KeyTime, partition: Partition) -> Option<String> {
        let before = key.get(..time.begin)?;
        if self.to.is_some_and(|to| partition.begin() >= to) {
            // After all times.
            return Some(format!("{before}{}", char::MAX));
        }
        let is_early = |from: &DateTime| match self.per {
            Some(_) => partition.begin() < *from,
            None => partition.end() <= *from,
        };
        let from = self.from.filter(is_early)?;
        Some(format!("{before}{}", time.replaced_by(from, self.layout)))
    }
}
