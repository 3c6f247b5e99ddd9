//! The manifest: the plan of a job, with a slice for each page of the listing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Version;
use crate::task::{PlannedObject, TaskId};

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
    /// Listed objects that are left out because they have an output.
    pub present: u64,
    /// The last key listed.
    pub last: Option<String>,
    /// Whether another slice follows.
    pub more: bool,
    /// The objects of each task.
    pub tasks: Vec<Vec<PlannedObject>>,
}

impl Slice {
    /// The objects of a task, if it is in this slice.
    pub fn objects(&self, task: TaskId) -> Option<&[PlannedObject]> {
        if task.slice != self.slice {
            return None;
        }
        let objects = self.tasks.get(usize::try_from(task.task).ok()?)?;
        match task.object {
            None => Some(objects),
            Some(object) => {
                let object = objects.get(usize::try_from(object).ok()?)?;
                Some(std::slice::from_ref(object))
            }
        }
    }

    /// The tasks with their ids.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskId, &[PlannedObject])> {
        self.tasks.iter().enumerate().map(|(task, objects)| {
            let id = TaskId {
                slice: self.slice,
                task: task as u32,
                object: None,
            };
            (id, objects.as_slice())
        })
    }
}
