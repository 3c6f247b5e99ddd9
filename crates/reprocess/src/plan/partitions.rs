//! The objects of a stash by partition.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use rehose_catalog::KeyTime;
use rehose_store::location::Source;
use rehose_store::{Listed, MAX_PAGE};

use crate::error::{Error, Result};
use crate::exclude::{Exclusion, Exclusions};
use crate::job::{Job, Merge};
use crate::partition::Partition;

/// The most objects that a job can merge, because all of their keys are in memory while it is planned: some
/// hundred megabytes.
const MAX_LISTED: u64 = 2_000_000;

/// The objects of closed partitions, and what is in none.
#[derive(Debug)]
pub(super) struct Partitions {
    pub(super) closed: BTreeMap<Partition, Vec<Listed>>,
    pub(super) left_out: LeftOut,
}

/// Numbers of objects that are in no closed partition.
#[derive(Debug, Clone, Default)]
pub(super) struct LeftOut {
    /// Objects whose keys have no time, or too coarse a one.
    pub(super) unplaced: u64,
    /// Objects of partitions that are not closed yet.
    pub(super) open: u64,
    /// Objects that the job excludes.
    pub(super) excluded: u64,
    /// Those of them that are other logs than the one that is read, by their kind.
    pub(super) other_kinds: BTreeMap<String, u64>,
}

impl LeftOut {
    pub(super) fn count(&self) -> u64 {
        self.excluded + self.unplaced + self.open
    }
}

/// Lists the objects of a job's partitions.
///
/// Keys of other times are passed over. In a stash whose keys begin with an account, each account needs a
/// request or two, and not one for every thousand keys.
///
/// # Errors
///
/// [`Error::Value`] if there are more than [`MAX_LISTED`].
pub(super) async fn list(
    source: &Source,
    job: &Job,
    merge: &Merge,
    exclude: &Exclusions,
    now: Timestamp,
) -> Result<Partitions> {
    let mut closed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut left_out = LeftOut::default();
    let mut listed = 0;
    let mut after: Option<String> = None;
    loop {
        let page = (source.store)
            .list(&job.prefix, after.as_deref(), MAX_PAGE)
            .await?;
        for object in page.objects {
            if after.as_ref().is_some_and(|after| object.key <= *after) {
                continue;
            }
            after = Some(object.key.clone());
            let time = merge.layout.time_in(&object.key);
            if let Some(target) = time.and_then(|time| target(merge, &object.key, time)) {
                after = after.max(Some(target));
                continue;
            }
            listed += 1;
            if let Some(reason) = exclude.reason(&object.key) {
                left_out.excluded += 1;
                if let Exclusion::OtherKind(kind) = reason {
                    *left_out.other_kinds.entry(kind.to_owned()).or_insert(0) += 1;
                }
                continue;
            }
            let partition = time.and_then(|time| Partition::of(merge.per, time.day, time.hour));
            match partition {
                None => left_out.unplaced += 1,
                Some(partition) if !partition.is_closed(merge.lateness(), now) => {
                    left_out.open += 1;
                }
                Some(partition) => closed.entry(partition).or_default().push(object),
            }
        }
        if listed > MAX_LISTED {
            return Err(Error::Value {
                name: "prefix",
                reason: format!(
                    "there are more than {MAX_LISTED} objects under {:?}; merge a shorter time with \
                     from and to",
                    job.prefix
                ),
            });
        }
        if !page.more {
            return Ok(Partitions { closed, left_out });
        }
    }
}

/// Where the listing continues after a key whose time is not wanted. `None` if it is wanted.
fn target(merge: &Merge, key: &str, time: KeyTime) -> Option<String> {
    let begin = Partition::of(merge.per, time.day, time.hour)?.begin();
    let before = key.get(..time.begin)?;
    let is_late = |to: &DateTime| begin >= *to;
    if merge.to.as_ref().is_some_and(is_late) {
        // After all times.
        return Some(format!("{before}{}", char::MAX));
    }
    let from = merge.from.filter(|from| begin < *from)?;
    Some(format!("{before}{}", time.replaced_by(from, &merge.layout)))
}
