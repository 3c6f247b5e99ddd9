//! The manifest: the plan of a job, with a slice for each page of the listing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Version;
use super::generation::GenerationId;
use crate::task::{self, PlannedObject, TaskId};

/// The tasks of one page of the listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// Its number, from 0.
    pub slice: u32,
    /// Objects listed.
    pub listed: u64,
    /// Listed objects that are left out, by a pattern or by the choice of error records.
    pub excluded: u64,
    /// Those of them that are under an error prefix, by prefix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_records: BTreeMap<String, u64>,
    /// Those of them that are other logs than the one that is read, by their kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_kinds: BTreeMap<String, u64>,
    /// Listed objects that are left out because they have an output.
    pub present: u64,
    /// The last key listed.
    pub last: Option<String>,
    /// Whether another slice follows.
    pub more: bool,
    /// The objects of each task.
    pub tasks: Vec<Vec<PlannedObject>>,
    /// For a job that merges, what the slice is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<SliceOfMerge>,
    /// For a job that makes a digest, what the slice is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<SliceOfDigest>,
}

/// What a slice of a job that merges is: a generation, or without one the end of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceOfMerge {
    /// The generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<GenerationId>,
    /// Objects that are left out because their keys have no time.
    pub unplaced: u64,
    /// Objects that are left out because their partition may still get others.
    pub open: u64,
    /// Objects that are present but in no file, as an earlier job could not read them, and that have not
    /// changed since.
    pub missing: u64,
    /// Partitions that had closed more than an hour before the job was started, and of which nothing was
    /// published.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub overdue: u64,
    /// The first objects that have changed since they were merged. Their rows are those of before.
    pub replaced: Vec<String>,
    /// The generations of the same partition that are of this job, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
}

/// The generations of a partition whose objects are those of a job: what another job publishes meanwhile stays the
/// job's, so that it accounts for each object that it has listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rest {
    /// Those that were not published when the job looked at the partition for the first time.
    pub left: Vec<u32>,
    /// The last generation that there was. All later ones are the job's.
    pub last: u32,
}

impl Rest {
    /// Whether a generation is one of these.
    pub(crate) fn has(&self, generation: u32) -> bool {
        generation > self.last || self.left.contains(&generation)
    }
}

/// What a slice of a job that makes a digest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SliceOfDigest {
    /// Each of its tasks makes a part.
    Parts {
        /// Objects that are left out because their keys have no time.
        unplaced: u64,
    },
    /// The last slice. Its only task has no objects, and folds the parts of all slices before.
    Fold,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Slice {
    /// The generation, if the slice is one.
    pub fn generation(&self) -> Option<GenerationId> {
        self.merge.as_ref()?.generation
    }

    /// Whether each task makes a file of all its objects.
    pub(crate) fn makes_files(&self) -> bool {
        self.generation().is_some() || self.digest.is_some()
    }

    /// The task that folds the parts of a digest, if the slice is that of this task.
    pub(crate) fn fold(&self) -> Option<TaskId> {
        let is_fold = self.digest == Some(SliceOfDigest::Fold);
        is_fold.then(|| TaskId::new(self.slice, 0))
    }

    /// The objects of a task, if it is in this slice.
    pub fn objects(&self, task: TaskId) -> Option<&[PlannedObject]> {
        if task.slice != self.slice {
            return None;
        }
        let objects = self.tasks.get(usize::try_from(task.task).ok()?)?;
        match task.part() {
            None => Some(objects),
            Some(part) => {
                let is_planned = match self.makes_files() {
                    false => part.len() == 1,
                    true => task::is_part(&part, objects.len()),
                };
                objects.get(part).filter(|_| is_planned)
            }
        }
    }

    /// How often its largest task must be halved until each object is alone. Only tasks that make a file are.
    pub(crate) fn halvings(&self) -> u32 {
        let largest = self.tasks.iter().map(Vec::len).max();
        let largest = largest.filter(|_| self.makes_files());
        let whole = largest.unwrap_or_default().saturating_sub(1);
        usize::BITS - whole.leading_zeros()
    }

    /// The tasks with their ids.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskId, &[PlannedObject])> {
        self.tasks.iter().enumerate().map(|(task, objects)| {
            let id = TaskId::new(self.slice, task as u32);
            (id, objects.as_slice())
        })
    }
}
