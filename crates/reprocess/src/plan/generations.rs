//! Planning a merge: the new objects of each partition become a generation.
//!
//! For each partition, in order:
//!
//! 1. The plans of its generations say which objects are in one.
//! 2. A generation without a marker is planned again, because the job that planned it may be dead. Its
//!    tasks are those of the stored plan. So is one that another job plans or publishes meanwhile.
//! 3. Objects in no generation become the next one. So do objects that are in no file because they failed
//!    or were lost, once they have changed.
//!
//! Each generation is a slice of the job's plan. A last slice without tasks ends the plan.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream, try_join};
use jiff::{SignedDuration, Timestamp};
use rehose_store::{Listed, Store};

use super::partitions::{LeftOut, Partitions};
use super::planner::Cursor;
use crate::error::Result;
use crate::job::Merge;
use crate::ledger::Version;
use crate::ledger::generation::{Generation, GenerationId, GenerationState, Generations};
use crate::ledger::manifest::{Rest, Slice, SliceOfMerge};
use crate::partition::Partition;
use crate::task::{self, PlannedObject};

/// The most objects of a generation. More become the next one, so that no document is too large: with the
/// longest keys, it has 22 MB.
const MAX_OBJECTS: usize = 20_000;

/// The most objects of a task. It has a receipt with all of them.
const MAX_TASK_OBJECTS: usize = 8_192;

/// The most keys of changed objects that a slice names.
const MAX_REPLACED: usize = 100;

/// How long after it has closed a partition is overdue, if nothing of it is published.
const OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// Concurrent reads of generations.
const READS: usize = 16;

/// The generations of the partitions of a job.
pub(super) struct Planning<'a> {
    merge: &'a Merge,
    partitions: Partitions,
    started: Timestamp,
    generations: Generations,
}

/// What has been found since the last slice in partitions that the job sees for the first time.
#[derive(Default)]
struct Found {
    present: u64,
    missing: u64,
    overdue: u64,
    replaced: Vec<String>,
}

/// An object of a generation.
struct Known {
    tag: Option<String>,
    is_published: bool,
    /// Whether it is in no file of its published generation.
    is_missing: bool,
}

impl<'a> Planning<'a> {
    pub(super) fn new(
        merge: &'a Merge,
        partitions: Partitions,
        started: Timestamp,
        output: Arc<dyn Store>,
    ) -> Self {
        Self {
            merge,
            partitions,
            started,
            generations: Generations::new(output),
        }
    }

    /// Makes the next slice: the first generation with work after that of the cursor.
    pub(super) async fn slice(&self, cursor: &Cursor) -> Result<Slice> {
        let after = cursor
            .after
            .as_deref()
            .map(str::parse::<GenerationId>)
            .transpose()?;
        let mut found = Found::default();
        for (partition, objects) in &self.partitions.closed {
            let planned = match after {
                Some(after) if *partition < after.partition => continue,
                Some(after) if *partition == after.partition => after.generation,
                _ => 0,
            };
            let before = cursor.rest.as_ref().filter(|_| planned > 0);
            let next = self.next(*partition, objects, (planned, before), &mut found);
            if let Some(next) = next.await? {
                return Ok(self.slice_of(cursor, Some(next), found));
            }
        }
        Ok(self.slice_of(cursor, None, found))
    }

