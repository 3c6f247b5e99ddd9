//! A receipt: the outcome of a task.

use rehose_extract::Summary;
use rehose_extract::merge::Sums;
use serde::{Deserialize, Serialize};

use super::Version;
use crate::promise::Promise;
use crate::task::PlannedObject;

/// The outcomes of a task's objects, in the task's order. It has no times and no request ids, so two
/// correct runs write the same receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// The objects.
    pub objects: Vec<ObjectReceipt>,
    /// The files that the task wrote.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
}

impl Receipt {
    /// What contradicts the plan or itself, if anything does.
    pub(crate) fn contradiction(&self, planned: &[PlannedObject]) -> Option<String> {
        let planned = planned.iter().map(|object| &object.key);
        if !self.objects.iter().map(|object| &object.key).eq(planned) {
            let promise = Promise::PlannedOnly;
            return Some(format!(
                "it lists other objects than its task has ({promise})"
            ));
        }
        if !self
            .objects
            .iter()
            .all(|object| object.outcome.is_balanced())
        {
            let promise = Promise::Exact;
            return Some(format!(
                "events are not written + rejected + control + filtered ({promise})"
            ));
        }
        let inputs = self.artifacts.iter().flat_map(|artifact| &artifact.inputs);
        let beyond = inputs
            .max()
            .filter(|last| **last as usize >= self.objects.len())?;
        let objects = self.objects.len();
        Some(format!(
            "an artifact has the input {beyond}, but the receipt lists {objects} objects"
        ))
    }
}

impl Receipt {
    /// The sums over the objects' records that were merged, and over the rows of the file.
    pub fn sums(&self) -> (Sums, Sums) {
        let (mut read, mut written) = (Sums::default(), Sums::default());
        for sums in self
            .objects
            .iter()
            .filter_map(|object| object.sums.as_ref())
        {
            read.add(sums);
        }
        for sums in self.artifacts.iter().filter_map(|file| file.sums.as_ref()) {
            written.add(sums);
        }
        (read, written)
    }

    /// Which sum over the objects is not that over the file, if any is.
    pub(crate) fn difference(&self) -> Option<String> {
        let (read, written) = self.sums();
        let (name, sum) = read.iter().find(|(name, sum)| written.get(name) != *sum)?;
        let (of_file, promise) = (written.get(name), Promise::Exact);
        Some(format!(
            "{name} of its objects add up to {sum}, and those of its file to {of_file} ({promise})"
        ))
    }
}

/// A file that a task wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The file's key in the output.
    pub key: String,
    /// The file's size in bytes.
    pub bytes: u64,
    /// Rows in it, or rejected events.
    pub rows: u64,
    /// The objects that it was made from, as indexes in [`Receipt::objects`].
    pub inputs: Vec<u32>,
    /// The sums over the rows of a file that was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sums: Option<Sums>,
}

/// The outcome of an object, with its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectReceipt {
    /// The object's key in the source.
    pub key: String,
    /// The sums over its records that were merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sums: Option<Sums>,
    /// Its records that are in the window of a digest, but not of its accounts and regions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub out_of_scope: u64,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How an object ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Its output is complete.
    Done(Summary),
    /// It has no output, and a retry would fail in the same way.
    Failed(Failure),
}

impl Outcome {
    /// Whether `events = written + rejected + control + filtered`.
    pub fn is_balanced(&self) -> bool {
        match self {
            Self::Done(s) => s.events == s.written + s.rejected + s.control + s.filtered,
            Self::Failed(_) => true,
        }
    }
}

/// The reason why an object failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A short stable name.
    pub reason: String,
    /// The failure in words, with the place in the object.
    pub detail: String,
}

impl Failure {
    /// The failure of an object without a receipt.
    pub fn lost() -> Self {
        Self {
            reason: "lost".to_owned(),
            detail: "no message about it came back; the object may be more than a function can \
                     take, or its messages were deleted"
                .to_owned(),
        }
    }
}
