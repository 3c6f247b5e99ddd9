//! The proof of a digest.

use jiff::Timestamp;
use rehose_extract::Options;
use rehose_extract::merge::{DigestFile, Sums};
use serde::{Deserialize, Serialize};

use super::{Claim, DigestId, DigestVersion};
use crate::job::{Digest, JobId};
use crate::ledger::Version;
use crate::ledger::tally::{FailedObject, Objects, Rejections, Rows};

/// How a version ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestOutcome {
    /// It has every record of the window that the objects had.
    Ready,
    /// It is there, but some objects failed or were lost.
    Incomplete,
    /// It is there, but more events than accepted are no records.
    Rejected,
    /// There is no digest, for a reason.
    Failed,
}

/// A file of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedFile {
    /// Its kind.
    #[serde(rename = "as")]
    pub file: DigestFile,
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Numbers of records of the objects that are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// They start in the window, and are in the digest.
    pub inside: u64,
    /// They start before or after the window.
    pub outside: u64,
    /// They name another account or region than those in the scope, or none.
    pub out_of_scope: u64,
}

/// The proof of a version: what it was made of, and that nothing of that is missing or doubled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// The digest.
    pub id: DigestId,
    /// The job that made it. The objects are in the slices of its plan.
    pub job: JobId,
    /// How it ended.
    pub state: DigestOutcome,
    /// Why there is no digest, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The listed location.
    pub source: String,
    /// The window, the scope and the rows.
    pub digest: Digest,
    /// The options of the input.
    pub options: Options,
    /// When the job was started.
    pub started: Timestamp,
    /// When the last file was in place.
    pub ended: Timestamp,
    /// The objects of the hours around the window.
    pub objects: Objects,
    /// Those left out because their keys have no time.
    pub unplaced: u64,
    /// The events in the objects that are done.
    pub events: Rows,
    /// The records among them.
    pub records: Records,
    /// The sums over the records in the window.
    pub read: Sums,
    /// The sums over the rows, which are the same.
    pub written: Sums,
    /// Rows.
    pub rows: u64,
    /// The files.
    pub files: Vec<PublishedFile>,
    /// The rejected events by kind.
    #[serde(default)]
    pub rejections: Vec<Rejections>,
    /// The first objects that failed or were lost.
    #[serde(default)]
    pub failures: Vec<FailedObject>,
}

impl Proof {
    /// What the job's report says of it.
    pub(crate) fn result(&self) -> DigestResult {
        DigestResult {
            id: self.id,
            version: self.digest.version,
            state: self.state,
            reason: self.reason.clone(),
            rows: self.rows,
            files: self.files.clone(),
        }
    }

    /// The proof of a version that has failed before its job has ended.
    pub fn failed(claim: &Claim, reason: &str, ended: Timestamp) -> Self {
        Self {
            v: Version,
            id: claim.id,
            job: claim.job.clone(),
            state: DigestOutcome::Failed,
            reason: Some(reason.to_owned()),
            source: format!("{}{}", claim.source, claim.prefix),
            digest: claim.digest.clone(),
            options: claim.options.clone(),
            started: claim.claimed,
            ended,
            objects: Objects::default(),
            unplaced: 0,
            events: Rows::default(),
            records: Records::default(),
            read: Sums::default(),
            written: Sums::default(),
            rows: 0,
            files: Vec::new(),
            rejections: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// The version that is proven.
    pub fn version(&self) -> DigestVersion {
        DigestVersion {
            id: self.id,
            version: self.digest.version,
        }
    }

    /// Whether there is a digest, complete or not.
    pub fn has_files(&self) -> bool {
        self.state != DigestOutcome::Failed
    }

    /// The file of a kind, if it was asked for.
    pub fn file(&self, file: DigestFile) -> Option<&PublishedFile> {
        self.files.iter().find(|published| published.file == file)
    }
}

/// What a job's report says of its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestResult {
    /// The digest.
    pub id: DigestId,
    /// Its version.
    pub version: u32,
    /// How it ended.
    pub state: DigestOutcome,
    /// Why there is no digest, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Rows.
    pub rows: u64,
    /// The files.
    pub files: Vec<PublishedFile>,
}

/// What a digest was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digested {
    /// Objects left out because their keys have no time.
    pub unplaced: u64,
    /// Records of other accounts or regions.
    pub out_of_scope: u64,
    /// Parts.
    pub parts: u64,
    /// The sums over the records in the window.
    pub read: Sums,
    /// The sums over the rows of the parts, which are the same.
    pub written: Sums,
    /// The digest, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<DigestResult>,
}