    /// The next generation of a partition with work, after the `planned` one of this job, and which ones follow.
    async fn next(
        &self,
        partition: Partition,
        objects: &[Listed],
        (planned, rest): (u32, Option<&Rest>),
        found: &mut Found,
    ) -> Result<Option<(Generation, Rest)>> {
        let states = self.generations.of_partition(partition).await?;
        let known = self.known(&states).await?;
        let is_first = planned == 0;
        if is_first && self.is_overdue(partition, &states) {
            found.overdue += 1;
        }
        let mut new = Vec::new();
        for object in objects {
            let Some(known) = known.get(&object.key) else {
                new.push(object.clone());
                continue;
            };
            let has_changed = known.tag.as_ref().is_some_and(|tag| *tag != object.tag);
            match (known.is_missing, has_changed) {
                (true, true) => new.push(object.clone()),
                // It is an object of that generation's slice.
                _ if !known.is_published || !is_first => {}
                (is_missing, has_changed) => {
                    found.present += 1;
                    found.missing += u64::from(is_missing);
                    if has_changed && found.replaced.len() < MAX_REPLACED {
                        found.replaced.push(object.key.clone());
                    }
                }
            }
        }
        let rest = rest.cloned().unwrap_or_else(|| rest_of(&states));
        let ids = states.iter().map(|state| state.id);
        let mut left = ids.filter(|id| id.generation > planned && rest.has(id.generation));
        if let Some(left) = left.next() {
            let generation = self.generations.require(left).await?;
            return Ok(Some((generation, rest)));
        }
        if new.is_empty() {
            return Ok(None);
        }
        new.truncate(MAX_OBJECTS);
        let generation = Generation {
            v: Version,
            id: GenerationId {
                partition,
                generation: last_of(&states) + 1,
            },
            tasks: task::divide_by(
                new.into_iter().map(PlannedObject::tagged),
                MAX_TASK_OBJECTS,
                self.merge.target_bytes,
            ),
        };
        let generation = self.generations.plan(generation).await?;
        Ok(Some((generation, rest)))
    }

    fn is_overdue(&self, partition: Partition, states: &[GenerationState]) -> bool {
        let patience = self.merge.lateness() + OVERDUE;
        partition.is_closed(patience, self.started)
            && !states.iter().any(|state| state.is_published)
    }

    /// The objects of these generations, by key. Of an object in several, the last counts.
    async fn known(&self, states: &[GenerationState]) -> Result<HashMap<String, Known>> {
        let read = async |state: &GenerationState| -> Result<_> {
            let plan = self.generations.require(state.id);
            let decision = async {
                match state.is_published {
                    true => self.generations.decision(state.id).await,
                    false => Ok(None),
                }
            };
            let (plan, decision) = try_join!(plan, decision)?;
            let missing = decision.map(|decision| decision.missing);
            Ok((plan, state.is_published, missing.unwrap_or_default()))
        };
        let mut read = stream::iter(states).map(read).buffered(READS);
        let mut known = HashMap::new();
        while let Some((plan, is_published, missing)) = read.try_next().await? {
            let missing: HashSet<String> = missing.into_iter().collect();
            for object in plan.tasks.into_iter().flatten() {
                let state = Known {
                    tag: object.tag,
                    is_published,
                    is_missing: missing.contains(&object.key),
                };
                known.insert(object.key, state);
            }
        }
        Ok(known)
    }

    fn slice_of(&self, cursor: &Cursor, next: Option<(Generation, Rest)>, found: Found) -> Slice {
        let (generation, rest) = next.unzip();
        let id = generation.as_ref().map(|generation| generation.id);
        let tasks = generation
            .map(|generation| generation.tasks)
            .unwrap_or_default();
        let planned = tasks.iter().map(Vec::len).sum::<usize>() as u64;
        // What is in no closed partition is counted by the last slice.
        let left_out = match id {
            Some(_) => LeftOut::default(),
            None => self.partitions.left_out.clone(),
        };
        Slice {
            v: Version,
            slice: cursor.slice,
            listed: planned + found.present + left_out.count(),
            excluded: left_out.count(),
            error_records: BTreeMap::new(),
            other_kinds: left_out.other_kinds,
            present: found.present,
            last: id.map(|id| id.to_string()),
            more: id.is_some(),
            tasks,
            merge: Some(SliceOfMerge {
                generation: id,
                unplaced: left_out.unplaced,
                open: left_out.open,
                missing: found.missing,
                overdue: found.overdue,
                replaced: found.replaced,
                rest,
            }),
            digest: None,
        }
    }
}

/// The generations of a partition that are a job's when it looks at it for the first time.
fn rest_of(states: &[GenerationState]) -> Rest {
    let left = states.iter().filter(|state| !state.is_published);
    Rest {
        left: left.map(|state| state.id.generation).collect(),
        last: last_of(states),
    }
}

fn last_of(states: &[GenerationState]) -> u32 {
    states.last().map_or(0, |state| state.id.generation)
}
