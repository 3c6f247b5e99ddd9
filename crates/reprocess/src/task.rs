//! A task: a few objects that one message names.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use rehose_store::Listed;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::job::JobId;
use crate::ledger::Version;

/// The most objects of a task: enough to have many in flight at once. A task starts over after a
/// fault, so this bounds the lost work.
pub const MAX_OBJECTS: usize = 256;

/// The most source bytes of a task of several objects, so that a function is done with it in time.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The place of a task in its job's manifest. It also names the task's receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// The slice of the manifest.
    pub slice: u32,
    /// The index of the task in the slice.
    pub task: u32,
    /// The index of the only object, for a task that was resent object by object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<u32>,
}

impl TaskId {
    /// One object of this task.
    pub fn of_object(self, object: usize) -> Self {
        Self {
            object: Some(object as u32),
            ..self
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slice, task, .. } = self;
        match self.object {
            None => write!(f, "{slice:08}-{task:04}"),
            Some(object) => write!(f, "{slice:08}-{task:04}.{object:02}"),
        }
    }
}

impl FromStr for TaskId {
    type Err = ParseIntError;

    fn from_str(name: &str) -> Result<Self, ParseIntError> {
        let (slice, rest) = name.split_once('-').unwrap_or((name, ""));
        let (task, object) = match rest.split_once('.') {
            Some((task, object)) => (task, Some(object.parse()?)),
            None => (rest, None),
        };
        Ok(Self {
            slice: slice.parse()?,
            task: task.parse()?,
            object,
        })
    }
}

/// An object that a job has planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedObject {
    /// Its key in the source.
    pub key: String,
    /// Its size when it was listed.
    pub bytes: u64,
}

impl From<Listed> for PlannedObject {
    fn from(listed: Listed) -> Self {
        Self {
            key: listed.key,
            bytes: listed.bytes,
        }
    }
}

/// The message of a task. It only names the task; objects and options come from the plan. A forged
/// message can therefore repeat planned work, and do nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskMessage {
    /// The version of the message.
    #[serde(default)]
    pub v: Version,
    /// The job.
    pub job: JobId,
    /// The task.
    pub task: TaskId,
}

impl TaskMessage {
    /// The message of a task.
    pub fn new(job: &JobId, task: TaskId) -> Self {
        Self {
            v: Version,
            job: job.clone(),
            task,
        }
    }

    /// The body of the message.
    pub fn to_body(&self) -> String {
        json!(self).to_string()
    }
}

/// Divides objects into tasks, in their order.
pub fn divide(objects: impl IntoIterator<Item = PlannedObject>) -> Vec<Vec<PlannedObject>> {
    let mut tasks: Vec<Vec<PlannedObject>> = Vec::new();
    let mut bytes = 0;
    for object in objects {
        let size = object.bytes;
        match tasks.last_mut() {
            Some(task) if task.len() < MAX_OBJECTS && bytes + size <= MAX_BYTES => {
                bytes += size;
                task.push(object);
            }
            _ => {
                bytes = size;
                tasks.push(vec![object]);
            }
        }
    }
    tasks
}
