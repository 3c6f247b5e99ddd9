//! The manifest: what a job has planned, a slice for each page of the listing.

use serde::{Deserialize, Serialize};

use crate::task::{Object, TaskId};

/// What became of one page of the listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Its number, from 0.
    pub slice: u32,
    /// Objects listed.
    pub listed: u64,
    /// Of them left out by a pattern.
    pub excluded: u64,
    /// Of them left out because their output was there.
    pub present: u64,
    /// The last key listed.
    pub last: Option<String>,
    /// Whether another slice follows.
    pub more: bool,
    /// The tasks, by their objects.
    pub tasks: Vec<Vec<Object>>,
}

impl Slice {
    /// The tasks with their names.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskId, &[Object])> {
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
