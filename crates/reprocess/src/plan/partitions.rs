//! The objects of a stash by partition.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rehose_store::Listed;
use rehose_store::location::Source;

use super::timed::Timed;
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

    pub(super) fn exclude(&mut self, reason: Exclusion) {
        self.excluded += 1;
        if let Exclusion::OtherKind(kind) = reason {
            *self.other_kinds.entry(kind.to_owned()).or_insert(0) += 1;
        }
    }
}

/// Lists the objects of a job's partitions.
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
    let timed = Timed {
        source,
        prefix: &job.prefix,
        layout: &merge.layout,
        per: Some(merge.per),
        from: merge.from,
        to: merge.to,
    };
    let mut closed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut left_out = LeftOut::default();
    let mut listed = 0;
    let mut after: Option<String> = None;
    loop {
        let page = timed.page(after.as_deref()).await?;
        listed += page.objects.len() as u64;
        for (object, partition) in page.objects {
            if let Some(reason) = exclude.reason(&object.key) {
                left_out.exclude(reason);
                continue;
            }
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
        after = page.after;
    }
}
