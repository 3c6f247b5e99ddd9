//! The keys in an output.

use std::hash::{DefaultHasher, Hasher};

use rehose_catalog::KeyTime;
use rehose_extract::{FileKind, FormatName};

use super::digest::DIGESTS;
use super::generation::{GENERATIONS, MERGE_BINDING, MERGED, UNPUBLISHED};
use super::receipt::ObjectReceipt;
use crate::error::{Error, Result};
use crate::job::JobId;
use crate::task::TaskId;

/// The name of a job's definition in its ledger.
pub(crate) const DEFINITION: &str = "job.json";

/// The name of the progress of `check`.
pub(crate) const PROGRESS: &str = "progress.json";

/// The name of the report.
pub const REPORT: &str = "report.json";

/// The name of what an output is bound to, in its root. No other folder has it.
pub const BINDING: &str = "rehose.json";

/// The folders of an output with rows, one for each kind of file.
pub const ROWS: [&str; 2] = ["csv/", "parquet/"];

/// The name of an output. The keys of its files derive from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputId {
    /// The source key, after the folder of a day if its own folders have none.
    name: String,
    kind: FileKind,
}

impl OutputId {
    /// The output of one source object, named by its key. Suffixes are only appended to it, and a folder
    /// that the key decides is put before it, so two keys never share an output.
    ///
    /// Of a log whose keys have the day only in the name, such as
    /// `E2ABCD.2026-01-05-10.0a1b2c3d.gz` of CloudFront, the folder is that day: `day=2026-01-05/`. A name
    /// without a day has no folder.
    pub fn of_object(source_key: &str, format: FormatName, kind: FileKind) -> Self {
        let time = match format.key_folders() {
            Some(_) => None,
            None => KeyTime::of_name(source_key),
        };
        let name = match time {
            Some(KeyTime { day, .. }) => format!("day={day}/{source_key}"),
            None => source_key.to_owned(),
        };
        Self { name, kind }
    }

    /// The key of the rows.
    pub fn rows_key(&self) -> String {
        match self.kind {
            FileKind::Csv => format!("csv/{}.csv.gz", self.name),
            FileKind::Parquet => format!("parquet/{}.parquet", self.name),
        }
    }

    /// The key of the rejected events.
    pub fn rejected_key(&self) -> String {
        format!("rejected/{}.jsonl.gz", self.name)
    }
}

/// The folders and files at the root of an output. Rehose writes them, and Athena writes `athena/`.
pub const WRITTEN: [&str; 11] = [
    ROWS[0],
    ROWS[1],
    "rejected/",
    "jobs/",
    BINDING,
    "athena/",
    MERGED,
    GENERATIONS,
    UNPUBLISHED,
    MERGE_BINDING,
    DIGESTS,
];

/// The key of a task's file before it is published, or of a part, without what it ends with.
///
/// An object may be gone when a task is done again. So the key depends on what became of the objects:
/// nothing replaces a file by one with other rows than its receipt says.
pub(crate) fn unpublished_name(
    job: &JobId,
    task: TaskId,
    objects: &[ObjectReceipt],
) -> Result<String> {
    let outcomes = serde_json::to_vec(objects).map_err(|error| Error::Internal {
        what: format!("naming the file of {job} {task}"),
        reason: error.to_string(),
    })?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&outcomes);
    let hash = hasher.finish();
    Ok(format!("{UNPUBLISHED}{job}/{task}-{hash:016x}"))
}

/// The name of a task's receipt.
pub fn receipt_name(task: TaskId) -> String {
    format!("receipts/{task}.json")
}

/// The task of a receipt with this name.
pub(crate) fn task_of_receipt(name: &str) -> Option<TaskId> {
    let task = name.strip_prefix("receipts/")?.strip_suffix(".json")?;
    task.parse().ok()
}

/// The name of what is decided about a slice of a digest.
pub(crate) fn decided_name(slice: u32) -> String {
    format!("decided/{slice:08}.json")
}

/// The name of a slice of the manifest.
pub fn slice_name(slice: u32) -> String {
    format!("manifest/{slice:08}.json")
}
