//! Planning a digest: the objects in which records of its window may be.
//!
//! Each slice of the plan has the next objects in the order of their keys. A last slice has the task that folds
//! the parts of all others. An object that arrives after its slice was stored is in none, and makes the digest
//! stale.

use std::collections::BTreeMap;

use rehose_store::Listed;
use rehose_store::location::Source;

use super::partitions::LeftOut;
use super::planner::Cursor;
use super::timed::Timed;
use crate::digest::Changes;
use crate::error::Result;
use crate::exclude::Exclusions;
use crate::job::Digest;
use crate::ledger::manifest::{Slice, SliceOfDigest};
use crate::ledger::{Ledger, Version};
use crate::task::{self, PlannedObject};

/// The most objects of a slice, so that no document is too large: with the longest keys, it has 22 MB.
const MAX_OBJECTS: usize = 20_000;

/// The most requests for a slice, so that it is stored in time.
const MAX_REQUESTS: usize = 64;

/// The most objects of a task. It has a receipt with all of them.
const MAX_TASK_OBJECTS: usize = 8_192;

/// The objects of a digest.
pub(crate) struct Window<'a> {
    pub(crate) source: &'a Source,
    pub(crate) prefix: &'a str,
    pub(crate) digest: &'a Digest,
    pub(crate) exclude: &'a Exclusions,
    /// The most objects of a slice.
    pub(crate) limit: usize,
}

/// Objects in the order of their keys.
struct Found {
    objects: Vec<Listed>,
    left_out: LeftOut,
    after: Option<String>,
    more: bool,
}

impl Window<'_> {
    /// The next slice: of objects after the cursor, or the last one if there are none.
    pub(super) async fn slice(&self, cursor: &Cursor) -> Result<Slice> {
        let found = self.find(cursor.after.as_deref()).await?;
        let left_out = found.left_out.count();
        let is_last = !found.more && found.objects.is_empty() && left_out == 0;
        let listed = found.objects.len() as u64 + left_out;
        let planned = found.objects.into_iter().map(PlannedObject::tagged);
        Ok(Slice {
            v: Version,
            slice: cursor.slice,
            listed,
            excluded: left_out,
            error_records: BTreeMap::new(),
            other_kinds: found.left_out.other_kinds,
            present: 0,
            last: found.after,
            more: !is_last,
            tasks: match is_last {
                true => vec![Vec::new()],
                false => task::divide_by(planned, MAX_TASK_OBJECTS, task::MAX_BYTES),
            },
            merge: None,
            digest: Some(match is_last {
                true => SliceOfDigest::Fold,
                false => SliceOfDigest::Parts {
                    unplaced: found.left_out.unplaced,
                },
            }),
        })
    }

    /// Finds objects after a key: as many as fit a slice.
    async fn find(&self, after: Option<&str>) -> Result<Found> {
        let (from, to) = self.digest.hours();
        let timed = Timed {
            source: self.source,
            prefix: self.prefix,
            layout: &self.digest.layout,
            per: None,
            from: Some(from),
            to: Some(to),
        };
        let mut found = Found {
            objects: Vec::new(),
            left_out: LeftOut::default(),
            after: after.map(str::to_owned),
            more: true,
        };
        let limit = self.limit.clamp(1, MAX_OBJECTS);
        for _ in 0..MAX_REQUESTS {
            let page = timed.page(found.after.as_deref()).await?;
            found.after = page.after;
            found.more = page.more;
            for (object, partition) in page.objects {
                if found.objects.len() == limit {
                    // The next slice begins after the last object of this one.
                    found.after = found.objects.last().map(|object| object.key.clone());
                    found.more = true;
                    return Ok(found);
                }
                if let Some(reason) = self.exclude.reason(&object.key) {
                    found.left_out.exclude(reason);
                } else if partition.is_none() {
                    found.left_out.unplaced += 1;
                } else if !self.digest.scope.may_have(&object.key) {
                    found.left_out.excluded += 1;
                } else {
                    found.objects.push(object);
                }
            }
            if !page.more {
                break;
            }
        }
        Ok(found)
    }

    /// Compares the objects that there are with those of a job's plan.
    pub(crate) async fn changes(&self, ledger: &Ledger) -> Result<Changes> {
        let mut changes = Changes::default();
        let mut planned: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut slices = Some(0);
        let mut after: Option<String> = None;
        loop {
            let found = self.find(after.as_deref()).await?;
            let last = found.objects.last().map(|object| object.key.clone());
            // Both are in the order of their keys, so no more than a few slices are in memory.
            while let Some(number) = slices
                && (!found.more || planned.last_key_value().map(|(key, _)| key) < last.as_ref())
            {
                let slice = ledger.require_slice(number).await?;
                let objects = slice.tasks.into_iter().flatten();
                planned.extend(objects.map(|object| (object.key, object.tag)));
                slices = slice.more.then_some(number + 1);
            }
            for object in found.objects {
                match planned.remove(&object.key) {
                    None => changes.arrived += 1,
                    Some(tag) => changes.changed += u64::from(tag != Some(object.tag)),
                }
            }
            if !found.more {
                changes.gone = planned.len() as u64;
                return Ok(changes);
            }
            let rest = planned.split_off(found.after.as_deref().unwrap_or_default());
            changes.gone += std::mem::replace(&mut planned, rest).len() as u64;
            after = found.after;
        }
    }
}
