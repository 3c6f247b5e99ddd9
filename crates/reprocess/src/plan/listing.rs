//! A page of the listing as a slice of the plan.

use futures::{StreamExt, TryStreamExt};
use rehose_store::location::Source;
use rehose_store::{Listed, MAX_PAGE, Store, StoreErrorKind};

use super::planner::Cursor;
use crate::error::Result;
use crate::exclude::Exclusions;
use crate::job::{Job, Mode};
use crate::ledger::manifest::Slice;
use crate::ledger::{OutputId, Version};
use crate::task;

/// Requests under way at once while a page is compared with the output.
const HEADS: usize = 64;

/// What a page of the listing is made of.
pub(super) struct Page<'a> {
    pub(super) source: &'a Source,
    pub(super) job: &'a Job,
    pub(super) exclude: &'a Exclusions,
    pub(super) output: &'a dyn Store,
    /// The most keys.
    pub(super) limit: usize,
}

impl Page<'_> {
    /// Lists a page and makes a slice of it.
    pub(super) async fn slice(&self, cursor: Cursor) -> Result<Slice> {
        let Self { source, job, .. } = self;
        let limit = self.limit.clamp(1, MAX_PAGE);
        let page = (source.store)
            .list(&job.prefix, cursor.after.as_deref(), limit)
            .await?;
        let listed = page.objects.len() as u64;
        let last = page.objects.last().map(|object| object.key.clone());
        let wanted: Vec<Listed> = (page.objects.into_iter())
            .filter(|object| !self.exclude.contains(&object.key))
            .collect();
        let excluded = listed - wanted.len() as u64;
        let wanted = match job.mode {
            Mode::All => wanted,
            Mode::Missing => self.missing(wanted).await?,
        };
        Ok(Slice {
            v: Version,
            slice: cursor.slice,
            listed,
            excluded,
            present: listed - excluded - wanted.len() as u64,
            last: last.or(cursor.after),
            more: page.more,
            tasks: task::divide(wanted),
        })
    }

    /// Those of the objects whose output is not there.
    async fn missing(&self, objects: Vec<Listed>) -> Result<Vec<Listed>> {
        futures::stream::iter(objects)
            .map(async |object| {
                let there = match self
                    .output
                    .head(&OutputId::of_object(&object.key).rows_key())
                    .await
                {
                    // It has none, and never will: that is for its receipt to say.
                    Err(error) if error.kind == StoreErrorKind::InvalidKey => None,
                    there => there?,
                };
                Ok(there.is_none().then_some(object))
            })
            .buffered(HEADS)
            .try_filter_map(async |object| Ok(object))
            .try_collect()
            .await
    }
}
