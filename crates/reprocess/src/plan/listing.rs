//! The pages of a listing as slices of the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use rehose_store::location::Source;
use rehose_store::{Listed, MAX_PAGE, Store, StoreErrorKind};

use super::planner::Cursor;
use crate::error::Result;
use crate::exclude::{Exclusion, Exclusions};
use crate::job::{Job, Mode};
use crate::ledger::manifest::Slice;
use crate::ledger::{OutputId, Version};
use crate::task::{self, PlannedObject};

/// Concurrent `HEAD` requests to the output.
const HEADS: usize = 64;

/// A job's listing, which becomes slices page by page.
pub(super) struct Listing<'a> {
    pub(super) source: &'a Source,
    pub(super) job: &'a Job,
    pub(super) exclude: &'a Exclusions,
    pub(super) output: Arc<dyn Store>,
    /// The most keys of a page.
    pub(super) limit: usize,
}

impl Listing<'_> {
    /// Lists a page and makes a slice of it.
    pub(super) async fn slice(&self, cursor: &Cursor) -> Result<Slice> {
        let Self { source, job, .. } = self;
        let limit = self.limit.clamp(1, MAX_PAGE);
        let page = (source.store)
            .list(&job.prefix, cursor.after.as_deref(), limit)
            .await?;
        let listed = page.objects.len() as u64;
        let last = page.objects.last().map(|object| object.key.clone());
        let mut wanted = Vec::with_capacity(page.objects.len());
        let (mut error_records, mut other_kinds) = (BTreeMap::new(), BTreeMap::new());
        for object in page.objects {
            match self.exclude.reason(&object.key) {
                None => wanted.push(object),
                Some(Exclusion::ErrorRecords(prefix)) => {
                    *error_records.entry(prefix.to_owned()).or_insert(0) += 1;
                }
                Some(Exclusion::OtherKind(kind)) => {
                    *other_kinds.entry(kind.to_owned()).or_insert(0) += 1;
                }
                Some(Exclusion::Other) => {}
            }
        }
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
            error_records,
            other_kinds,
            present: listed - excluded - wanted.len() as u64,
            last: last.or_else(|| cursor.after.clone()),
            more: page.more,
            tasks: task::divide(wanted.into_iter().map(PlannedObject::from)),
            merge: None,
            digest: None,
        })
    }

    /// The objects without an output, and those that are newer than theirs.
    async fn missing(&self, objects: Vec<Listed>) -> Result<Vec<Listed>> {
        let options = &self.job.options;
        let (format, kind) = (options.format_name(), options.to.unwrap_or_default());
        futures::stream::iter(objects)
            .map(async |object| {
                let rows = OutputId::of_object(&object.key, format, kind).rows_key();
                let found = match self.output.head(&rows).await {
                    // No output can have this key. The object is planned, and its receipt says so.
                    Err(error) if error.kind == StoreErrorKind::InvalidKey => None,
                    found => found?,
                };
                let is_present = found.is_some_and(|rows| rows.modified >= object.modified);
                Ok((!is_present).then_some(object))
            })
            .buffered(HEADS)
            .try_filter_map(async |object| Ok(object))
            .try_collect()
            .await
    }
}
