//! A task: a few objects that one message names.

use std::fmt;
use std::num::ParseIntError;
use std::ops::Range;
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
    /// The index of the only object, or of the first one, of a part of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<u32>,
    /// The index after the last object of a part, if it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u32>,
}

impl TaskId {
    /// The whole task.
    pub fn new(slice: u32, task: u32) -> Self {
        Self {
            slice,
            task,
            object: None,
            until: None,
        }
    }

    /// One object of this task.
    pub fn of_object(self, object: usize) -> Self {
        self.of_part(object..object + 1)
    }

    /// A part of this task.
    pub fn of_part(self, objects: Range<usize>) -> Self {
        Self {
            object: Some(objects.start as u32),
            until: (objects.len() > 1).then_some(objects.end as u32),
            ..self
        }
    }

    /// The objects of a part, by index. `None` is the whole task.
    pub fn part(self) -> Option<Range<usize>> {
        let begin = self.object?;
        let end = self.until.unwrap_or(begin.saturating_add(1));
        Some(begin as usize..end as usize)
    }
}

/// The two halves of a part. One object has none.
pub fn halves(part: &Range<usize>) -> Option<[Range<usize>; 2]> {
    let middle = part.start + part.len() / 2;
    (part.len() > 1).then_some([part.start..middle, middle..part.end])
}

/// Whether a part comes from halving a task of this many objects. A task of one object is its own part.
pub(crate) fn is_part(part: &Range<usize>, objects: usize) -> bool {
    let mut whole = 0..objects;
    if objects == 1 {
        return whole == *part;
    }
    while let Some([first, second]) = halves(&whole) {
        whole = if part.start < second.start {
            first
        } else {
            second
        };
        if whole == *part {
            return true;
        }
    }
    false
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slice, task, .. } = self;
        write!(f, "{slice:08}-{task:04}")?;
        match (self.object, self.until) {
            (None, _) => Ok(()),
            (Some(object), None) => write!(f, ".{object:02}"),
            (Some(begin), Some(end)) => write!(f, ".{begin:04}-{end:04}"),
        }
    }
}

impl FromStr for TaskId {
    type Err = ParseIntError;

    fn from_str(name: &str) -> Result<Self, ParseIntError> {
        let (slice, rest) = name.split_once('-').unwrap_or((name, ""));
        let (task, part) = rest.split_once('.').unzip();
        let (object, until) = match part.map(|part| part.split_once('-').ok_or(part)) {
            None => (None, None),
            Some(Err(object)) => (Some(object.parse()?), None),
            Some(Ok((begin, end))) => (Some(begin.parse()?), Some(end.parse()?)),
        };
        Ok(Self {
            slice: slice.parse()?,
            task: task.unwrap_or(rest).parse()?,
            object,
            until,
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
    /// What changes with its content, for an object of a generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl From<Listed> for PlannedObject {
    fn from(listed: Listed) -> Self {
        Self {
            key: listed.key,
            bytes: listed.bytes,
            tag: None,
        }
    }
}

impl PlannedObject {
    /// The object with its tag, for a generation.
    pub(crate) fn tagged(listed: Listed) -> Self {
        Self {
            tag: Some(listed.tag.clone()),
            ..Self::from(listed)
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

/// Divides objects into tasks of a job that rewrites, in their order.
pub fn divide(objects: impl IntoIterator<Item = PlannedObject>) -> Vec<Vec<PlannedObject>> {
    divide_by(objects, MAX_OBJECTS, MAX_BYTES)
}

/// Divides objects into tasks of up to so many objects and, unless it has only one, bytes.
pub(crate) fn divide_by(
    objects: impl IntoIterator<Item = PlannedObject>,
    max_objects: usize,
    max_bytes: u64,
) -> Vec<Vec<PlannedObject>> {
    let mut tasks: Vec<Vec<PlannedObject>> = Vec::new();
    let mut bytes = 0;
    for object in objects {
        let size = object.bytes;
        match tasks.last_mut() {
            Some(task) if task.len() < max_objects && bytes + size <= max_bytes => {
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
